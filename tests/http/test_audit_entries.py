"""The audit history: complete, in words, and closed to every hand."""

import uuid
from datetime import timedelta
from unittest import mock

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import audit
from bizproc_admin.audit import AuditAction, By, Facts, triggers
from bizproc_admin.lists.audit_filters import AuditFilterForm
from bizproc_admin.lists.audit_lines import audit_lines
from bizproc_admin.models import AuditDetail, AuditEntry, AuditSequence, Command, Target
from bizproc_admin.models.audit_entries import InsertOnly
from tests import language

LIST = "/audit/"


@pytest.fixture
def client(as_, auditor):
    return as_(auditor)


@pytest.fixture
def entry(administrator, portal):
    return audit.record(
        AuditEntry.Kind.OUTCOME,
        AuditAction.WORKFLOW_TERMINATE,
        by=By(account=administrator),
        target=Target(kind="workflow", id="5f.1", label="Договор · Поставка", portal_id=portal.pk),
        outcome="confirmed",
        facts=Facts(reason="Расторгнут", before={"workflow": {"ID": "5f.1"}}),
    )


def rows(client, **params):
    answer = client.get(LIST, params)
    assert answer.status_code == 200
    return list(answer.context["list"].page.rows)


def test_an_auditor_reads_who_did_what(client, entry):
    page = client.get(LIST).content.decode()
    assert "Anna Koroleva" in page
    assert "Договор · Поставка" in page


def test_the_detail_shows_what_was_known_and_that_it_is_untouched(client, entry):
    answer = client.get(reverse("audit_entry_detail", args=[entry.pk]))
    assert answer.context["is_intact"]
    page = answer.content.decode()
    assert "Расторгнут" in page
    assert "5f.1" in page


def test_what_is_kept_as_a_key_is_said_in_the_readers_language(administrator):
    """Origins, roles and kinds of target are keys; a name stays as its person writes it."""
    entry = audit.record(
        AuditEntry.Kind.ACCOUNT,
        AuditAction.SECOND_FACTOR_TAKEN_AWAY,
        by=audit.COMMAND_LINE,
        target=administrator.as_target,
    )
    own = audit.record(
        AuditEntry.Kind.ACCOUNT,
        AuditAction.PASSWORD_CHOSEN,
        by=By(account=administrator),
        target=administrator.as_target,
    )
    with language.spoken():
        line, other = audit_lines([entry, own])
        said = (line.actor, line.origin, line.target_kind, other.role)
    assert said == tuple(
        f"{text}{language.SIGN}"
        for text in ("command line", "command line", "account", "portal administrator")
    )
    assert other.actor == "Anna Koroleva"


@pytest.mark.parametrize(
    "params",
    [
        {"person": "koroleva"},
        {"kind": "outcome"},
        {"action": "workflow.terminate"},
        {"outcome": "confirmed"},
        {"target": "Договор"},
        {"target": "5f.1"},
        {"since": "2020-01-01", "until": "2199-01-01"},
    ],
)
def test_every_filter_finds_it_and_its_opposite_does_not(client, entry, params):
    assert entry in rows(client, **params)
    opposite = {
        "person": "nobody-of-that-name",
        "kind": "sign_out",
        "action": "workflow.kill",
        "outcome": "refused",
        "target": "somewhere else",
        "since": "2198-12-31",
        "until": "2199-01-01",
    }
    assert entry not in rows(client, **{name: opposite[name] for name in params})


def test_what_a_person_took_back_is_found_by_its_own_word(client, administrator, portal):
    taken, refused = (
        audit.record(
            kind, AuditAction.WORKFLOW_TASK_COMPLETE, by=By(account=administrator),
            target=Target(kind="workflow_task", label="Approve", portal_id=portal.pk),
            outcome="cancelled", facts=Facts(error_code=code),
        )
        for kind, code in [("taken_back", "taken_back"), ("outcome", "already_answered")]
    )  # fmt: skip
    found = rows(client, outcome="taken_back")
    assert found == [taken]
    assert audit_lines(found)[0].sentence.startswith("Taken back: ")
    assert refused in rows(client, outcome="refused")
    assert taken not in rows(client, outcome="refused")


@pytest.mark.parametrize(
    "bad",
    [
        {"since": "yesterday"},
        {"since": "0001-01-01"},
        {"until": "9999-12-31"},
        {"kind": "x"},
    ],
)
def test_a_bad_filter_is_said_and_shows_no_entry(client, entry, bad):
    assert rows(client, **bad) == []
    assert entry in rows(client, page="x")


@pytest.fixture
def command(administrator, portal, workflow):
    """A termination whose answer was lost and that a reading has confirmed, with its steps."""
    command = Command.objects.create(
        key=uuid.uuid4(), digest="", portal=portal, action="workflow.terminate", effect="end",
        target_kind="workflow", target_id=workflow.remote_id, target_label="Отпуск",
        workflow=workflow, reason="Расторгнут", actor=administrator, actor_name="Anna Koroleva",
        actor_role="portal administrator", state="confirmed",
        settled_at=timezone.now() + timedelta(seconds=7.9),
    )  # fmt: skip
    for kind, outcome, by in [
        ("intent", "intent", By(account=administrator)),
        ("attempt", "sending", By(account=None, origin="worker", name="worker")),
        ("outcome", "unknown", By(account=None, origin="worker", name="worker")),
        ("reconcile", "confirmed", By(account=None, origin="sweeper", name="sweeper")),
    ]:
        audit.record(
            AuditEntry.Kind(kind), AuditAction.WORKFLOW_TERMINATE, by=by,
            target=command.as_target, command=command, outcome=outcome,
            facts=Facts(reason=command.reason if kind == "intent" else ""),
        )  # fmt: skip
    return command


def test_a_command_is_one_row_with_its_last_outcome_and_its_steps_inside(client, entry, command):
    first = command.audit_entries.earliest("pk")
    assert [row.pk for row in rows(client)][:2] == [first.pk, entry.pk]
    page = client.get(LIST)
    line = page.context["list"].lines[0]
    assert line.sentence.startswith("Terminate Отпуск")
    assert line.note == "Расторгнут"
    assert (line.steps, line.took) == (4, "7 s")
    text = page.content.decode()
    assert "Confirmed" in text
    assert "Unknown, checking</span></span>" not in text
    steps = client.get(reverse("audit_entry_steps", args=[first.pk])).content.decode()
    assert "Sent to the portal" in steps
    assert "No clear answer came" in steps


@pytest.mark.parametrize(
    ("params", "is_there"),
    [
        ({"outcome": "unknown"}, True),
        ({"outcome": "confirmed"}, True),
        ({"outcome": "refused"}, False),
        ({"outcome": "requested"}, False),
        ({"kind": "reconcile"}, True),
        ({"kind": "human_decision"}, False),
        ({"person": "sweeper"}, True),
        ({"person": "koroleva", "outcome": "unknown", "kind": "attempt"}, True),
        ({"person": "nobody", "outcome": "unknown"}, False),
    ],
)
def test_a_command_is_found_by_what_any_of_its_steps_says(client, command, params, is_there):
    found = [row.command_id for row in rows(client, **params)]
    assert found == ([command.pk] if is_there else [])


def test_each_outcome_has_a_chip_with_the_count_of_its_rows(client, entry, command):
    def counts(**params):
        cache.clear()
        states = client.get(reverse("audit_entry_counts"), params).context["list"]
        return {part.id.removeprefix("outcome-"): part.count for part in states.parts}

    told = counts()
    assert (told["unknown"], told["confirmed"], told["refused"]) == (1, 2, 0)
    for outcome in ("unknown", "confirmed", "ok"):
        assert told[outcome] == len(rows(client, outcome=outcome))
    assert set(counts(target="Отпуск").values()) == {None}
    answer = client.get(reverse("audit_entry_counts"), {"target": "Отпуск"}).content.decode()
    assert 'id="outcome-unknown"' in answer
    assert 'id="audit-entry-states">' in answer, "what is not counted is not asked for again"


@pytest.mark.parametrize("most", [0, 10_000])
def test_what_many_entries_say_is_asked_of_each_row_in_turn(client, entry, command, most):
    """The rows are the same, by whichever way they are found."""
    with mock.patch("bizproc_admin.lists.audit_filters.MANY", most):
        form = AuditFilterForm({"outcome": "confirmed"})
        found = form.narrow(AuditEntry.objects.beginning())
    assert set(found) == {entry, command.audit_entries.earliest("pk")}


def test_a_search_that_the_history_does_not_have_is_said_to_be_unknown(client, entry):
    answer = client.get(LIST, {"q": "x"})
    assert answer.status_code == 200
    assert rows(client, q="x") == rows(client)


def test_an_entry_leads_to_its_neighbours_in_the_list_as_it_is_filtered(client, entry, command):
    """From any step of a command: the row before it and the row after it."""
    later = audit.record(
        AuditEntry.Kind.SIGN_OUT,
        AuditAction.SIGN_OUT,
        by=By(account=None, name="x"),
        target=Target(),
    )
    first, last = command.audit_entries.earliest("pk"), command.audit_entries.latest("pk")
    for step in (first, last):
        address = reverse("audit_entry_detail", args=[step.pk])
        assert client.get(address).context["neighbours"] == (later.pk, entry.pk)
        filtered = client.get(address, {"outcome": "confirmed"})
        assert filtered.context["neighbours"] == (None, entry.pk)
        assert f'href="{LIST}?outcome=confirmed"' in filtered.content.decode()
    page = client.get(reverse("audit_entry_detail", args=[last.pk])).content.decode()
    assert page.count('aria-current="true"') == 1
    assert page.count("timeline__item") == 4


def test_a_machine_has_no_avatar_of_a_person(client, administrator):
    for by in (audit.COMMAND_LINE, By(account=administrator)):
        audit.record(
            AuditEntry.Kind.ACCOUNT, AuditAction.PASSWORD_CHOSEN, by=by,
            target=administrator.as_target,
        )  # fmt: skip
    own, machine = client.get(LIST, {"action": "account.password_chosen"}).context["list"].lines
    assert (own.is_of_person, machine.is_of_person, machine.actor) == (True, False, "command line")


def test_no_method_of_the_model_changes_or_removes_an_entry(entry):
    entry.outcome = "refused"
    for attempt in (
        entry.save,
        entry.delete,
        lambda: AuditEntry.objects.update(outcome="refused"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: AuditEntry.objects.bulk_update([entry], ["outcome"]),
        lambda: AuditEntry.objects.all()._raw_delete("default"),
        entry.detail.delete,
        lambda: AuditDetail.objects.update(reason=""),
    ):
        with pytest.raises(InsertOnly):
            attempt()


@pytest.mark.parametrize("table", ["bizproc_admin_auditentry", "bizproc_admin_auditdetail"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET {} = {}"])
def test_the_database_itself_refuses(entry, table, statement):
    column = "kind" if table.endswith("entry") else "reason"
    with (
        pytest.raises(DatabaseError, match="insert-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table, column, column))


def test_an_account_or_portal_with_a_history_cannot_be_deleted(entry, administrator, portal):
    with pytest.raises(ProtectedError):
        administrator.delete()
    with pytest.raises(ProtectedError):
        portal.feeds.all().delete()
        portal.delete()


def test_entries_are_numbered_without_gaps_in_each_scope(administrator, portal):
    for scope in (portal, None):
        before = AuditSequence.objects.filter(
            scope=f"portal:{portal.pk}" if scope else "installation"
        ).first()
        start = before.last if before else 0
        made = [
            audit.record(
                AuditEntry.Kind.SIGN_IN,
                AuditAction.SIGN_IN,
                by=By(account=administrator),
                target=Target(portal_id=scope.pk if scope else None),
            )
            for _ in range(3)
        ]
        assert [entry.seq for entry in made] == [start + 1, start + 2, start + 3]


def test_a_changed_detail_does_not_match_its_hash(entry):
    assert entry.detail.digest() == entry.detail_hash
    entry.detail.reason = "Something else"
    assert entry.detail.digest() != entry.detail_hash


def test_the_triggers_are_there_after_every_migrate(db):
    assert triggers.faults() == []
