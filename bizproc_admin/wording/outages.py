"""An outage of a portal in words: the same ones on every page, dialog and command."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from bizproc_admin import zones
from bizproc_admin.models import Outage, Portal
from bizproc_admin.portals.outages import RETRY_AFTER
from bizproc_admin.wording.times import moment


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is said of an outage: what is the matter, and what becomes of what is asked for."""

    title: str
    text: str

    @property
    def whole(self) -> str:
        """Return both as one text."""
        return f"{self.title}. {self.text}"


def outage(portal: Portal | None) -> Told | None:
    """Return why nothing comes from a portal at present; None while it answers."""
    kind = portal.outage if portal else None
    if portal is None or kind is None or portal.failing_since is None:
        return None
    since = {"when": since_when(portal.failing_since)}
    kept = _("What you ask for is kept and sent then; what was read stays.")
    again = _("It is tried again every %(seconds)d s.") % {"seconds": RETRY_AFTER.total_seconds()}
    match kind:
        case Outage.SILENT:
            title = _("The portal does not answer since %(when)s") % since
            return Told(title=title, text=f"{again} {kept}")
        case Outage.CLOSED:
            title = _("The portal is closed for maintenance since %(when)s") % since
            return Told(title=title, text=f"{again} {kept}")
        case Outage.PLAN:
            title = _("The portal's subscription does not cover the console since %(when)s") % since
            text = _("Nothing can be read or sent until it is renewed; what was read stays.")
        case Outage.OVERLOADED:
            title = _("Bitrix24 has blocked this portal's interface since %(when)s") % since
            text = _("Only Bitrix24's support can lift the block; what was read stays.")
        case Outage.MOVED:
            title = _("The portal answers under another address since %(when)s") % since
            text = _("A portal administrator follows it there under Portals; what was read stays.")
        case Outage.SESSION:
            title = _("Somebody has to sign in for the gateway's key since %(when)s") % since
            text = _("A portal administrator does so under Portals.")
            return Told(title=title, text=f"{text} {kept}")
        case _ if portal.is_by_gateway:
            title = _("The gateway does not accept the console's key since %(when)s") % since
            text = _("A portal administrator replaces it under Portals; what was read stays.")
        case _:
            title = _("The portal does not accept the console's webhook since %(when)s") % since
            text = _("A portal administrator connects it again under Portals; what was read stays.")
    return Told(title=title, text=text)


def since_when(value: datetime) -> str:
    """Return since when, by the clock alone for today."""
    shown = zones.local(value)
    return f"{shown:%H:%M}" if shown.date() == timezone.localdate() else moment(value)
