"""What the portal's application has registered, compared with what is kept here."""

import logging

from django.db import transaction
from django.utils import timezone

from bizproc_admin import bitrix
from bizproc_admin.models import ApplicationAction, Portal
from bizproc_admin.portals import clients, connections

log = logging.getLogger(__name__)


def read(portal: Portal, *, purpose: bitrix.Purpose) -> int:
    """List what the application has registered, where an administrator's token is at hand.

    Returns the requests it took. A list that fails proves nothing and changes nothing.
    """
    if not portal.client_id:
        return 0
    try:
        reader = clients.application_reader(portal, purpose=purpose)
        compare(portal, reader.application_actions.registered())
    except bitrix.BitrixError as error:
        log.info("actions_not_listed portal=%s %s", portal.pk, error.for_logs)
        return 0
    return reader.transport.requests


def compare(portal: Portal, listed: bitrix.RegisteredActions) -> None:
    """Bring what is kept of the application's actions to a list of all their codes.

    What was registered or changed here after the list was asked for is left alone.
    """
    with transaction.atomic():
        Portal.objects.select_for_update().get(pk=portal.pk)
        known = {one.code: one for one in ApplicationAction.objects.of_application(portal)}
        for code, kind in listed.kinds.items():
            row = known.get(code) or ApplicationAction(
                portal=portal, client_id=portal.client_id, code=code[:128], kind=kind
            )
            if is_newer(row, listed):
                continue
            if row.kind != kind:
                # of the other kind it was registered anew, and not from here
                row.kind, row.definition, row.timeout = kind, None, None
            row.listed_at, row.missing_since = listed.sent_at, None
            row.save()
        for code, row in known.items():
            if code not in listed.kinds and row.missing_since is None and not is_newer(row, listed):
                row.missing_since = listed.sent_at
                row.save()
        Portal.objects.filter(pk=portal.pk).update(actions_listed_at=timezone.now())
        # whoever may list them is the application
        connections.application_found(portal, is_there=True)


def is_newer(row: ApplicationAction, listed: bitrix.RegisteredActions) -> bool:
    """Tell whether a row was written by a reading that is newer than a list."""
    times = [at for at in (row.listed_at, row.missing_since) if at is not None]
    return bool(times) and max(times) > listed.sent_at
