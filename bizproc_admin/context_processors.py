"""What the frame around every page shows: navigation, portal, person, worker."""

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from bizproc_admin import heartbeats
from bizproc_admin.models import Account, Portal, Role, Workflow
from bizproc_admin.permissions import Capability, capabilities


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give the frame's context; all of it lazy, because fragments of a page use none of it."""
    user = getattr(request, "user", None)
    if not isinstance(user, Account) and not getattr(user, "is_authenticated", False):
        return {
            "nav": [],
            "portal": None,
            "portals": [],
            "me": None,
            "worker_down": None,
            "can": {},
        }
    account: Account = user  # type: ignore[assignment]
    portal: Portal | None = getattr(request, "portal", None)
    can = {capability.value: True for capability in capabilities(account)}
    return {
        "can": can,
        "portal": portal,
        "portals": getattr(request, "portals", []),
        "nav": SimpleLazyObject(lambda: navigation(request, account, portal, can)),
        "administrators": SimpleLazyObject(administrators),
        "worker_down": SimpleLazyObject(lambda: heartbeats.notice() or ""),
        "me": {
            "name": account.display_name,
            "role": account.role.label if account.role else _("No role"),
            "initials": initials(account.display_name),
        },
    }


def navigation(
    request: HttpRequest, account: Account, portal: Portal | None, can: dict[str, bool]
) -> list[dict[str, Any]]:
    """Give the entries of the left column that the account may open."""
    running = getattr(request, "running_count", None)  # the list itself has just counted them
    if portal and running is None:
        running = Workflow.objects.visible_to(account).at(portal).running().count()
    entries = [
        (Capability.SEE_OVERVIEW, "overview", _("Overview"), "layout-dashboard", None),
        (Capability.SEE_WORKFLOWS, "workflow_list", _("Workflows"), "workflow", running),
        (Capability.SEE_AUDIT, "audit_entry_list", _("Audit"), "shield-check", None),
        (Capability.MANAGE_ACCOUNTS, "account_list", _("Accounts"), "users", None),
        (Capability.MANAGE_PORTALS, "portal_list", _("Portals"), "plug", None),
    ]
    secondary = {"account_list", "portal_list"}
    here = path_of_page(request)
    return [
        {
            "label": label,
            "url": (url := reverse(name)),
            "icon": icon,
            "current": here == url or (url != "/" and here.startswith(url)),
            "count": count,
            "alert": False,
            "secondary": name in secondary,
        }
        for capability, name, label, icon, count in entries
        if can.get(capability.value)
    ]


def path_of_page(request: HttpRequest) -> str:
    """Give the path of the page that is open, also where htmx asks for a part of it."""
    htmx = getattr(request, "htmx", None)
    where = htmx.current_url_abs_path if htmx else None
    return urlsplit(where).path if where else request.path


def administrators() -> list[str]:
    """Give the names of those who can change roles: whom to ask."""
    found = Account.objects.filter(is_active=True, groups__name=Role.PORTAL_ADMINISTRATOR.value)
    return [account.display_name for account in found.order_by("first_name", "username")[:5]]


def initials(name: str) -> str:
    """Give up to two initials of a name."""
    return "".join(word[0] for word in name.split()[:2]).upper()
