"""What a row says of a command: what was asked, and where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from bizproc_admin.models import Command
from bizproc_admin.models.commands import receivers
from bizproc_admin.wording import acts


@dataclass(frozen=True, kw_only=True)
class CommandLine:
    """A command in words."""

    pk: int
    command: Command
    act: str

    @property
    def reads(self) -> object:
        return self.command.state, self.command.error_code


def command_lines(commands: Sequence[Command]) -> list[CommandLine]:
    """Return what rows of commands say, in one query for the names in them."""
    names = receivers(commands)
    return [CommandLine(pk=one.pk, command=one, act=acts.whole(one, names)) for one in commands]
