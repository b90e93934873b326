"""Many steps of one action are answered with the same values, each by its own token."""

import uuid

import pytest
from django.urls import reverse

from bizproc_admin import commands
from bizproc_admin.forms.parameters import name_of
from bizproc_admin.models import (
    ApplicationAction,
    ApplicationStep,
    BulkOperation,
    Command,
    Portal,
    StepState,
)
from bizproc_admin.models.application_steps import token_digest
from bizproc_admin.secrets.fields import Secret
from tests.http.test_choosing import CREATION, frozen, said

pytestmark = pytest.mark.portable

ANSWER = "application_step.answer"


@pytest.fixture
def another(step):
    """Make further steps like it, each with a token of its own, as the mirror alone knows them."""

    def make(token, **fields):
        values = {
            field.attname: getattr(step, field.attname) for field in step._meta.concrete_fields[1:]
        }
        values |= {"token": Secret(token), "token_digest": token_digest(token), **fields}
        return ApplicationStep.objects.create(**values)

    return make


def choose(client, rows, **changes):
    given = {
        "key": uuid.uuid4(), "portal": Portal.objects.earliest("pk").pk,
        "list": "application_step", "verb": ANSWER,
        "rows": ".".join(str(row.pk) for row in rows), **changes,
    }  # fmt: skip
    return client.post(CREATION, given)


def test_the_same_values_answer_each_step_that_waits(
    as_, administrator, auditor, step, another, sandbox, committing
):
    client = as_(administrator)
    other, over = another("another"), another("over")
    foreign = another("foreign", code="of another action")
    passed = another("passed", state=StepState.TIMED_OUT)
    list_url = reverse("application_step_list")
    assert client.get(list_url).content.decode().count("data-choose aria-label") == 4
    assert "data-choose" not in as_(auditor).get(list_url).content.decode()
    mixed = choose(client, [step, foreign])
    assert (mixed.status_code, "of several actions" in said(mixed)) == (422, True)
    operation, keys = frozen(choose(client, [step, other, over, passed]))
    assert keys == [step.pk, other.pk, over.pk]
    ApplicationStep.objects.filter(pk=over.pk).update(state=StepState.ELSEWHERE)
    url = reverse("operation_confirmation", args=[operation.pk])
    page = client.get(url)
    text = said(page)
    assert "Answer 3 steps" in text
    assert "1 waits no more" in text
    form = page.context["form"]
    given = {
        "asked": form["asked"].value(), "reason": "Connector down", "message": "By hand",
        name_of("result"): "clean", name_of("score"): "82",
    }  # fmt: skip
    wrong = client.post(url, {**given, name_of("score"): "many", name_of("note"): "kept"})
    assert (wrong.status_code, "kept" in wrong.content.decode()) == (422, True)
    changed = client.post(url, {**given, "asked": "something else"})
    assert "has been changed since this page was opened" in said(changed)
    assert client.post(url, given).status_code == 302
    commands.prepare(operation.pk, worker="test")
    made = Command.objects.order_by("pk")
    assert [one.target_id for one in made] == [step.token_digest, other.token_digest]
    assert [one.inputs["values"] for one in made] == [{"result": "clean", "score": "82"}] * 2
    assert [one.inputs["step"] for one in made] == [step.pk, other.pk]
    # the genuine one reaches its step, by its own token
    with committing():
        commands.carry_out(made[0].pk, worker="test")
    assert Command.objects.get(pk=made[0].pk).state in ("accepted", "delivered", "confirmed")
    sent = [one for one in sandbox.ledger() if one["method"] == "bizproc.event.send"]
    assert len(sent) == 1


def test_what_cannot_be_answered_alike_is_told_before(as_, administrator, step):
    client = as_(administrator)
    operation, _keys = frozen(choose(client, [step]))
    url = reverse("operation_confirmation", args=[operation.pk])
    actions = ApplicationAction.objects.filter(code=step.code)
    returns = {"scan": {"NAME": "Scan", "TYPE": "file", "REQUIRED": "Y"}}
    actions.update(definition={"RETURN_PROPERTIES": returns})
    assert "answered one by one" in said(client.get(url))
    actions.update(definition=None)
    assert "Import its definition first" in said(client.get(url))
    assert client.post(url, {"reason": "Anyway"}).status_code == 422
    assert BulkOperation.objects.get().confirmed_at is None
