"""Keeping the calls that come in: one row for one event token, written before it is answered.

Nothing else is done while the portal's queue waits for an answer: what follows from a call is done
by a worker (`following`).
"""

import json
import logging
import time
import uuid
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from django.db import OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone

from bizproc_admin import doorbell
from bizproc_admin.models import (
    ApplicationStep,
    CallReceiver,
    Command,
    CommandState,
    Portal,
    StepState,
)
from bizproc_admin.models.call_receivers import nonce_digest, sender_digest
from bizproc_admin.portals import connections
from bizproc_admin.receiving import nested_forms, proofs
from bizproc_admin.receiving.calls import NotACall, StepCall
from bizproc_admin.receiving.nested_forms import NestedForm
from bizproc_admin.receiving.proofs import Proof
from bizproc_admin.receiving.turns import in_turn
from bizproc_admin.secrets.fields import Secret, UnreadableSecret

log = logging.getLogger(__name__)

MOST_UNVERIFIED: Final = 1000
#: Bytes of properties that are kept of a call nobody has verified.
MOST_OF_UNVERIFIED: Final = 64 * 1024
APPLICATION_EVENTS: Final = ("ONAPPINSTALL", "ONAPPUPDATE", "ONAPPUNINSTALL")
#: last_call_at is exact to this.
_NOTED_EVERY: Final = timedelta(seconds=5)
#: Seconds from one look of a worker at the calls of a portal to the next.
LOOKS_EVERY: Final = 1.0
#: The name of the action by which a connection is tested (actions.calls_connection).
TEST_ACTION: Final = "portal.test_calls"
Known = tuple[Portal, CallReceiver | None]
#: Seconds for which a process remembers who calls at an address, and how many it remembers.
REMEMBERED_FOR, MOST_REMEMBERED = 1.0, 1000
_known: dict[uuid.UUID, tuple[float, Known]] = {}
# what a repeat that is verified brings to a call that was not, or to a token brought by a person
_TOLD_BY_CALL: Final = (
    "client_id", "code", "name", "document", "document_type", "properties", "user_number",
    "called_at", "received_at", "since", "until_at", "is_too_large", "is_subscribed", "is_due",
    "search_text",
)  # fmt: skip


class Outcome(StrEnum):
    """What became of a call: kept or of no further use; refused; none at all; not kept."""

    NO_PORTAL = "no_portal"
    KEPT = "kept"
    REFUSED = "refused"
    TOO_MANY_REFUSED = "too_many_refused"
    NOT_A_CALL = "not_a_call"
    NOT_KEPT = "not_kept"


def receive(calls_id: uuid.UUID, stream: nested_forms.Stream) -> Outcome:
    """Read a call and keep it; NOT_KEPT is to be sent again, if whoever sent it does that."""
    try:
        known = _remembered(calls_id) or _looked_up(calls_id)
        if known is None:
            return Outcome.NO_PORTAL
        form = nested_forms.read(stream)
        proof = proofs.proof_of(form, *known)
        if form.text("event") or proof is not Proof.VERIFIED:
            # what was known a moment ago is enough to believe a call, and not to doubt one
            known = _looked_up(calls_id) or known
            proof = proofs.proof_of(form, *known)
        return _received(form, proof, *known)
    except OperationalError as error:
        log.warning("call_not_kept calls=%s %s", calls_id, type(error).__name__)
        return Outcome.NOT_KEPT


def _remembered(calls_id: uuid.UUID) -> Known | None:
    looked_up = _known.get(calls_id)
    if looked_up is None or looked_up[0] < time.monotonic():
        return None
    return looked_up[1]


def _looked_up(calls_id: uuid.UUID) -> Known | None:
    """Return the portal of an address and what its present application proves its calls by."""
    portal = Portal.objects.filter(calls_id=calls_id).order_by().first()
    if portal is None:
        return None
    receiver = CallReceiver.objects.filter(portal=portal, client_id=portal.client_id).first()
    if receiver is not None and receiver.token is not None:
        with suppress(UnreadableSecret):
            # opened once, and not for each call
            receiver.token = Secret(receiver.token.reveal())
    if len(_known) > MOST_REMEMBERED:
        _known.clear()
    _known[calls_id] = (time.monotonic() + REMEMBERED_FOR, (portal, receiver))
    return portal, receiver


def _received(
    form: NestedForm, proof: Proof, portal: Portal, receiver: CallReceiver | None
) -> Outcome:
    event = form.text("event").upper()
    if event == proofs.TEST_EVENT and proofs.brings_nonce(form, portal, receiver):
        learn(portal, receiver, form)
        return Outcome.KEPT
    if proof is Proof.WRONG:
        if receiver is None:
            receiver, _ = CallReceiver.objects.get_or_create(
                portal=portal, client_id=portal.client_id
            )
        return Outcome.REFUSED if proofs.count_wrong(receiver) else Outcome.TOO_MANY_REFUSED
    proven_to = receiver if proof is Proof.VERIFIED else None
    if event:
        if proven_to is not None:
            _note_call(proven_to)
            if event in APPLICATION_EVENTS:
                _note_event(proven_to, event)
        return Outcome.KEPT
    try:
        call = StepCall.of(form, portal)
    except NotACall:
        return Outcome.NOT_A_CALL
    step = call.step(portal, received_at=timezone.now())
    if proven_to is None:
        return _kept_unverified(step, form)
    step.state = state_of(is_subscribed=call.is_subscribed)
    step.settled_at = None if call.is_subscribed else step.received_at
    step.is_due = True
    if not in_turn(lambda: _keep(step, proven_to)):
        return Outcome.NOT_KEPT
    _ring(portal.pk)
    return Outcome.KEPT


def state_of(*, is_subscribed: bool) -> StepState:
    """Return what is known of a step by its own, proven call."""
    return StepState.WAITING if is_subscribed else StepState.PASSED


def _kept_unverified(step: ApplicationStep, form: NestedForm) -> Outcome:
    """Keep a call that nobody can tell from a forged one, within bounds."""
    others = ApplicationStep.objects.filter(portal=step.portal, state=StepState.UNVERIFIED)
    known = Q(token_digest=step.token_digest)
    if others.exclude(known).count() >= MOST_UNVERIFIED:
        return Outcome.NOT_KEPT
    step.state = StepState.UNVERIFIED
    given = proofs.token_of(form)
    step.sender = sender_digest(given) if given else ""
    if len(json.dumps(step.properties)) > MOST_OF_UNVERIFIED:
        step.properties, step.is_too_large = None, True
    return Outcome.KEPT if in_turn(lambda: _keep(step)) else Outcome.NOT_KEPT


def _keep(step: ApplicationStep, receiver: CallReceiver | None = None) -> bool:
    """Write a call down; of one that is there already only the number of repeats changes.

    What a proven call says is taken over where all that was known was not proven. False where it
    was there, and was forgotten in the same moment.
    """
    if receiver is not None:
        _note_call(receiver)
    if ApplicationStep.objects.insert_new(step):
        return True
    same = ApplicationStep.objects.filter(portal=step.portal, token_digest=step.token_digest)
    is_there = bool(same.update(repeats=F("repeats") + 1))
    if is_there and step.state != StepState.UNVERIFIED:
        told: dict[str, Any] = {name: getattr(step, name) for name in _TOLD_BY_CALL}
        same.filter(state=StepState.UNVERIFIED).update(
            **told, state=step.state, settled_at=step.settled_at, sender=""
        )
        same.filter(is_pasted=True, received_at=None).update(**told)
    return is_there


def learn(portal: Portal, receiver: CallReceiver | None, form: NestedForm) -> None:
    """Learn what the portal proves its calls by, from the call that brought the nonce back."""
    if receiver is None:
        return
    now = timezone.now()
    asking = CallReceiver.objects.filter(pk=receiver.pk, nonce=receiver.nonce)
    with transaction.atomic():
        learnt = asking.update(
            token=Secret(proofs.token_of(form)), learnt_at=now, last_call_at=now, nonce="",
        )  # fmt: skip
        if learnt:
            member_id = form.text("auth", "member_id")[:64]
            Portal.objects.filter(pk=portal.pk, member_id="").update(member_id=member_id)
            doorbell.ring("take_calls", portal.pk, queue=doorbell.INTERACTIVE)
            connections.application_found(portal, is_there=True)
            look_at_tests(portal.pk)


def expect(portal: Portal, nonce: str) -> None:
    """Wait for the call that brings a nonce back, and for no earlier one any more."""
    CallReceiver.objects.update_or_create(
        portal=portal,
        client_id=portal.client_id,
        defaults={"nonce": nonce_digest(nonce), "asked_at": timezone.now()},
    )


def look_at_tests(portal_pk: int) -> None:
    """Have the connection tests of a portal judged now, by what has come or has not."""
    tests = Command.objects.open().filter(portal=portal_pk, action=TEST_ACTION)
    if tests.exclude(state=CommandState.INTENT).update(next_check_at=timezone.now()):
        doorbell.ring("serve_portal", portal_pk, queue=doorbell.INTERACTIVE)


def _note_call(receiver: CallReceiver) -> None:
    now = timezone.now()
    if receiver.last_call_at is None or receiver.last_call_at < now - _NOTED_EVERY:
        CallReceiver.objects.filter(pk=receiver.pk).update(last_call_at=now)
        receiver.last_call_at = now


def _note_event(receiver: CallReceiver, event: str) -> None:
    """Note what was told of the application; a worker asks the portal whether it is so."""
    now = timezone.now()
    CallReceiver.objects.filter(pk=receiver.pk).update(event=event, told_at=now, event_due_at=now)
    doorbell.ring("look_at_application", receiver.pk, queue=doorbell.INTERACTIVE)


# when a worker last looks that this process has rung for
_looks: dict[int, float] = {}


def _ring(portal_pk: int) -> None:
    """Let a worker do what follows from calls: at once, and in a burst once for all of a second."""
    now = time.monotonic()
    last = _looks.get(portal_pk, now - LOOKS_EVERY)
    if last <= now:
        _looks[portal_pk] = max(now, last + LOOKS_EVERY)
        after = _looks[portal_pk] - now
        doorbell.ring("take_calls", portal_pk, queue=doorbell.INTERACTIVE, after=after)
