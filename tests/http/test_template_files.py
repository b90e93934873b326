"""Template files: looked through, added, changed and deleted by one's own token, downloaded."""

import uuid
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import bitrix, commands, syncing
from bizproc_admin.actions import AddTemplate, Verdict
from bizproc_admin.actions.base import Seen, SeenTemplate
from bizproc_admin.diagrams.template_files import decode
from bizproc_admin.models import (
    AuditEntry,
    Command,
    CommandFile,
    CommandState,
    LinkedPerson,
    Person,
    TemplateFile,
    WorkflowTemplate,
)
from bizproc_admin.models.template_versions import structure_of
from sandbox import bpt

pytestmark = pytest.mark.portable

ADD, UPDATE, DELETE = (f"bizproc.workflow.template.{verb}" for verb in ("add", "update", "delete"))
DEAL = ["crm", "CCrmDocumentDeal", "DEAL"]


def activity(kind, *children, title="", **properties):
    return {
        "Type": kind,
        "Name": f"A{abs(hash((kind, title))) % 9999}_1_2_3",
        "Activated": "Y",
        "Properties": {"Title": title or kind, **properties},
        "Children": list(children),
    }


def template_file(*steps, **parts):
    root = {**activity("SequentialWorkflowActivity", *steps, title="Root"), "Name": "Template"}
    return bpt.write({"VERSION": 2, "TEMPLATE": [root], **parts})


def approval(title="Approve", users=("user_2",)):
    return activity(
        "ApproveActivity", title=title, Users=list(users), Name=title, ApproveType="any"
    )


HARMLESS = template_file(
    approval(),
    PARAMETERS={"Amount": {"Name": "Сумма", "Type": "double", "Required": "1"}},
    VARIABLES=[],
    CONSTANTS=[],
    DOCUMENT_FIELDS={"TITLE": {"Name": "Название", "Type": "string"}},
)
DANGEROUS = template_file(
    activity("CodeActivity", title="Compute", ExecuteCode="echo 1;"),
    activity("WebHookActivity", title="Tell", Handler="https://evil.example/hook?key=s3cret"),
)


@pytest.fixture
def hands(administrator, door, workflow, gives_token):
    """The administrator has signed in through the portal once."""
    person = Person.objects.get(portal=door, remote_id=1)
    LinkedPerson.objects.create(user=administrator, portal=door, person=person)
    gives_token(person)
    return person


@pytest.fixture
def client(as_, administrator, hands):
    return as_(administrator)


def upload(client, committing, content=HARMLESS, name="Договор.bpt", **data):
    given = {"file": SimpleUploadedFile(name, content), **data}
    with committing():
        return client.post(reverse("template_upload"), given)


def sending(client, committing, file, **changes):
    values = {
        "key": str(uuid.uuid4()),
        "name": "Согласование",
        "description": "",
        "auto_execute": "0",
        "document_type": "0",
        "reason": "Ordered by legal",
        **changes,
    }
    with committing():
        return client.post(reverse("template_file_sending", args=[file.pk]), values)


def added(client, committing, content=HARMLESS, **changes):
    upload(client, committing, content)
    return sending(client, committing, TemplateFile.objects.latest("pk"), **changes)


def text(answer):
    return " ".join(answer.content.decode().split())


def later(command, seconds):
    span = timedelta(seconds=seconds)
    command.refresh_from_db()
    Command.objects.open().filter(pk=command.pk).update(
        sent_at=command.sent_at - span, next_check_at=timezone.now() - timedelta(seconds=1)
    )


def mirrored(command):
    return WorkflowTemplate.objects.get(remote_id=int(command.result))


# --- looking a file through ---------------------------------------------------------------------


def test_a_file_is_read_by_a_worker_and_shown_before_anything_is_sent(client, committing, sandbox):
    answer = client.post(
        reverse("template_upload"), {"file": SimpleUploadedFile("Договор.bpt", HARMLESS)}
    )
    file = TemplateFile.objects.get()
    assert file.state == TemplateFile.State.WAITING
    assert "is being read" in text(client.get(answer.url))
    syncing.read_file(file.pk)
    page = text(client.get(answer.url))
    for said in ("Approve", "Сумма", "Название", "Created where they are missing"):
        assert said in page
    assert "runs PHP code" not in page
    assert sandbox.ledger() == []


def test_what_cannot_be_read_says_why_and_where(client, committing):
    objects = zlib.compress(b'a:1:{s:8:"TEMPLATE";a:1:{i:0;O:8:"stdClass":0:{}}}')
    for content, said in (
        (b"no template", "This is no template file"),
        (HARMLESS[:-9], "cut off"),
        (HARMLESS + b"x", "behind the template"),
        (objects, "holds an object of a program"),
        (bpt.write({"VERSION": 2}), "holds no template"),
    ):
        answer = upload(client, committing, content)
        page = text(client.get(answer.url))
        assert said in page, said
        assert "Add it to the portal" not in page
    refused = TemplateFile.objects.latest("pk")
    assert sending(client, committing, refused).status_code == 409
    assert Command.objects.count() == 0


def test_a_file_whose_reader_died_is_not_tried_for_ever(client, committing, monkeypatch):
    client.post(reverse("template_upload"), {"file": SimpleUploadedFile("a.bpt", HARMLESS)})
    file = TemplateFile.objects.get()
    TemplateFile.objects.filter(pk=file.pk).update(tries=3)
    started = []
    syncing.start_due_files(start=lambda job, pk, **_: started.append((job, pk)))
    assert started == [("read_template_file", file.pk)]
    syncing.read_file(file.pk)
    file.refresh_from_db()
    assert (file.state, file.code) == (TemplateFile.State.REFUSED, "gave_up")


def test_what_is_dangerous_is_said_and_confirmed_by_the_name(client, committing, sandbox):
    answer = upload(client, committing, DANGEROUS)
    page = text(client.get(answer.url))
    assert "runs PHP code" in page
    assert "calls foreign addresses" in page
    assert "evil.example" in page
    assert "s3cret" not in page
    file = TemplateFile.objects.get()
    assert sending(client, committing, file).status_code == 422
    assert sending(client, committing, file, confirmation="Согласов").status_code == 422
    assert Command.objects.count() == 0
    done = sending(client, committing, file, confirmation="Согласование")
    assert done.status_code == 302
    assert Command.objects.get().state == CommandState.CONFIRMED


def test_one_that_starts_by_itself_is_confirmed_too(client, committing):
    upload(client, committing)
    file = TemplateFile.objects.get()
    assert sending(client, committing, file, auto_execute="1").status_code == 422
    done = sending(client, committing, file, auto_execute="1", confirmation="Согласование")
    assert done.status_code == 302


# --- adding -------------------------------------------------------------------------------------


def test_a_template_is_added_and_confirmed_by_reading_it(client, committing, sandbox, portal):
    answer = added(client, committing)
    command = Command.objects.get()
    assert answer.url == reverse("command_detail", args=[command.pk])
    assert command.state == CommandState.CONFIRMED
    (entry,) = sandbox.ledger()
    assert (entry["method"], str(entry["result"])) == (ADD, command.result)
    template = mirrored(command)
    assert template.name == "Согласование"
    portal.refresh_from_db()
    assert template.application == portal.application_number
    assert structure_of(template).template == decode(HARMLESS).structure
    assert not CommandFile.objects.exists()
    assert "Add the template Согласование" in text(client.get(reverse("command_list")))


def test_without_a_token_of_one_s_own_it_is_said_who_could(as_, administrator, committing, door):
    client = as_(administrator)
    answer = upload(client, committing)
    assert "sign in with Bitrix24" in text(client.get(answer.url))
    WorkflowTemplate.objects.create(
        portal=door, remote_id=77, name="Any", module=DEAL[0], entity=DEAL[1],
        document_type=DEAL[2], is_hidden=False,
    )  # fmt: skip
    refused = sending(client, committing, TemplateFile.objects.get())
    assert refused.status_code == 409
    assert "sign in with Bitrix24 as a portal administrator" in text(refused)
    assert Command.objects.count() == 0


@pytest.mark.parametrize("fault", ["timeout_after_apply", "html_page"])
def test_a_lost_addition_is_settled_by_name_and_structure(client, committing, sandbox, fault):
    more = {"applied": True} if fault == "html_page" else {}
    sandbox.fail_next(fault, method=ADD, **more)
    added(client, committing)
    command = Command.objects.get()
    assert command.state == CommandState.CONFIRMED
    assert command.result == str(sandbox.ledger()[0]["result"])
    assert len(sandbox.calls(ADD)) == 1


def test_an_addition_that_never_arrived_is_sent_again_once_at_most(
    client, committing, sandbox, settings
):
    sandbox.fail_next("timeout_before_apply", method=ADD, times=9)
    added(client, committing)
    command = Command.objects.get()
    for _ in range(4):
        later(command, settings.SETTLE_TIME + 1)
        with committing():
            commands.settle(command.pk)
    command.refresh_from_db()
    assert command.state == CommandState.NOT_APPLIED
    assert len(sandbox.calls(ADD)) == 2


def test_two_that_may_be_it_are_for_a_person(client, committing, sandbox, settings):
    sandbox.fail_next("timeout_before_apply", method=ADD)
    added(client, committing)
    command = Command.objects.get()
    assert command.state == CommandState.UNKNOWN
    app = sandbox.tokens_for(1)
    assert app
    for _ in range(2):
        number = sandbox.add_template("Согласование", structure=decode(HARMLESS).structure)
        sandbox.change_template(number, system_code="rest_app_1")
    with committing():
        commands.settle(command.pk)
    command.refresh_from_db()
    assert command.state == CommandState.NEEDS_HUMAN
    assert len(command.evidence["candidates"]) == 2


def test_a_first_send_applied_later_than_anybody_waits_is_not_hidden_by_the_second(portal):
    """The second was answered, and the first is there as well: one is too many."""
    structure = decode(HARMLESS).structure
    seen = [
        SeenTemplate(
            row=bitrix.TemplateRow.from_api(
                {
                    "ID": str(number), "NAME": "Согласование", "AUTO_EXECUTE": "0",
                    "SYSTEM_CODE": "rest_app_1", "DOCUMENT_TYPE": DEAL,
                    "MODIFIED": "2026-03-02T09:00:00+00:00",
                }
            ),
            structure=bitrix.StructureRow.from_api({"ID": str(number), "TEMPLATE": structure}),
        )
        for number in (7, 8)
    ]  # fmt: skip
    now = timezone.now()
    action = AddTemplate(
        to_portal=portal, document_type=tuple(DEAL), name_of="Согласование", description="",
        auto_execute=0, digest=decode(HARMLESS).digest(), file="", reason="", sent_at=now,
        sends=2, result="8", hands=1,
    )  # fmt: skip
    for templates, verdict in ((seen, Verdict.UNCLEAR), (seen[1:], Verdict.DONE)):
        judged = action.judge(Seen(asked_at=now, templates=tuple(templates)))
        assert judged.verdict is verdict


def test_a_file_that_the_portal_refuses_says_so(client, committing, sandbox):
    sandbox.fail_next("ACCESS_DENIED", method=ADD)
    added(client, committing)
    command = Command.objects.get()
    assert command.state == CommandState.REJECTED
    assert sandbox.ledger() == []


# --- changing -----------------------------------------------------------------------------------


@pytest.fixture
def own(client, committing, sandbox, sync):
    """A template that this console has added."""
    added(client, committing)
    template = mirrored(Command.objects.get())
    sandbox.clear_calls()
    return template


OTHER = template_file(approval("Approve anew", users=("user_1",)))


def test_a_template_is_changed_by_a_file_and_settled_by_reading_it(
    client, committing, sandbox, own
):
    upload(client, committing, OTHER, template=own.pk)
    sending(client, committing, TemplateFile.objects.latest("pk"), name="Согласование 2")
    command = Command.objects.latest("pk")
    assert command.state == CommandState.CONFIRMED
    own.refresh_from_db()
    assert own.name == "Согласование 2"
    assert structure_of(own).template == decode(OTHER).structure
    assert [entry["method"] for entry in sandbox.ledger()][-1] == UPDATE


def test_what_a_file_would_change_is_said_before_it_is_sent(client, committing, own):
    upload(client, committing, OTHER, template=own.pk)
    file = TemplateFile.objects.latest("pk")
    page = client.get(reverse("template_file_detail", args=[file.pk]))
    assert [(one.title, str(one.look.icon)) for one in page.context["changes"]] == [
        ("Approve anew", "plus"),
        ("Approve", "trash-2"),
        ("Сумма", "trash-2"),
    ]
    upload(client, committing, template=own.pk)
    file = TemplateFile.objects.latest("pk")
    page = client.get(reverse("template_file_detail", args=[file.pk])).content.decode()
    assert "Steps, parameters, variables and constants are the same." in page


def test_a_lost_change_is_found_or_sent_again(client, committing, sandbox, own, settings):
    sandbox.fail_next("timeout_before_apply", method=UPDATE)
    upload(client, committing, OTHER, template=own.pk)
    sending(client, committing, TemplateFile.objects.latest("pk"))
    command = Command.objects.latest("pk")
    assert command.state == CommandState.UNKNOWN
    later(command, settings.SETTLE_TIME + 1)
    with committing():
        commands.settle(command.pk)
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert len(sandbox.calls(UPDATE)) == 2


def test_one_that_somebody_else_changed_meanwhile_is_left_alone(client, committing, sandbox, own):
    upload(client, committing, OTHER, template=own.pk)
    sandbox.advance(60)
    sandbox.change_template(own.remote_id, name="By hand")
    sending(client, committing, TemplateFile.objects.latest("pk"))
    command = Command.objects.latest("pk")
    assert (command.state, command.error_code) == (CommandState.CANCELLED, "template_changed")
    assert sandbox.calls(UPDATE) == []


def test_one_of_another_application_is_said_to_be_foreign(client, committing, own, workflow):
    foreign = workflow.template
    answer = upload(client, committing, OTHER, template=foreign.pk)
    assert "made in the portal itself" in text(client.get(answer.url))
    WorkflowTemplate.objects.filter(pk=own.pk).update(system_code="rest_app_4711")
    answer = upload(client, committing, OTHER, template=own.pk)
    assert "stays foreign for ever" in text(client.get(answer.url))


def test_an_earlier_version_is_brought_back_like_a_file(client, committing, sandbox, own, sync):
    upload(client, committing, OTHER, template=own.pk)
    sending(client, committing, TemplateFile.objects.latest("pk"))
    first = own.versions.order_by("pk").first()
    page = text(
        client.get(reverse("workflow_template_versions", args=[own.pk]) + f"?version={first.pk}")
    )
    assert "Back to this version" in page
    with committing():
        answer = client.post(
            reverse("workflow_template_return", args=[own.pk]), {"version": first.pk}
        )
    assert "Approve" in text(client.get(answer.url))
    sending(client, committing, TemplateFile.objects.latest("pk"))
    assert Command.objects.latest("pk").state == CommandState.CONFIRMED
    sync()
    own.refresh_from_db()
    assert structure_of(own).template == decode(HARMLESS).structure
    taken = client.post(reverse("workflow_template_download", args=[own.pk]), {"version": first.pk})
    assert decode(taken.content).structure == decode(HARMLESS).structure


# --- deleting, downloading ----------------------------------------------------------------------


def test_a_template_is_deleted(client, committing, sandbox, own):
    url = reverse("workflow_template_deletion", args=[own.pk])
    assert client.get(url).status_code == 200
    assert client.post(url, {"key": str(uuid.uuid4()), "reason": ""}).status_code == 422
    with committing():
        client.post(url, {"key": str(uuid.uuid4()), "reason": "Replaced"})
    command = Command.objects.latest("pk")
    assert command.state == CommandState.CONFIRMED
    own.refresh_from_db()
    assert own.gone_at is not None
    assert [entry["method"] for entry in sandbox.ledger()][-1] == DELETE


def test_what_depends_on_a_template_is_said_before_it_is_deleted(
    client, committing, sandbox, own, sync
):
    starts = activity("StartWorkflowActivity", title="Ask legal", TemplateId=str(own.remote_id))
    sandbox.add_template("Sales contract", structure=decode(template_file(starts)).structure)
    sync()
    page = text(client.get(reverse("workflow_template_deletion", args=[own.pk])))
    assert "Other templates start it" in page
    assert "Sales contract" in page


def test_what_still_runs_keeps_its_template(client, committing, sandbox, own):
    sandbox.start_workflow(template_id=own.remote_id, document_id=[*DEAL[:2], "DEAL_1"])
    url = reverse("workflow_template_deletion", args=[own.pk])
    with committing():
        client.post(url, {"key": str(uuid.uuid4()), "reason": "Replaced"})
    command = Command.objects.latest("pk")
    assert command.state == CommandState.REJECTED
    assert "active business process" in text(
        client.get(reverse("command_detail", args=[command.pk]))
    )
    own.refresh_from_db()
    assert own.gone_at is None


def test_a_template_is_downloaded_and_the_history_tells_by_whom(client, own, as_, auditor, manager):
    url = reverse("workflow_template_download", args=[own.pk])
    answer = client.post(url)
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert decode(answer.content).structure == decode(HARMLESS).structure
    taken = AuditEntry.objects.filter(action="workflow_template.taken")
    assert taken.count() == 1
    assert as_(auditor).post(url).status_code == 200
    assert as_(manager).post(url).status_code == 403
    assert taken.count() == 2


def test_the_vendor_s_own_file_goes_to_the_portal_and_comes_back(client, committing, sandbox):
    sample = Path(__file__).parents[1] / "samples" / "bp-379.bpt"
    added(client, committing, sample.read_bytes())
    command = Command.objects.get()
    assert command.state == CommandState.CONFIRMED
    url = reverse("workflow_template_download", args=[mirrored(command).pk])
    back = decode(client.post(url).content)
    assert back.structure == decode(sample.read_bytes()).structure


def test_uploads_are_their_own_account_s_and_forgotten(
    client, committing, as_, other_administrator
):
    answer = upload(client, committing)
    assert as_(other_administrator).get(answer.url).status_code == 404
    TemplateFile.objects.update(uploaded_at=timezone.now() - timedelta(hours=25))
    TemplateFile.objects.outdated().delete()
    assert client.get(answer.url).status_code == 404
    for _ in range(22):
        upload(client, committing)
    assert TemplateFile.objects.count() == 20
