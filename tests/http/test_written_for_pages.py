"""Texts that the portal wrote for pages of HTML are read as texts, wherever they are shown."""

import re

import pytest
from django.urls import reverse

from bizproc_admin.bitrix.texts import line
from bizproc_admin.models import Person

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ООО &quot;Ромашка&quot; &amp; Ко", 'ООО "Ромашка" & Ко'),
        ("Первая<br>вторая <br /> третья", "Первая вторая третья"),
        ("&#039;a&#039;&nbsp;b", "'a' b"),
        ("5 < 6 <b>bold</b>", "5 < 6 <b>bold</b>"),
        ("Договор", "Договор"),
    ],
)
def test_a_name_is_read_as_it_was_meant(written, read):
    assert line(written) == read


def test_no_page_shows_entities_or_breaks_of_the_portals_names(
    as_, administrator, approver, task, portal, sandbox, sync
):
    task_id = task.remote_id
    sandbox.override_row(
        "task",
        task_id,
        fields={
            "NAME": "Согласовать &quot;договор&quot;<br>сегодня",
            "DOCUMENT_NAME": "ООО &quot;Ромашка&quot; &amp; Ко",
            "WORKFLOW_STATE": "Ждёт &quot;подписи&quot;",
        },
    )
    person = Person.objects.get(portal=portal, remote_id=1)
    sandbox.override_row("user", 1, fields={"LAST_NAME": "О&#039;Нил"})
    sync()
    task.refresh_from_db()
    person.refresh_from_db()
    assert task.name == 'Согласовать "договор" сегодня'
    assert person.last_name == "О'Нил"
    task.parameters = {
        **task.parameters,
        "StatusYesLabel": "&quot;Да&quot;",
        "CommentLabel": "Почему&nbsp;так",
    }
    task.save()
    for client, address in (
        (as_(administrator), reverse("workflow_list")),
        (as_(administrator), reverse("workflow_detail", args=[task.workflow_id])),
        (as_(administrator), reverse("workflow_task_list") + "?whose=everybody"),
        (as_(approver), reverse("workflow_task_detail", args=[task.pk])),
        (as_(administrator), reverse("person_list")),
    ):
        page = client.get(address).content.decode()
        # what is escaped twice is an entity that stands on the page
        assert not re.search(r"&amp;(quot|amp|nbsp|#0?39|lt|gt);|&lt;br", page), address
