"""Outages: since when a portal does not answer, or answers nobody, noted from every call of it.

The portal's row holds it, so that every process and every page knows the same.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, DateTimeField, F, Q, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from bizproc_admin import bitrix
from bizproc_admin.bitrix.gateway import SessionOver
from bizproc_admin.models import GatewayConnection, Outage, Portal

# what only the portal's own connection learns, and only it can find mended
OF_CONNECTION = (Outage.CREDENTIALS, Outage.MOVED, Outage.SESSION)
# passes, and with them the first sign that a portal is back, are tried again after so long
RETRY_AFTER = timedelta(seconds=30)
# so many calls in a row without an answer, and the portal is left alone for so long each time
LEFT_ALONE_AFTER = 5
# how exactly it is kept when a portal last answered: most answers write nothing
EXACT_TO = timedelta(seconds=5)


class PortalHealth:
    """bitrix.Health kept in the portal's row; is_own tells its own connection from a person's."""

    def __init__(self, portal: Portal, *, is_own: bool) -> None:
        self.portal_id = portal.pk
        self.is_own = is_own

    def answered(self) -> None:
        now = timezone.now()
        portal = Portal.objects.filter(pk=self.portal_id)
        mended = Q(failures__gt=0)
        if not self.is_own:
            mended &= ~Q(failure__in=OF_CONNECTION)
        if portal.filter(mended).exists():
            portal.filter(mended).update(
                failures=0, failing_since=None, failure="", answered_at=now, retry_at=None
            )
        elif portal.filter(Q(answered_at=None) | Q(answered_at__lt=now - EXACT_TO)).exists():
            portal.update(answered_at=now)

    def failed(self, error: bitrix.BitrixError) -> None:
        kind = outage_of(error)
        if kind is None or (kind in OF_CONNECTION and not self.is_own):
            self.answered()
            return
        # a call that got no answer was made long before it failed; others may have got one since
        began = Value(timezone.now() - timedelta(seconds=error.lasted), DateTimeField())
        Portal.objects.filter(pk=self.portal_id).update(
            failures=F("failures") + 1,
            failing_since=Coalesce(
                F("failing_since"), Greatest(began, Coalesce(F("answered_at"), began))
            ),
            failure=kind,
            retry_at=Case(
                When(failures__gte=LEFT_ALONE_AFTER - 1, then=Value(timezone.now() + RETRY_AFTER)),
                default=None,
            )
            if kind is Outage.SILENT
            else None,
            **({"moved_to": error.origin} if isinstance(error, bitrix.Moved) else {}),
        )


class GatewayHealth(PortalHealth):
    """The same of a portal behind the gateway; until is when the session in use was to end."""

    def __init__(self, portal: Portal, *, until: datetime | None) -> None:
        super().__init__(portal, is_own=True)
        self.until = until

    def failed(self, error: bitrix.BitrixError) -> None:
        """Take note, too, that the gateway calls a session over, whatever it had said."""
        if isinstance(error, SessionOver) and self.until is not None:
            used = GatewayConnection.objects.filter(portal=self.portal_id, session_until=self.until)
            if not used.update(session_until=timezone.now()):
                return  # somebody has signed in meanwhile
        super().failed(error)


def rests_for(portal_pk: int) -> float:
    """Return the seconds for which a portal is left alone because it does not answer; 0: ask it.

    When they are over one caller may ask, for all others: it is left alone again until that one
    knows.
    """
    retry_at = (
        Portal.objects.filter(pk=portal_pk, failures__gte=LEFT_ALONE_AFTER)
        .values_list("retry_at", flat=True)
        .first()
    )
    if retry_at is None:
        return 0.0
    now = timezone.now()
    if retry_at > now:
        return (retry_at - now).total_seconds()
    answer_by = now + timedelta(seconds=settings.TOTAL_TIMEOUT) + RETRY_AFTER
    mine = Portal.objects.filter(pk=portal_pk, retry_at=retry_at).update(retry_at=answer_by)
    return 0.0 if mine else RETRY_AFTER.total_seconds()


def outage_of(error: bitrix.BitrixError) -> Outage | None:
    """Return the kind of outage a failed call is a sign of; None where the portal did answer."""
    match error:
        case bitrix.PortalClosed():
            return Outage.CLOSED
        case bitrix.PlanRequired():
            return Outage.PLAN
        case bitrix.Overloaded():
            return Outage.OVERLOADED
        case bitrix.InvalidCredentials():
            return Outage.CREDENTIALS
        case SessionOver():
            return Outage.SESSION
        case bitrix.Refused() | bitrix.TooLong():
            return None
        case bitrix.Moved():
            return Outage.MOVED if error.is_elsewhere else Outage.SILENT
        case _:
            return Outage.SILENT
