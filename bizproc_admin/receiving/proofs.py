"""Whether a call is the portal's: by what only the portal and the application know.

No right comes from a call, however well it is proven: it is evidence of what the portal does.
"""

from enum import StrEnum
from typing import Final

from django.core.cache import cache
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from bizproc_admin.models import CallReceiver, Portal
from bizproc_admin.models.call_receivers import nonce_digest
from bizproc_admin.receiving.nested_forms import NestedForm
from bizproc_admin.secrets.fields import UnreadableSecret

TEST_EVENT: Final = "ONAPPTEST"
#: The name under which a connection test sends its nonce.
NONCE: Final = "nonce"
#: Within a minute so many calls whose proof is wrong are each written down, and answered with why.
MOST_WRONG: Final = 60
_COUNTED_AT_ONCE: Final = 100


class Proof(StrEnum):
    """VERIFIED: the portal's. UNKNOWN: nobody can tell yet. WRONG: surely not the portal's."""

    VERIFIED = "verified"
    UNKNOWN = "unknown"
    WRONG = "wrong"


def token_of(form: NestedForm) -> str:
    """Return what a call would prove itself by."""
    return form.text("auth", "application_token")


def proof_of(form: NestedForm, portal: Portal, receiver: CallReceiver | None) -> Proof:
    """Compare what a call brings with what is known of the portal and its present application."""
    given, member_id = token_of(form), form.text("auth", "member_id")
    if not given:
        return Proof.UNKNOWN if form.is_cut else Proof.WRONG
    if portal.member_id and not same(member_id, portal.member_id):
        return Proof.WRONG
    if receiver is None or receiver.token is None:
        return Proof.UNKNOWN
    try:
        known = receiver.token.reveal()
    except UnreadableSecret:
        return Proof.UNKNOWN
    return Proof.VERIFIED if same(given, known) else Proof.WRONG


def brings_nonce(form: NestedForm, portal: Portal, receiver: CallReceiver | None) -> bool:
    """Tell whether a call brings back what the last connection test has sent out."""
    if receiver is None or not receiver.expects_nonce_at(timezone.now()):
        return False
    nonce = form.text("data", "QUERY", NONCE)
    is_ours = same(nonce_digest(nonce), receiver.nonce)
    member_id = form.text("auth", "member_id")
    is_members = not portal.member_id or same(member_id, portal.member_id)
    return bool(is_ours and is_members and member_id and token_of(form))


def same(given: str, known: str) -> bool:
    """Compare in a time that does not tell how much of it is right."""
    return constant_time_compare(given.encode(), known.encode())


def count_wrong(receiver: CallReceiver) -> bool:
    """Count a call whose proof is wrong; False where there are too many to write each one down."""
    key = f"wrong-calls-{receiver.pk}"
    cache.add(key, 0, timeout=60)
    try:
        count = cache.incr(key)
    except ValueError:  # forgotten in between
        count = 1
    by = 1 if count <= MOST_WRONG else 0 if count % _COUNTED_AT_ONCE else _COUNTED_AT_ONCE
    if by:
        CallReceiver.objects.filter(pk=receiver.pk).update(
            rejected=F("rejected") + by, rejected_at=timezone.now()
        )
    return count <= MOST_WRONG
