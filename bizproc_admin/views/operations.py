"""Bulk operations: all of them, and one with what becomes of its targets."""

import uuid

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from bizproc_admin.access.permissions import Capability, Request, may, requires
from bizproc_admin.actions import ACTIONS
from bizproc_admin.htmx import page, part
from bizproc_admin.lists.frozen_lists import Breakdown, FrozenList
from bizproc_admin.lists.list_page import ListPage
from bizproc_admin.lists.operation_filters import (
    KINDS,
    OperationFilterForm,
    OperationItemFilterForm,
)
from bizproc_admin.lists.operation_lines import operation_lines
from bizproc_admin.lists.operation_standing import ItemLine, Source, Standing
from bizproc_admin.lists.polling import MOST_ROWS
from bizproc_admin.lists.repainting import digest_of
from bizproc_admin.lists.shown import Shown
from bizproc_admin.models import BulkOperation, BulkState, Command
from bizproc_admin.models.bulk_operations import BulkOperationQuerySet
from bizproc_admin.views.operation_creation import verb_of

TEMPLATE = "operations/detail.html"


def visible(request: Request) -> BulkOperationQuerySet:
    """Return the operations that an account may see and that somebody has asked for."""
    return BulkOperation.objects.asked_for().visible_to(request.user)


def reached_operation(request: Request, pk: int) -> BulkOperation:
    found = visible(request).select_related("portal", "paused_by", "stopped_by", "approved_by")
    return get_object_or_404(found, pk=pk)


OPERATIONS = ListPage(
    noun="operation",
    capability=Capability.SEE_OPERATIONS,
    template="operations/list.html",
    filters=lambda request: OperationFilterForm(request.GET, portal=request.portal),
    rows=visible,
    fetched=lambda filters: BulkOperation.objects.select_related("portal"),
    lines=lambda shown, operations: operation_lines(operations),
    is_live=True,
    every=5,
    columns={
        "state": gettext_lazy("State"),
        "size": gettext_lazy("Targets"),
        "who": gettext_lazy("Who"),
        "asked": gettext_lazy("Asked for"),
    },
)


def operation_of(request: Request) -> BulkOperation:
    """Return the operation whose address was asked for."""
    match = request.resolver_match
    return reached_operation(request, match.kwargs["pk"] if match else 0)


ITEMS = ListPage(
    noun="operation_item",
    capability=Capability.SEE_OPERATIONS,
    template=TEMPLATE,
    filters=lambda request: OperationItemFilterForm(request.GET, operation=operation_of(request)),
    rows=lambda request: Command.objects.filter(bulk=operation_of(request)),
    here=lambda request, commands: commands,
    url=lambda request: reverse("operation_detail", args=[operation_of(request).pk]),
    fetched=lambda filters: Command.objects.select_related("task", "workflow"),
    lines=lambda shown, commands: [ItemLine(command=one) for one in commands],
    is_anchored=False,
)


@require_safe
@requires(Capability.SEE_OPERATIONS)
def operation_detail(request: Request, pk: int) -> HttpResponse:
    """Show an operation; to htmx the table of its targets alone, by other filters."""
    operation = reached_operation(request, pk)
    shown = Shown(ITEMS, request)
    context = {
        "list": shown,
        "shown_as": KINDS.get(shown.filters.part_shown, ""),
        "breakdowns": breakdowns_of(operation),
        **context_of(request, operation),
    }
    return page(request, TEMPLATE, context, partial="table")


@require_safe
@requires(Capability.SEE_OPERATIONS)
def operation_progress(request: Request, pk: int) -> HttpResponse:
    """Give an open page where its operation stands, nothing where it says so already."""
    context = context_of(request, reached_operation(request, pk))
    if request.GET.get("digest") == context["digest"]:
        return HttpResponse(status=204)
    return part(request, TEMPLATE, "live", context)


@require_safe
@requires(Capability.SEE_OPERATIONS)
def operation_rows(request: Request, pk: int) -> HttpResponse:
    """Give an open page its rows anew, nothing where none of them changed."""
    shown = Shown(ITEMS, request)
    given = request.GET.get("rows", "").split(".")
    keys = [int(key) for key in given if key.isdecimal() and len(key) < 19]
    shown.show(shown.rows_of(keys[:MOST_ROWS]))
    standing = Standing.of(reached_operation(request, pk))
    if request.GET.get("digest") == shown.digest and standing.operation.is_living:
        return HttpResponse(status=204)
    return part(request, TEMPLATE, "rows", {"list": shown, "standing": standing})


# --- parts --------------------------------------------------------------------------------------


def context_of(request: Request, operation: BulkOperation) -> dict[str, object]:
    """Return what the page of an operation shows besides its table."""
    standing, account = Standing.of(operation), request.user
    may_steer = may(account, Capability.STEER_OPERATIONS) and operation.may_be_steered_by(account)
    may_ask = may_steer and may(account, ACTIONS[operation.action].capability)
    return {
        "operation": operation,
        "standing": standing,
        "digest": digest_of([standing.reads]),
        "source": Source.of(operation),
        "may_pause": may_steer and operation.state == BulkState.READY,
        "may_resume": may_ask and operation.state == BulkState.PAUSED,
        "may_cancel": may_steer and operation.state in CANCELLABLE,
        "may_retry": may_ask and bool(standing.failed_count),
        "retry_key": uuid.uuid4() if verb_of(operation) else "",
        "may_approve": may_approve(request, operation),
        "has_results": operation.state != BulkState.DROPPED,
    }


CANCELLABLE = (BulkState.AWAITING, BulkState.PREPARING, BulkState.READY, BulkState.PAUSED)


def may_approve(request: Request, operation: BulkOperation) -> bool:
    """Tell whether the account is the second administrator that an operation waits for."""
    account = request.user
    return (
        operation.state == BulkState.AWAITING
        and operation.actor_id != account.pk
        and may(account, Capability.KILL_WORKFLOWS)
        and may(account, ACTIONS[operation.action].capability)
    )


def breakdowns_of(operation: BulkOperation) -> list[Breakdown]:
    """Return what the frozen list is made of, as its asker saw it."""
    verb = verb_of(operation)
    return FrozenList(operation, verb).breakdowns if verb else []
