"""Issuing the command of a valid form, and what may stand in its way."""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from bizproc_admin.access.permissions import Request
from bizproc_admin.actions import Action, NotPossible
from bizproc_admin.audit import By
from bizproc_admin.commands import KeyReused, TargetBusy, issue
from bizproc_admin.models import Command
from bizproc_admin.wording.command_errors import said


@dataclass(frozen=True, kw_only=True)
class InTheWay:
    """Why no command was made: another is under way, or the words for people."""

    busy: Command | None = None
    problem: str = ""


def try_to_issue(
    request: Request, action: Action, *, key: UUID, delay: float = 0
) -> Command | InTheWay:
    """Issue an action's command, or say what stands in its way."""
    try:
        made = issue(action, by=By.of(request), key=key, delay=delay)
        if made.is_settled and made.word == "refused":
            return InTheWay(
                problem=_("This was sent before and came to nothing. To send it, do it once more.")
            )
        return made
    except TargetBusy as other:
        return InTheWay(busy=other.command)
    except NotPossible as why:
        return InTheWay(problem=said(why.code, why.values))
    except KeyReused:
        return InTheWay(
            problem=_("This form was sent before with other contents. Close it and open it again.")
        )
