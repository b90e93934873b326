"""Who asks for something, by which way, and from where."""

import ipaddress
from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from bizproc_admin.models import Account


@dataclass(frozen=True, kw_only=True)
class By:
    """Who asks: taken whole by everything that acts and by the history.

    account is None where none asks: name says then who it is, as far as that is known. origin is
    screen, worker, sweeper, portal, command line, or bulk for a part of a mass action.
    """

    account: Account | None
    origin: str = "screen"
    ip: str | None = None
    name: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """Return who asks by a request; nobody is signed in on some pages."""
        return cls(account=account_of(request), ip=ip_of(request))

    @property
    def somebody(self) -> Account:
        """Return the account that asks, where there must be one."""
        if self.account is None:
            raise PermissionDenied
        return self.account


COMMAND_LINE = By(account=None, origin="command line", name="command line")
PORTAL = By(account=None, origin="portal", name="portal")
WORKER = By(account=None, origin="worker", name="worker")


def account_of(request: HttpRequest) -> Account | None:
    """Return the account that a request is signed in with."""
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject):
        user = user._wrapped if user.pk else user
    return user if isinstance(user, Account) else None


def ip_of(request: HttpRequest) -> str | None:
    """Return the address a request came from: as the trusted proxy tells it, where there is one."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.TRUSTED_PROXY else ""
    # the proxy adds its own visitor at the end; what stands before, anybody may have written
    text = forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
