"""Looking whether a portal answers under a new address: the same one, not merely one that answers.

With an application the token server says so (member_id, pinned at the first sign-in). Without, the
new address must know what is known here: of up to 200 ids 95 % with the same template and document,
or the same name. Only reads, with the connection the portal has.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from bizproc_admin import bitrix, doorbell
from bizproc_admin.models import AddressChange, Person, Portal
from bizproc_admin.portals import clients, tokens

log = logging.getLogger(__name__)

MOST_WORKFLOWS = 150
MOST_IDS = 200
MOST_SAMPLES = 8
SAME_SHARE = 0.95
# fewer answers than this prove nothing, nor do those of less than half of what was asked
FEWEST = 3
RETRY_AFTER = (2, 5, 10, 20, 30)
MOST_TRIES = 20


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One id known here, and what stands behind it there ("" where nothing does)."""

    kind: str
    id: str
    here: str
    there: str

    @property
    def is_same(self) -> bool:
        return self.here == self.there


def look_at_address(pk: int) -> None:
    """Compare what is known of a portal with what a proposed address answers, and keep the result.

    A look that could not be made is made again in seconds, and given up after a while.
    """
    change = AddressChange.objects.select_related("portal").get(pk=pk)
    if change.state != AddressChange.State.ASKED:
        return
    row = AddressChange.objects.filter(pk=pk, state=AddressChange.State.ASKED)
    try:
        found = looked(change.portal, change.address)
    except bitrix.BitrixError as error:
        log.info("address_postponed change=%s %s", pk, error.for_logs)
        row.update(failure=error.code, tries=F("tries") + 1, looked_at=timezone.now())
        if change.tries < MOST_TRIES:
            wait = RETRY_AFTER[min(change.tries, len(RETRY_AFTER) - 1)]
            doorbell.ring("look_at_address", pk, queue=doorbell.INTERACTIVE, after=wait)
        return
    state = AddressChange.State.PROVEN if is_proof(found) else AddressChange.State.DOUBTFUL
    row.update(found=found, state=state, failure="", looked_at=timezone.now())


def find_lost_looks(*, start: doorbell.Start = doorbell.ring) -> None:
    """Start the looks whose message was lost."""
    lately = timezone.now() - timedelta(seconds=60)
    lost = AddressChange.objects.filter(
        state=AddressChange.State.ASKED, asked_at__lt=lately, tries__lte=MOST_TRIES
    ).exclude(looked_at__gt=lately)
    for pk in lost.values_list("pk", flat=True):
        start("look_at_address", pk, queue=doorbell.INTERACTIVE)


def looked(portal: Portal, address: str) -> dict[str, object]:
    """Read under the new address what is known here; AddressChange says the shape."""
    reader = clients.reader_at(portal, address)
    profile = reader.system.profile()
    compared = [*workflows(portal, reader), *people(portal, reader)]
    answered = [one for one in compared if one.there]
    different = [one for one in answered if not one.is_same]
    shown = (different + [one for one in answered if one.is_same])[:MOST_SAMPLES]
    return {
        "identity": identity_at(portal, address),
        "owner": f"{profile.name} {profile.last_name}".strip() or str(profile.id),
        "asked": len(compared),
        "answered": len(answered),
        "same": len(answered) - len(different),
        "samples": [
            {"kind": one.kind, "id": one.id, "here": one.here, "there": one.there,
             "same": one.is_same}
            for one in shown
        ],
    }  # fmt: skip


def is_proof(found: dict[str, object]) -> bool:
    """Return whether what was found proves that it is the same portal."""
    if found["identity"] is not None:
        return bool(found["identity"])
    asked, answered, same = (int(str(found[name])) for name in ("asked", "answered", "same"))
    return answered >= max(FEWEST, asked / 2) and same >= SAME_SHARE * answered


def identity_at(portal: Portal, address: str) -> bool | None:
    """Ask the token server where the portal with the pinned member_id is now; None: cannot be.

    A refreshed pair names the portal's identity and its present address; one of another identity
    is refused.
    """
    if not portal.member_id or not portal.has_application:
        return None
    holders = Person.objects.filter(portal=portal, token__lost_at=None, token__isnull=False)
    for person in holders.select_related("portal").order_by("-is_administrator", "pk")[:3]:
        try:
            if (origin := tokens.whereabouts(person)) is not None:
                return origin == address
        except (tokens.ReconnectNeeded, tokens.ApplicationBroken):
            continue
    return None


def workflows(portal: Portal, reader: bitrix.Reader) -> list[Compared]:
    """Compare the template and document of running workflows; those that ended prove nothing."""
    known = {
        row.remote_id: row
        for row in portal.workflows.running()
        .select_related("template", "document")
        .order_by("-pk")[:MOST_WORKFLOWS]
    }
    there = {str(row.id): row for row in reader.workflows.by_ids(known).rows}
    return [
        Compared(
            kind="workflow",
            id=remote_id,
            here=f"{row.template.remote_id if row.template else ''} · {row.document.document_id}",
            there=(
                f"{there[remote_id].template_id or ''} · {there[remote_id].document_id}"
                if remote_id in there
                else ""
            ),
        )
        for remote_id, row in known.items()
    ]


def people(portal: Portal, reader: bitrix.Reader) -> list[Compared]:
    """Compare the names of people."""
    room = MOST_IDS - min(MOST_WORKFLOWS, portal.workflows.running().count())
    known = {
        person.remote_id: person for person in portal.people.exclude(name="").order_by("pk")[:room]
    }
    there = {int(row.id): row for row in reader.users.by_ids(known).rows}
    return [
        Compared(
            kind="person",
            id=str(remote_id),
            here=person.name,
            there=(
                f"{there[remote_id].name} {there[remote_id].last_name}".strip()
                if remote_id in there
                else ""
            ),
        )
        for remote_id, person in known.items()
    ]
