"""Who may do what: capabilities, the one table of roles, and the guard of every view."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from bizproc_admin import audit
from bizproc_admin.audit import AuditAction, By, account_of
from bizproc_admin.models import Account, AuditEntry, Portal, Role, Target

P = ParamSpec("P")
View = TypeVar("View", bound=Callable[..., Any])


class Request(HttpRequest):
    """A request past the sign-in: its user is an account, portal the one looked at.

    id is the request's number in the log, signed_in_with the account that has just signed in with
    it, for the browser to be remembered by; portals are all that the account may look at.
    running_count is how many workflows run, set by a view that has counted them anyway.
    """

    user: Account
    htmx: HtmxDetails
    id: str
    signed_in_with: int
    portal: Portal | None
    portals: list[Portal]
    running_count: int


class Capability(StrEnum):
    SEE_OVERVIEW = "see_overview"
    SEE_WORKFLOWS = "see_workflows"
    REFRESH_WORKFLOWS = "refresh_workflows"
    TERMINATE_WORKFLOWS = "terminate_workflows"
    KILL_WORKFLOWS = "kill_workflows"
    START_WORKFLOWS = "start_workflows"
    MANAGE_TEMPLATES = "manage_templates"
    SEE_COMMANDS = "see_commands"
    SEE_OPERATIONS = "see_operations"
    STEER_OPERATIONS = "steer_operations"
    SEE_AUDIT = "see_audit"
    SEE_STRUCTURES = "see_structures"
    SEE_WORKFLOW_TASKS = "see_workflow_tasks"
    REFRESH_WORKFLOW_TASKS = "refresh_workflow_tasks"
    COMPLETE_WORKFLOW_TASKS = "complete_workflow_tasks"
    DELEGATE_WORKFLOW_TASKS = "delegate_workflow_tasks"
    ACT_FOR_OTHERS = "act_for_others"
    SEE_STEPS = "see_steps"
    ANSWER_STEPS = "answer_steps"
    SEE_PEOPLE = "see_people"
    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_PORTALS = "manage_portals"
    SEE_SYNC_RUNS = "see_sync_runs"


ROLES: dict[Role, frozenset[Capability]] = {
    Role.PORTAL_ADMINISTRATOR: frozenset(Capability),
    Role.MANAGER: frozenset(
        {
            Capability.SEE_OVERVIEW,
            Capability.SEE_WORKFLOWS,
            Capability.REFRESH_WORKFLOWS,
            Capability.START_WORKFLOWS,
            Capability.SEE_WORKFLOW_TASKS,
            Capability.REFRESH_WORKFLOW_TASKS,
            Capability.COMPLETE_WORKFLOW_TASKS,
            Capability.DELEGATE_WORKFLOW_TASKS,
            Capability.SEE_OPERATIONS,
            Capability.STEER_OPERATIONS,
            Capability.SEE_PEOPLE,
        }
    ),
    Role.PARTICIPANT: frozenset(
        {
            Capability.SEE_OVERVIEW,
            Capability.SEE_WORKFLOWS,
            Capability.REFRESH_WORKFLOWS,
            Capability.START_WORKFLOWS,
            Capability.SEE_WORKFLOW_TASKS,
            Capability.REFRESH_WORKFLOW_TASKS,
            Capability.COMPLETE_WORKFLOW_TASKS,
            Capability.DELEGATE_WORKFLOW_TASKS,
            Capability.SEE_OPERATIONS,
            Capability.STEER_OPERATIONS,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Capability.SEE_OVERVIEW,
            Capability.SEE_WORKFLOWS,
            Capability.SEE_WORKFLOW_TASKS,
            Capability.SEE_PEOPLE,
            Capability.SEE_STRUCTURES,
            Capability.SEE_STEPS,
            Capability.SEE_COMMANDS,
            Capability.SEE_OPERATIONS,
            Capability.SEE_AUDIT,
            Capability.SEE_SYNC_RUNS,
        }
    ),
}


def capabilities(account: Account) -> frozenset[Capability]:
    """Return what an account may do; an account without a role may do nothing."""
    if not account.is_active or account.role is None:
        return frozenset()
    return ROLES[account.role]


def may(account: Account, capability: Capability) -> bool:
    """Tell whether an account has a capability."""
    return capability in capabilities(account)


def requires(
    capability: Capability,
) -> Callable[
    [Callable[Concatenate[Request, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """Guard a view by a capability; a denial is audited and answered with 403."""

    def guard(
        view: Callable[Concatenate[Request, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            account = signed_in(request)
            if not may(account, capability):
                audit.record_once(
                    AuditEntry.Kind.DENIED,
                    AuditAction.PAGE_VISIT,
                    what=capability.value,
                    by=By.of(request),
                    target=Target(kind="page", label=request.path),
                    outcome="denied",
                    error_code=capability.value,
                )
                raise PermissionDenied(capability.value)
            return view(cast("Request", request), *args, **kwargs)

        guarded.required_capability = capability  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]  # wraps() hides that it takes any request

    return guard


def open_to_accounts(view: View) -> View:
    """Mark a view that is everybody's who is signed in, whatever the role."""
    view.open_to_accounts = True  # type: ignore[attr-defined]
    return view


def signed_in(request: HttpRequest) -> Account:
    """Return the request's account; LoginRequiredMiddleware has made sure there is one."""
    account = account_of(request)
    if account is None:
        raise PermissionDenied
    return account
