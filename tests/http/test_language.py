"""Nothing translated is stored: that the tests would notice it."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, ngettext

from bizproc_admin.models import Feed, Workflow
from tests import language

LAZY = gettext_lazy("Deal")


def test_what_is_translated_within_a_request_or_a_job_is_found_where_it_is_stored(workflow):
    with language.spoken():
        said = gettext("%(kind)s %(number)s, name not known") % {"kind": LAZY, "number": 777}
        counted = ngettext("%(count)d h", "%(count)d h", 2) % {"count": 2}
        Workflow.objects.update(document_copy=said, state_text=counted.upper())
        Feed.objects.filter(name="people").update(failure_values={"text": gettext("People")})
    found = {place.partition(":")[0] for place in language.stored()}
    assert found == {
        "bizproc_admin_workflow.document_name",
        "bizproc_admin_workflow.state_text",
        "bizproc_admin_feed.failure_values",
    }
    Workflow.objects.update(document_copy="", state_text="")
    Feed.objects.update(failure_values={})


def test_a_lazy_message_is_found_as_well(workflow):
    with language.spoken():
        Workflow.objects.update(document_kind=models.Value(str(LAZY)))
    assert len(language.stored()) == 1
    Workflow.objects.update(document_kind="deal")


def test_a_test_reads_pages_and_messages_as_people_do(as_, administrator, workflow):
    answer = as_(administrator).get(reverse("workflow_list"))
    assert language.SIGN not in answer.content.decode()
    assert "Running" in answer.content.decode()
    assert language.SIGN not in gettext("Running")
    with language.spoken():
        assert gettext("Running") == "Running" + language.SIGN
