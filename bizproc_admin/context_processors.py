"""What the frame around every page shows: navigation, portal, person, worker."""

from typing import Any, cast
from urllib.parse import urlsplit

from django.db.models import Func, IntegerField, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from bizproc_admin import heartbeats
from bizproc_admin.access.permissions import Capability, Request, capabilities
from bizproc_admin.lists.inbox import waiting_count
from bizproc_admin.models import Account, ApplicationStep, BulkOperation, Portal, Role
from bizproc_admin.models.application_steps import OPEN
from bizproc_admin.models.workloads import running_count
from bizproc_admin.views.news import news_of
from bizproc_admin.wording.outages import outage


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's context; all of it lazy, because fragments of a page use none of it."""
    user = getattr(request, "user", None)
    if not isinstance(user, Account):
        return {
            "nav": [],
            "portal": None,
            "portals": [],
            "me": None,
            "worker_down": None,
            "worker_report": None,
            "can": {},
        }
    account = user
    portal: Portal | None = getattr(request, "portal", None)
    can = {capability.value: True for capability in capabilities(account)}
    workers: Any = SimpleLazyObject(heartbeats.report)
    waits = SimpleLazyObject(lambda: waiting_for(request, portal))
    news = SimpleLazyObject(lambda: news_of(cast("Request", request)))
    return {
        # a refusal keeps the navigation for those who have one
        "frame_template": "base.html" if can else "layout_narrow.html",
        "can": can,
        "portal": portal,
        "portals": getattr(request, "portals", []),
        "nav": SimpleLazyObject(lambda: navigation(request, account, portal, can, waits, news)),
        "waiting_for_me": SimpleLazyObject(lambda: waits[0]),
        "administrators": SimpleLazyObject(lambda: administrators(account)),
        "worker_report": workers,
        "worker_down": SimpleLazyObject(lambda: heartbeats.notice(workers) or ""),
        "to_take_back": SimpleLazyObject(lambda: news.to_take_back),
        "news": news,
        "asks_soon": SimpleLazyObject(
            lambda: bool(heartbeats.notice(workers) or outage(portal) or news.is_awaited)
        ),
        "me": {
            "key": account.pk,
            "name": account.display_name,
            "role": account.role.label if account.role else _("No role"),
        },
    }


def waiting_for(request: HttpRequest, portal: Portal | None) -> tuple[int | None, int]:
    """Give how many tasks wait for the account's person and are overdue."""
    return waiting_count(portal) or (None, 0)


def navigation(
    request: HttpRequest,
    account: Account,
    portal: Portal | None,
    can: dict[str, bool],
    waits: Any,
    news: Any,
) -> list[dict[str, Any]]:
    """Give the entries of the left column that the account may open."""
    running, waiting_steps, living = counts_of(request, account, portal, can)
    waiting, overdue = waits
    entries = [
        (Capability.SEE_OVERVIEW, "overview", _("Overview"), "layout-dashboard", None),
        (Capability.SEE_WORKFLOWS, "workflow_list", _("Workflows"), "workflow", running),
        (
            Capability.SEE_WORKFLOW_TASKS,
            "workflow_task_list",
            _("Workflow tasks"),
            "inbox",
            waiting,
        ),
        (
            Capability.SEE_STEPS,
            "application_step_list",
            _("Waiting steps"),
            "hourglass",
            waiting_steps,
        ),
        (
            Capability.SEE_WORKFLOWS,
            "workflow_template_list",
            _("Templates"),
            "file-text",
            None,
        ),
        (Capability.SEE_OPERATIONS, "operation_list", _("Operations"), "layers", living),
        (Capability.SEE_COMMANDS, "command_list", _("Commands"), "zap", None),
        (Capability.SEE_PEOPLE, "person_list", _("People"), "users", None),
        (Capability.SEE_AUDIT, "audit_entry_list", _("Audit"), "shield-check", None),
        (Capability.MANAGE_ACCOUNTS, "account_list", _("Accounts"), "user", None),
        (Capability.MANAGE_PORTALS, "portal_list", _("Portals"), "plug", None),
    ]
    secondary = {
        "application_step_list",
        "workflow_template_list",
        "operation_list",
        "command_list",
        "person_list",
        "account_list",
        "portal_list",
    }
    here = path_of_page(request)
    return [
        {
            "label": label,
            "url": (url := reverse(name)),
            "icon": icon,
            "current": here == url or (url != "/" and here.startswith(url)),
            "count": count,
            "news": len(news.items) if name == "workflow_task_list" else 0,
            "alert": name == "workflow_task_list" and bool(overdue),
            "short": _("Tasks") if name == "workflow_task_list" else label,
            "secondary": name in secondary,
        }
        for capability, name, label, icon, count in entries
        if can.get(capability.value)
        # a participant's home is the inbox
        and not (name == "overview" and account.role == Role.PARTICIPANT)
    ]


def counts_of(
    request: HttpRequest, account: Account, portal: Portal | None, can: dict[str, bool]
) -> tuple[int | None, int | None, int | None]:
    """Count the workflows that run, the steps that wait and operations, by two queries at most."""
    running: int | None = getattr(request, "running_count", None)  # the list has just counted them
    if portal is None:
        return running, None, None
    if running is None:
        running = running_count(account, portal)
    asked: dict[str, QuerySet[Any]] = {}
    if can.get(Capability.SEE_STEPS.value):
        steps = ApplicationStep.objects.visible_to(account).at(portal)
        asked["waiting_steps"] = steps.filter(state__in=OPEN)
    if can.get(Capability.SEE_OPERATIONS.value):
        operations = BulkOperation.objects.visible_to(account).filter(portal=portal)
        asked["living_operations"] = operations.living()
    if not asked:
        return running, None, None
    counts = {name: Subquery(number_of(rows)) for name, rows in asked.items()}
    found: Any = Portal.objects.filter(pk=portal.pk).values(**counts).get()
    return (
        running,
        found.get("waiting_steps") or None,
        found.get("living_operations") or None,
    )


def number_of(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return a query of how many rows there are, as a part of another one."""
    counted = Func("pk", function="COUNT", output_field=IntegerField())
    counts: QuerySet[Any] = rows.order_by().annotate(number=counted).values("number")
    return counts


def path_of_page(request: HttpRequest) -> str:
    """Give the path of the page that is open, also where htmx asks for a part of it."""
    htmx = getattr(request, "htmx", None)
    where = htmx.current_url_abs_path if htmx else None
    return urlsplit(where).path if where else request.path


def administrators(account: Account) -> list[str]:
    """Give the names of those who can change an account's role: whom to ask."""
    found = Account.objects.filter(is_active=True, groups__name=Role.PORTAL_ADMINISTRATOR.value)
    if account.home_id:
        found = found.filter(Q(home=None) | Q(home=account.home_id))
    return [account.display_name for account in found.order_by("first_name", "username")[:5]]
