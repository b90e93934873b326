"""What commands do and why they ended as they did, in words made from what is kept with them."""

import ast
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from bizproc_admin import bitrix
from bizproc_admin.actions import ACTIONS, CompleteTask, DelegateTask, TerminateWorkflow
from bizproc_admin.commands.waiting import error_of
from bizproc_admin.models import (
    Account,
    Command,
    Document,
    Person,
    Portal,
    Workflow,
    WorkflowTask,
    WorkflowTemplate,
)
from bizproc_admin.models.commands import receivers
from bizproc_admin.wording import acts
from bizproc_admin.wording.command_errors import SENTENCES, command_error, said

PACKAGE = Path(__file__).resolve().parents[2] / "bizproc_admin"
BORIS = {"number": 14, "name": "Boris Titov"}
UNNAMED = {"number": 15, "name": ""}


def codes() -> Iterator[str]:
    """Give every code that commands and actions write down by themselves."""
    for path in [*PACKAGE.glob("actions/*.py"), *PACKAGE.glob("commands/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
                texts += [
                    one.value.value
                    for one in node.keywords
                    if one.arg == "code" and isinstance(one.value, ast.Constant)
                ]
                name = ast.unparse(node.func)
                if name in ("NotPossible", "cancel", "failing", "Observation"):
                    yield from (str(text) for text in texts if text)
            elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                yield from (
                    one.value
                    for one in node.value.elts
                    if isinstance(one, ast.Constant) and one.value and isinstance(one.value, str)
                )


@pytest.mark.parametrize("code", sorted(set(codes())))
def test_every_code_that_is_written_down_has_a_sentence(code: str) -> None:
    assert code in SENTENCES


def test_the_search_for_codes_finds_them() -> None:
    assert {"already_ended", "delegated_away", "worker_lost", "no_such_answer"} <= set(codes())


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_sentence_names_nothing_that_its_values_lack(code: str) -> None:
    text = said(code, {"who": [BORIS], "answer": 1, "by": "Anna"})
    assert text.endswith(".")
    assert not re.search(r"%|\(\w+\)", text)


@pytest.mark.parametrize(
    ("code", "values", "state", "text"),
    [
        ("already_answered", {"who": [BORIS], "answer": 2}, "",
         "Already answered by Boris Titov: rejected."),
        ("already_answered", {"who": [BORIS, UNNAMED], "outcome": 1}, "",
         "Already answered by Boris Titov, Person 15: approved."),
        ("already_answered", {"who": [], "outcome": 4}, "", "Already settled: timed out."),
        ("already_answered", {"who": [BORIS], "outcome": 77}, "",
         "Already answered by Boris Titov: 77."),
        ("taken_back", {"by": "Anna"}, "cancelled", "Taken back by Anna. Nothing was sent."),
        ("portal_unreachable", {}, "cancelled",
         "The portal could not be asked for too long. Nothing was sent."),
        ("portal_unreachable", {}, "not_applied",
         "The portal could not be asked for too long. It was not sent again."),
        ("timed_out", {}, "not_applied", "The time for an answer had run out."),
        ("of a later version", {}, "rejected", ""),
        ("", {}, "intent", ""),
    ],
)  # fmt: skip
def test_a_code_is_said_with_its_values(
    code: str, values: dict[str, Any], state: str, text: str
) -> None:
    assert said(code, values, state=state) == text


def test_an_error_of_the_portal_is_said_in_its_own_words_and_ours() -> None:
    code, values = error_of(bitrix.Refused("ERROR_X", "Укажите причину.", status=400))
    assert code == "ERROR_X"
    assert said(code, values, state="rejected") == "The portal refused: Укажите причину"


def test_a_failed_look_says_that_nothing_was_sent_and_a_failed_send_does_not() -> None:
    code, values = error_of(bitrix.NoAnswer("silence"))
    assert "nothing was changed there" in said(code, values, state="intent")
    assert "not known yet" in said(code, values, state="unknown")


def test_what_still_holds_of_an_error_is_said_of_a_command_that_was_given_up() -> None:
    reason = error_of(bitrix.AccessDenied("ACCESS_DENIED", "No", status=403))[1]
    text = said("portal_unreachable", {"reason": reason}, state="cancelled")
    assert text.startswith("The portal could not be asked for too long. The portal does not allow")
    assert text.endswith("Nothing was sent.")


def test_what_an_earlier_version_wrote_is_shown_as_it_was_written() -> None:
    old = Command(state="cancelled", error_code="already_answered", error_text="It was so.")
    assert command_error(old) == "It was so."
    assert command_error(Command(state="intent", error_code="PaceExceeded")) == ""


def test_every_action_says_what_it_does() -> None:
    assert set(acts.ACTS) == set(ACTIONS)


@pytest.fixture
def task(portal: Portal) -> WorkflowTask:
    now = timezone.now()
    document = Document.objects.create(
        portal=portal, module="crm", entity="CCrmDocumentDeal", document_id="DEAL_7", kind="deal"
    )
    workflow = Workflow.objects.create(
        portal=portal, remote_id="w1", started_at=now, modified_at=now, observed_at=now,
        template=WorkflowTemplate.objects.create(portal=portal, remote_id=41), document=document,
    )  # fmt: skip
    return WorkflowTask.objects.create(
        portal=portal, remote_id=5, workflow=workflow, modified_at=now, observed_at=now,
        name="Vacation", activity="ApproveActivity", parameters={"StatusYesLabel": "Согласен"},
    )  # fmt: skip


def command_of(action: Any, actor: Account, **fields: Any) -> Command:
    target = action.target()
    labels = {**action.labels(), "target": target.labels}
    return Command(
        **{
            "key": uuid.uuid4(), "portal": action.portal, "action": action.name,
            "target_id": target.id, "target_label": target.label, "workflow": target.workflow,
            "task": target.task, "inputs": action.inputs(), "labels": labels, "actor": actor,
            "on_behalf_of": action.on_behalf_of, **fields,
        }
    )  # fmt: skip


def person(portal: Portal, number: int, name: str) -> Person:
    return Person.objects.create(portal=portal, remote_id=number, name=name)


@pytest.mark.django_db
def test_what_an_answer_said_does_not_change_with_the_task(
    task: WorkflowTask, administrator: Account, portal: Portal
) -> None:
    action = CompleteTask(task=task, person=person(portal, 2, "Olga"), answer=1, reason="")
    command = command_of(action, administrator)
    task.parameters, task.name = {"StatusYesLabel": "Something else"}, "Renamed"
    assert acts.alone(command) == "“Согласен”"
    assert acts.event(command) == "Answer “Согласен” to “Vacation”"
    assert acts.whole(command) == "Answer “Согласен”: Vacation · Deal 7, name not known"


@pytest.mark.django_db
def test_an_answer_without_a_caption_keeps_none_of_our_words(
    task: WorkflowTask, administrator: Account, portal: Portal
) -> None:
    action = CompleteTask(task=task, person=person(portal, 2, "Olga"), answer=2, reason="")
    command = command_of(action, administrator)
    assert command.labels["caption"] == ""
    assert acts.alone(command) == "“Reject”"


@pytest.mark.django_db
def test_a_delegation_names_both_people_as_they_were(
    task: WorkflowTask, administrator: Account, portal: Portal
) -> None:
    boris, nameless = person(portal, 14, "Boris Titov"), person(portal, 15, "")
    action = DelegateTask(task=task, from_person=nameless, to_person=boris, reason="")
    command = command_of(action, administrator)
    boris.name = "Boris Renamed"
    assert command.on_behalf_of == ""
    assert acts.event(command) == "Delegation of “Vacation” from Person 15 to Boris Titov"
    assert acts.facts(command) == [("To whom", "Boris Titov")]


@pytest.mark.django_db
def test_a_target_without_names_is_kept_by_its_numbers(
    task: WorkflowTask, administrator: Account
) -> None:
    command = command_of(TerminateWorkflow(workflow=task.workflow, reason="x"), administrator)
    assert command.target_label == "7"
    assert acts.target(command) == "Hidden automation template 41 · Deal 7, name not known"


@pytest.mark.django_db
def test_a_command_of_an_earlier_version_is_said_from_the_mirror(
    task: WorkflowTask, administrator: Account, portal: Portal
) -> None:
    olga, boris = person(portal, 2, "Olga"), person(portal, 14, "Boris Titov")
    answer = command_of(
        CompleteTask(task=task, person=olga, answer=1, reason=""), administrator,
        labels=None, target_label="Vacation · Deal 7",
    )  # fmt: skip
    assert acts.whole(answer) == "Answer “Согласен”: Vacation · Deal 7"
    given = command_of(
        DelegateTask(task=task, from_person=olga, to_person=boris, reason=""), administrator,
        labels=None, target_label="Vacation · Deal 7",
    )  # fmt: skip
    names = receivers([given])
    assert acts.event(given, names) == "Delegation of “Vacation” from Olga to Boris Titov"
    assert acts.whole(given, names) == "Delegate to Boris Titov: Vacation · Deal 7"
