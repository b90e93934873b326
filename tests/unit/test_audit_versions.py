"""The history in keys, and the rows of its first version, which stay as they were written."""

import hashlib
import json
from datetime import UTC, datetime

import pytest

from bizproc_admin import audit
from bizproc_admin.actions import ACTIONS
from bizproc_admin.audit import AuditAction, By, Facts, first_version
from bizproc_admin.lists.audit_filters import AuditFilterForm
from bizproc_admin.models import AuditDetail, AuditEntry, AuditRepeat, Target
from bizproc_admin.wording.audit_entries import name_of, sentence_of

pytestmark = pytest.mark.django_db

WHEN = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
# as the first version wrote them: what it put into the row, and what it said of it when read
WRITTEN = [
    ({"kind": "sign_in"}, "Signed in"),
    ({"kind": "sign_out"}, "Signed out"),
    ({"kind": "sign_in_failed", "error_code": "second_factor"}, "Could not sign in"),
    (
        {"kind": "sign_in_failed", "inputs": {"repeats": 3}},
        "Could not sign in, 3 times more",
    ),
    (
        {"kind": "denied", "action": "see_audit", "target_kind": "page", "target_label": "/audit/"},
        "Was not let into /audit/",
    ),
    (
        {"kind": "denied", "action": "workflow.kill", "target_kind": "workflow",
         "target_label": "Contract · Deal 7"},
        "Was not allowed: Kill Contract · Deal 7",
    ),
    (
        {"kind": "intent", "action": "workflow.terminate", "outcome": "intent",
         "target_kind": "workflow", "target_label": "Contract · Deal 7"},
        "Requested: Terminate Contract · Deal 7",
    ),
    (
        {"kind": "human_decision", "action": "workflow_task.delegate", "outcome": "cancelled",
         "target_kind": "workflow_task", "target_label": "Approve", "error_code": "taken_back"},
        "Taken back: Delegate Approve",
    ),
    (
        {"kind": "human_decision", "action": "workflow.terminate", "outcome": "not_applied",
         "target_kind": "workflow", "target_label": "Contract · Deal 7"},
        "Decided by a person: Terminate Contract · Deal 7",
    ),
    (
        {"kind": "connection", "action": "portal.followed", "target_label": "North"},
        "Followed a portal to its new address: North",
    ),
    *(
        ({"kind": "account", "action": text, "target_kind": "account", "target_label": "olga"},
         f"{text}: olga")
        for text in first_version.TEXTS
    ),
]  # fmt: skip


def first_version_row(seq, *, inputs=None, reason="", text="", **fields):
    """Insert a row word for word as the first version did, with the seal it computed."""
    canonical = json.dumps(
        {"after": None, "before": None, "inputs": inputs or {}, "reason": reason, "text": text},
        sort_keys=True, ensure_ascii=False, separators=(",", ":"),
    )  # fmt: skip
    salt = f"{seq:032x}"
    entry = AuditEntry(
        schema_version=1,
        scope="installation",
        seq=900 + seq,
        recorded_at=WHEN,
        actor_name="Anna Koroleva",
        origin="screen",
        detail_hash=hashlib.sha256(f"{salt}\n{canonical}".encode()).hexdigest(),
        **fields,
    )
    entry.save()
    AuditDetail(entry=entry, salt=salt, inputs=inputs or {}, reason=reason, text=text).save()
    return AuditEntry.objects.with_details().get(pk=entry.pk)


def narrowed(**params):
    return AuditFilterForm(params).narrow(AuditEntry.objects.all())


@pytest.mark.parametrize(("fields", "sentence"), WRITTEN)
def test_a_row_of_the_first_version_reads_as_it_did_and_keeps_its_seal(fields, sentence):
    entry = first_version_row(1, **fields)
    assert sentence_of(entry, {}) == sentence
    assert entry.detail.digest() == entry.detail_hash


def test_the_seal_of_a_row_is_the_one_that_was_computed_then():
    """Numbers, Cyrillic and nested values: the form that is hashed stays byte for byte."""
    detail = AuditDetail(
        salt="00ff", reason="Расторгнут", text="No", inputs={"to": 7, "a": [1, None]},
        before={"workflow": {"ID": "5f.1"}}, after=None,
    )  # fmt: skip
    assert detail.digest() == "5cece2861c71699d977d6d16bff73f91b28083122f51383ac7033af43345e15b"


def test_every_key_has_words_and_every_command_a_key(administrator):
    for action in AuditAction:
        assert name_of(action), action
    assert set(ACTIONS) <= set(AuditAction)
    offered = AuditFilterForm({}).fields["action"].choices
    assert {key for _family, keys in offered[1:] for key, _name in keys} == set(AuditAction)


def test_a_new_entry_holds_keys_alone(administrator):
    entry = audit.record(
        AuditEntry.Kind.ACCOUNT,
        AuditAction.ACCOUNT_MADE,
        by=By(account=administrator),
        target=Target(kind="account", label="olga"),
    )
    assert (entry.schema_version, entry.action) == (2, "account.made")
    assert sentence_of(entry, {}) == "Made an account: olga"


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        *((key, {"kind": "account", "action": text}) for text, key in first_version.TEXTS.items()),
        (AuditAction.SIGN_IN, {"kind": "sign_in"}),
        (AuditAction.SIGN_IN, {"kind": "sign_in_failed"}),
        (AuditAction.SIGN_OUT, {"kind": "sign_out"}),
        (
            AuditAction.PAGE_VISIT,
            {"kind": "denied", "action": "manage_portals", "target_kind": "page"},
        ),
        (AuditAction.WORKFLOW_KILL, {"kind": "intent", "action": "workflow.kill"}),
        (AuditAction.TIME_ZONE_SET, {"kind": "connection", "action": "portal.time_zone"}),
    ],
)
def test_a_filter_by_a_key_finds_both_versions_and_nothing_else(administrator, action, fields):
    old = first_version_row(1, **fields)
    kind = AuditEntry.Kind(fields["kind"])
    new = audit.record(kind, action, by=By(account=administrator), target=Target())
    first_version_row(90, kind="attempt", action="something.else")
    assert set(narrowed(action=action.value)) == {old, new}


def test_what_was_taken_back_is_found_in_both_versions(administrator):
    Kind = AuditEntry.Kind
    old = first_version_row(
        1, kind="human_decision", action="workflow.kill", error_code="taken_back",
        outcome="cancelled",
    )  # fmt: skip
    judged = first_version_row(
        2, kind="human_decision", action="workflow.kill", outcome="not_applied"
    )
    new = audit.record(
        Kind.TAKEN_BACK, AuditAction.WORKFLOW_KILL, by=By(account=administrator), target=Target(),
        outcome="cancelled", facts=Facts(error_code="taken_back"),
    )  # fmt: skip
    assert set(narrowed(kind="taken_back")) == {old, new}
    assert set(narrowed(outcome="taken_back")) == {old, new}
    assert set(narrowed(kind="human_decision")) == {judged}
    assert sentence_of(new, {}).startswith("Taken back: Kill")


@pytest.mark.parametrize(
    ("kind", "values", "action"),
    [
        (
            "denied",
            {"action": "see_audit", "target_kind": "page", "target_label": "/audit/", "ip": None},
            AuditAction.PAGE_VISIT,
        ),
        ("sign_in_failed", {"error_code": "guest", "ip": "10.0.0.1"}, AuditAction.SIGN_IN),
    ],
)
def test_repeats_that_the_first_version_began_to_count_are_written_in_keys(kind, values, action):
    AuditRepeat.objects.create(
        key="x", kind=kind, values=values, count=4, began_at=WHEN, last_at=WHEN
    )
    audit.close_repeats()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.detail.inputs["repeats"]) == (action, 4)
