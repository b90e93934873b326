"""The audit history: complete, in words, and closed to every hand."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError
from django.urls import reverse

from bizproc_admin import audit
from bizproc_admin.audit import AuditAction, By, Facts, triggers
from bizproc_admin.lists.audit_lines import audit_lines
from bizproc_admin.models import AuditDetail, AuditEntry, AuditSequence, Target
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
