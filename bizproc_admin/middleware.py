"""What every request of a signed-in person carries: the portal looked at and the time zone."""

from collections.abc import Callable
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.utils import timezone as django_timezone

from bizproc_admin.models import Account, Person, Portal

CHOSEN = "portal"


class PersonalMiddleware:
    """Set request.portal, activate the person's time zone, keep pages out of shared caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.portal = None  # type: ignore[attr-defined]
        if not request.user.is_authenticated:
            return self.get_response(request)
        portal = chosen_portal(request)
        request.portal = portal  # type: ignore[attr-defined]
        with django_timezone.override(zone_of(request.user, portal)):
            response = self.get_response(request)
        response.setdefault("Cache-Control", "no-store")
        return response


def chosen_portal(request: HttpRequest) -> Portal | None:
    """Give the portal chosen in this session, else the first one."""
    portals = list(Portal.objects.all())
    chosen = request.session.get(CHOSEN)
    return next((p for p in portals if p.pk == chosen), portals[0] if portals else None)


def zone_of(account: Account, portal: Portal | None) -> tzinfo | None:
    """Give the zone times are shown in: the account's person's, else the portal's."""
    if portal is None:
        return None
    person = Person.objects.filter(linked_account__user=account, portal=portal).first()
    if person is not None and person.time_zone:
        try:
            return ZoneInfo(person.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            pass
    return timezone(timedelta(seconds=portal.utc_offset))
