"""What is told of bulk operations: one is over, stands still, needs approval, or was prepared."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from bizproc_admin import commands
from bizproc_admin.access.permissions import Capability, Request, may
from bizproc_admin.commands import Progress
from bizproc_admin.lists.operation_filters import KINDS
from bizproc_admin.models import BulkOperation, BulkState, Recipe, SeenOperation
from bizproc_admin.wording import operation_states, operations
from bizproc_admin.wording.looks import Look

MOST = 20
OVER = (BulkState.FINISHED, BulkState.DROPPED)


@dataclass(frozen=True, kw_only=True)
class OperationItem:
    """What is told of one operation; word is how it stood then, as a dismissal keeps it."""

    operation: BulkOperation
    word: str
    title: str
    text: str
    look: Look

    @property
    def key(self) -> str:
        return f"operation-{self.operation.pk}-{self.word}"

    @property
    def url(self) -> str:
        if self.operation.state == BulkState.DRAFT:
            return reverse("operation_confirmation", args=[self.operation.pk])
        return reverse("operation_detail", args=[self.operation.pk])


def told_of(request: Request, now: datetime, *, kept: timedelta) -> list[OperationItem]:
    """Return what an account is told of operations: its own, and those it may approve.

    That is also what one of its recipes has prepared, as long as it is not confirmed.
    """
    account = request.user
    own = Q(state__in=OVER, finished_at__gt=now - kept) | Q(state=BulkState.PAUSED)
    asked = Q(actor=account) & own & ~Q(state=BulkState.PAUSED, paused_by=account)
    if may(account, Capability.KILL_WORKFLOWS):
        asked |= Q(state=BulkState.AWAITING) & ~Q(actor=account)
    prepared = Q(state=BulkState.DRAFT, pk__in=Recipe.objects.lists_for(account))
    found = list(
        BulkOperation.objects.filter(
            (asked & Q(confirmed_at__isnull=False)) | prepared,
            portal__in=getattr(request, "portals", []),
        )
        .select_related("portal", "paused_by", "approved_by")
        .latest_first()[:MOST]
    )
    if not found:
        return []
    dismissals = SeenOperation.objects.filter(account=account, operation__in=found)
    seen = set(dismissals.values_list("operation", "word"))
    untold = [one for one in found if (one.pk, word_of(one)) not in seen]
    counts = commands.progress_of(untold) if untold else {}
    return [item_of(one, counts[one.pk]) for one in untold]


def word_of(operation: BulkOperation) -> str:
    """Return how an operation stands; each pause is one of its own."""
    if operation.paused_at is not None and operation.state == BulkState.PAUSED:
        return f"paused {operation.paused_at.timestamp():.0f}"
    return operation.state


def item_of(operation: BulkOperation, progress: Progress) -> OperationItem:
    """Say what is told of an operation."""
    look = operation_states.look_of(operation)
    values = {
        "what": operations.title_of(operation),
        "state": str(look.text).lower(),
        "who": operation.actor_name,
    }
    title, text = _("%(what)s: %(state)s") % values, summary(progress)
    if operation.state == BulkState.DRAFT:
        name = operation.source.get("name", "")
        title = _("“%(name)s” has a list for you: %(what)s") % {**values, "name": name}
        text = _("Nothing of it is sent before you have looked at it and confirmed it.")
    elif operation.state == BulkState.AWAITING:
        title = _("%(who)s asks for your approval: %(what)s") % values
        text = operation.reason
    elif operation.state == BulkState.PAUSED:
        text = operation_states.why_paused(operation).title
    elif operation.state == BulkState.DROPPED:
        text = operation_states.said_of(operation.pause_code, operation.pause_values).text
    return OperationItem(
        operation=operation, word=word_of(operation), title=title, text=text, look=look
    )


def summary(progress: Progress) -> str:
    """Return the numbers of an operation that are not 0, in one line."""
    counts = ((label, getattr(progress, key)) for key, label in KINDS.items())
    return ", ".join(f"{str(label).lower()}: {count:,}" for label, count in counts if count)
