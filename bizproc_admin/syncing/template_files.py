"""Reading uploaded template files in a worker: nothing of a file is parsed where people wait."""

import logging
from typing import Any

from django.db.models import F

from bizproc_admin import bitrix, doorbell
from bizproc_admin.diagrams.php_values import Note, Path
from bizproc_admin.diagrams.template_files import TemplateFileError, decode
from bizproc_admin.models import Account, Portal, TemplateFile
from bizproc_admin.portals import clients, tokens

log = logging.getLogger(__name__)

# a file whose worker died over it so often is not tried again
MOST_TRIES = 3
# attributes of an error that say more than its code
TOLD = ("size", "limit", "offset", "found")


def read_file(pk: int) -> None:
    """Read one uploaded file, unless it was read or forgotten meanwhile."""
    file = TemplateFile.objects.unread().select_related("portal", "account").filter(pk=pk).first()
    if file is None:
        return
    if file.tries >= MOST_TRIES:
        file.refuse("gave_up", {})
        return
    TemplateFile.objects.filter(pk=pk).update(tries=F("tries") + 1)
    try:
        found = decode(file.content)
    except TemplateFileError as error:
        log.info("template_file_refused file=%s code=%s", pk, error.code)
        values = {name: getattr(error, name) for name in TOLD if getattr(error, name)}
        file.refuse(error.code, {**values, "path": path_of(error.path)})
        return
    file.keep_parts(found.content, [note_of(note) for note in found.notes])
    learn_application(file.portal, file.account)


def start_due_files(*, start: doorbell.Start = doorbell.ring) -> None:
    """Start reading the files that nobody has read yet."""
    for pk in TemplateFile.objects.unread().order_by("pk").values_list("pk", flat=True)[:20]:
        start("read_template_file", pk, queue=doorbell.INTERACTIVE)


def note_of(note: Note) -> dict[str, Any]:
    """Return a note JSON-ready."""
    return {"code": note.code, "path": path_of(note.path), "key": note.key, "count": note.count}


def path_of(path: Path) -> list[str]:
    """Return where in a file something stands, step by step: a key, or a step by its title."""
    return [f"{place.step}. {place.title}" if place.step else place.key for place in path]


def learn_application(portal: Portal, account: Account) -> None:
    """Ask the portal which number it gave our application, with somebody's own token.

    What cannot be asked stays unknown: the portal's answer to a write tells then.
    """
    person = account.person_at(portal)
    if person is None or portal.application_number is not None:
        return
    try:
        way = clients.acting_as(person)
        number = bitrix.Reader(way, purpose=bitrix.Purpose.LEARNING).system.app_info().id
    except (bitrix.BitrixError, tokens.ReconnectNeeded) as error:
        log.info("application_unknown portal=%s %s", portal.pk, type(error).__name__)
        return
    if number is not None:
        Portal.objects.filter(pk=portal.pk).update(application_number=number)
