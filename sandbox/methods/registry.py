"""The table of REST methods: name, function, scopes, and whether it changes the portal."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.refusals import Refusal, access_denied
from sandbox.state.portal import Portal
from sandbox.state.records import Application, User


@dataclass(frozen=True)
class Caller:
    """Who calls: a person, and what their webhook or their application may do.

    `code` is what limits are counted by: the webhook's code, or the application's client id.
    """

    user: User
    scopes: tuple[str, ...]
    code: str
    application: Application | None = None

    @property
    def id(self) -> int:
        """Return the person's id."""
        return self.user.id

    @property
    def is_admin(self) -> bool:
        """Tell whether the person administers the portal."""
        return self.user.admin

    def must_be_admin(self) -> None:
        """Refuse anybody else."""
        if not self.is_admin:
            raise access_denied()

    def administered_application(self) -> Application:
        """Return the application an administrator calls from; refuse all others."""
        if self.application is None:
            raise access_denied("Application context required")
        self.must_be_admin()
        return self.application


@dataclass(frozen=True)
class Params:
    """A call's parameters without the reserved names; `query` holds those of the URL alone."""

    values: dict[str, Any]
    start: int | None = None
    query: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a parameter, or the default."""
        return self.values.get(name, default)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a write answers, and what it has changed in the words of the ledger."""

    result: Any
    applied: dict[str, Any]


class PartlyDone(Refusal):
    """The portal refuses, and yet has done a part of what was asked."""

    def __init__(self, code: str, text: str, *, applied: dict[str, Any]) -> None:
        """Keep what was changed all the same."""
        super().__init__(code, text)
        self.applied = applied


Function = Callable[[Portal, Caller, Params], Any]


@dataclass(frozen=True)
class Method:
    """A REST method."""

    name: str
    function: Function
    scopes: tuple[str, ...]
    changes: bool
    upper: bool

    def allowed_by(self, scopes: tuple[str, ...]) -> bool:
        """Tell whether one of the scopes it needs was given."""
        return not self.scopes or any(scope in scopes for scope in self.scopes)


METHODS: dict[str, Method] = {}


def method(
    *names: str, scopes: tuple[str, ...] = (), changes: bool = False, upper: bool = True
) -> Callable[[Function], Function]:
    """Register a function as a REST method, under one or more names."""

    def register(function: Function) -> Function:
        for name in names:
            METHODS[name] = Method(name, function, scopes, changes, upper)
        return function

    return register
