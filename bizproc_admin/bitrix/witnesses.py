"""Who saw a list: the calls that prove, in the same batch, that its reader sees everything.

A portal does not refuse a list to somebody who may see only a part of it: it gives the part, and
says nothing. So what is absent from a list has ended only when the same request also shows that
whoever asks is an administrator. `bizproc.workflow.instances` refuses everybody else; asked for an
id that does not exist, uncounted, it costs next to nothing. `user.admin` answers yes or no; an
administrator who is an extranet user still sees only their own people.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from .envelopes import Call, Reply
from .errors import BadAnswer

#: No workflow has it, and no sign in it means more than itself to a filter.
NOBODY: Final = "no-such-workflow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One call, and what the reply to it must be."""

    call: Call
    proves: Callable[[Reply], bool]


def _is_refused_to_others(reply: Reply) -> bool:
    if reply.result not in ([], {}):
        raise BadAnswer("an id that does not exist was found", method="bizproc.workflow.instances")
    return True


def _is_administrator(reply: Reply) -> bool:
    if not isinstance(reply.result, bool):
        raise BadAnswer("the answer is neither true nor false", method="user.admin")
    return reply.result


def _is_no_guest(reply: Reply) -> bool:
    if not isinstance(reply.result, dict):
        raise BadAnswer("the answer is no person", method="user.current")
    return reply.result.get("USER_TYPE") in ("employee", "", None)


WORKFLOWS: Final[Sequence[Witness]] = (
    Witness(
        call=Call(
            method="bizproc.workflow.instances",
            params={"select": ["ID"], "filter": {"ID": NOBODY}, "start": -1},
        ),
        proves=_is_refused_to_others,
    ),
)
DEPARTMENTS: Final[Sequence[Witness]] = (
    Witness(call=Call(method="user.admin", params={}), proves=_is_administrator),
)
PEOPLE: Final[Sequence[Witness]] = (
    *DEPARTMENTS,
    Witness(call=Call(method="user.current", params={}), proves=_is_no_guest),
)
