"""A workflow is started on many documents that a CSV file names; a wrong line starts nothing."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from bizproc_admin import commands
from bizproc_admin.audit import By
from bizproc_admin.forms import start_lists
from bizproc_admin.models import BulkOperation, Command, WorkflowTemplate
from tests.http.test_choosing import confirm, frozen, said

pytestmark = pytest.mark.portable

PARAMETERS = {
    "Article": {"Name": "Артикул", "Type": "string", "Required": "1"},
    "Count": {"Name": "Count", "Type": "int"},
    "Kind": {"Name": "Kind", "Type": "select", "Options": {"ser": "Serial", "one": "Single"}},
    "Shops": {
        "Name": "Shops", "Type": "select", "Multiple": "1", "Default": ["a"],
        "Options": {"a": "Assembly", "b": "Paint"},
    },
    "Urgent": {"Name": "Urgent", "Type": "bool"},
    "Due": {"Name": "Due", "Type": "date"},
    "Team": {"Name": "Team", "Type": "user", "Multiple": True},
}  # fmt: skip


@pytest.fixture
def template(workflow):
    WorkflowTemplate.objects.filter(pk=workflow.template_id).update(parameters=PARAMETERS)
    return WorkflowTemplate.objects.select_related("portal").get(pk=workflow.template_id)


def send(client, template, content, **changes):
    content = content if isinstance(content, bytes) else content.encode()
    given = {"key": uuid.uuid4(), "file": SimpleUploadedFile("list.csv", content), **changes}
    return client.post(reverse("workflow_start_many", args=[template.pk]), given)


def starts(operation):
    return [own for part in operation.parts.order_by("place") for _pk, _seen, own in part.items]


def test_each_row_is_a_start_with_its_values_and_all_are_confirmed_together(
    as_, administrator, template, task
):
    client, person = as_(administrator), task.assignments.get().person
    page = client.get(reverse("workflow_start_many", args=[template.pk]))
    assert "Артикул" in said(page)
    rows = (
        "document;Артикул;count;KIND;shops;urgent;due;team\r\n"
        f"DEAL_801;А-1;3;Single;a|Paint;yes;2026-12-24;{person.remote_id}\r\n"
        "802;А-2;;;;;;\r\n;;;;;;;\r\n"
        f"{template.portal.address}/crm/deal/details/803/;А-3;;ser\r\n"
    )
    answer = send(client, template, rows.encode("utf-8-sig"))
    operation, _keys = frozen(answer)
    assert [one["document"][2] for one in starts(operation)] == ["DEAL_801", "DEAL_802", "DEAL_803"]
    assert [one["parameters"] for one in starts(operation)] == [
        {
            "Article": "А-1", "Count": "3", "Kind": "one", "Shops": ["a", "b"], "Urgent": "Y",
            "Due": "24.12.2026", "Team": [f"user_{person.remote_id}"],
        },
        {"Article": "А-2"},
        {"Article": "А-3", "Kind": "ser"},
    ]  # fmt: skip
    text = said(client.get(reverse("operation_confirmation", args=[operation.pk])))
    assert "Start 3 workflows" in text
    assert f"{template} 3" in text
    assert "DEAL_803" in text
    assert confirm(client, operation).status_code == 302
    commands.prepare(operation.pk, worker="test")
    made = Command.objects.order_by("pk")
    assert [one.inputs["document"][2] for one in made] == ["DEAL_801", "DEAL_802", "DEAL_803"]
    assert [one.inputs["parameters"] for one in made] == [
        one["parameters"] for one in starts(operation)
    ]
    # what came to nothing is asked for anew, with the same values
    made.filter(pk=made[1].pk).update(state="rejected", error_code="template_gone")
    anew = commands.retry(operation, by=By(account=administrator), key=uuid.uuid4())
    assert [one["document"][2] for one in starts(anew)] == ["DEAL_802"]
    text = said(client.get(reverse("operation_confirmation", args=[anew.pk])))
    assert "Start 1 workflow" in text
    # what a spreadsheet of Windows writes is read, too
    windows = "документ\tАртикул\n804\tГайка\n".encode("cp1251")
    other, _keys = frozen(send(client, template, windows))
    assert starts(other)[0]["parameters"] == {"Article": "Гайка"}


def test_wrong_lines_are_told_by_their_numbers_and_nothing_is_frozen(
    as_, administrator, template, workflow
):
    client = as_(administrator)
    rows = (
        "document,Article,Count,Due,Team\n"
        "810,A,1,2026-12-24,\n"
        "LEAD_811,A,,,\n"
        "810,A,,,\n"
        "812,,,,\n"
        "813,A,many,,\n"
        "814,A,,24th,\n"
        "815,A,,,Nobody Such\n"
        "some name,A,,,\n"
        "777,A,,,\n"
        "816,A,,,,more\n"
    )
    answer = send(client, template, rows)
    assert answer.status_code == 422
    wrong = dict(answer.context["form"].wrong)
    assert sorted(wrong) == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    for line, text in {
        3: "another kind of document", 4: "stands in line 2", 5: "required", 6: "whole number",
        7: "valid date", 8: "Nobody who works there", 9: "by its link", 10: "already runs",
        11: "more columns",
    }.items():  # fmt: skip
        assert text in wrong[line], (line, wrong[line])
    assert "Line 10" in said(answer)
    assert not BulkOperation.objects.exists()
    # a second one on a document is for a person to want
    operation, _keys = frozen(send(client, template, "document,Article\n777,A\n", although="on"))
    assert starts(operation)[0]["beside"] == [workflow.remote_id]


def test_a_file_that_is_none_is_refused(as_, administrator, auditor, template, monkeypatch):
    client = as_(administrator)
    for content, why in {
        b"": "empty",
        b"\x00\x01\x02": "no CSV file",
        b"document,Article": "no row below",
        b"document,Article,Colour\n1,A,red": "is no parameter",
        b"document,Count\n1,2": "no column gives it",
        b"document,Article,Article\n1,A,B": "stands here twice",
    }.items():
        answer = send(client, template, content)
        assert (answer.status_code, why in said(answer)) == (422, True), (content, said(answer))
    monkeypatch.setattr(start_lists, "MOST_ROWS", 1)
    assert "at most 1" in said(send(client, template, b"document,Article\n1,A\n2,A\n"))
    assert send(as_(auditor), template, b"").status_code == 403
    assert not BulkOperation.objects.exists()
