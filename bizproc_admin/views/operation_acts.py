"""What is done about a bulk operation, from its page."""

import uuid
from typing import cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bizproc_admin import commands
from bizproc_admin.access import disclosures
from bizproc_admin.access.permissions import Capability, Request, may, requires
from bizproc_admin.actions import ACTIONS
from bizproc_admin.audit import By
from bizproc_admin.forms.operations import DeclineForm, RetryForm, RetryKeyForm
from bizproc_admin.htmx import accepted, dialog, toast, wants_part
from bizproc_admin.lists.operation_results import results_of
from bizproc_admin.lists.operation_standing import Standing
from bizproc_admin.models import BulkOperation
from bizproc_admin.views.operation_creation import verb_of
from bizproc_admin.views.operations import reached_operation
from bizproc_admin.wording import operation_states

# what the open page of an operation listens for
CHANGED = "operation-changed"


@require_POST
@requires(Capability.STEER_OPERATIONS)
def operation_pausing(request: Request, pk: int) -> HttpResponse:
    operation = steered(request, pk)
    return moved(request, operation, commands.pause(operation, by=By.of(request)))


@require_POST
@requires(Capability.STEER_OPERATIONS)
def operation_resuming(request: Request, pk: int) -> HttpResponse:
    """Go on with a paused operation; who resumes it must be allowed to ask for it."""
    operation = steered(request, pk)
    make_sure_of(request, operation)
    return moved(request, operation, commands.resume(operation, by=By.of(request)))


@require_http_methods(["GET", "POST"])
@requires(Capability.STEER_OPERATIONS)
def operation_cancellation(request: Request, pk: int) -> HttpResponse:
    """Stop an operation for good, after telling what is done already and what will not be sent."""
    operation = steered(request, pk)
    if request.method == "POST":
        return moved(request, operation, commands.stop(operation, by=By.of(request)))
    return dialog(request, "operations/cancellation.html", {"standing": Standing.of(operation)})


@require_POST
@requires(Capability.KILL_WORKFLOWS)
def operation_approval(request: Request, pk: int) -> HttpResponse:
    operation = reached_operation(request, pk)
    return moved(request, operation, commands.approve(operation, by=By.of(request)))


@require_http_methods(["GET", "POST"])
@requires(Capability.KILL_WORKFLOWS)
def operation_declining(request: Request, pk: int) -> HttpResponse:
    """Do not let an operation begin that another administrator asked for, and say why."""
    operation = reached_operation(request, pk)
    form = DeclineForm(request.POST or None)
    if form.is_bound and form.is_valid():
        reason = form.cleaned_data["reason"]
        return moved(
            request, operation, commands.decline(operation, by=By.of(request), reason=reason)
        )
    context = {"standing": Standing.of(operation), "form": form}
    status = 422 if form.is_bound else 200
    return dialog(request, "operations/declining.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(Capability.STEER_OPERATIONS)
def operation_retry(request: Request, pk: int) -> HttpResponse:
    """Ask anew for the targets that surely nothing was done to.

    They are frozen as a list of their own, which is confirmed like any other; where no list leads
    to such an operation, a reason is all that is asked.
    """
    operation = steered(request, pk)
    make_sure_of(request, operation)
    frozen = RetryKeyForm(request.POST or None)
    if verb_of(operation) is not None and frozen.is_bound and frozen.is_valid():
        key = frozen.cleaned_data["key"]
        anew = commands.retry(operation, by=By.of(request), key=key)
        return redirect("operation_confirmation", pk=anew.pk)
    standing = Standing.of(operation)
    initial = {"key": uuid.uuid4(), "reason": operation.reason}
    form = RetryForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        by = By.of(request)
        anew = commands.retry(operation, by=by, key=form.cleaned_data["key"])
        commands.confirm(anew, by=by, reason=form.cleaned_data["reason"])
        url = reverse("operation_detail", args=[anew.pk])
        if wants_part(request):
            return HttpResponse(headers={"HX-Redirect": url})
        return redirect(url)
    context = {"standing": standing, "form": form}
    status = 422 if form.is_bound else 200
    return dialog(request, "operations/retry.html", context, status=status)


@require_POST
@requires(Capability.SEE_OPERATIONS)
def operation_download(request: Request, pk: int) -> HttpResponse:
    """Give what became of each target as a file, and write into the history who took it."""
    operation = reached_operation(request, pk)
    disclosures.results_taken(operation, by=By.of(request))
    response = StreamingHttpResponse(results_of(operation), content_type="text/csv; charset=utf-8")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = f'attachment; filename="operation-{operation.pk}.csv"'
    return cast("HttpResponse", response)  # the guard of views knows no other kind


# --- parts --------------------------------------------------------------------------------------


def steered(request: Request, pk: int) -> BulkOperation:
    """Return an operation that the account may stop and go on with."""
    operation = reached_operation(request, pk)
    if not operation.may_be_steered_by(request.user):
        raise PermissionDenied(operation.action)
    return operation


def make_sure_of(request: Request, operation: BulkOperation) -> None:
    """Raise PermissionDenied unless the account may ask for such an operation itself."""
    if not may(request.user, ACTIONS[operation.action].capability):
        raise PermissionDenied(operation.action)


def moved(request: Request, operation: BulkOperation, is_moved: bool) -> HttpResponse:  # noqa: FBT001
    """Lead back to the page; what came too late is said with where the operation stands."""
    url = reverse("operation_detail", args=[operation.pk])
    if is_moved:
        return accepted(request, changed=CHANGED, url=url, text=_("Done."))
    operation.refresh_from_db()
    state = operation_states.look_of(operation).text
    text = _("Too late: the operation stands at “%(state)s” by now.") % {"state": state}
    if not wants_part(request):
        messages.warning(request, text)
        return redirect(url)
    return toast(accepted(request, changed=CHANGED, url=url, text=""), tone="warn", text=text)
