"""Choosing rows of a list for one thing that is done to all of them, and confirming it."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from bizproc_admin import commands
from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.audit import By
from bizproc_admin.forms.choosing import ChoiceForm
from bizproc_admin.forms.confirmations import ConfirmationForm
from bizproc_admin.htmx import dialog, tell, wants_part
from bizproc_admin.lists.frozen_lists import FrozenList
from bizproc_admin.lists.list_page import ListPage
from bizproc_admin.lists.shown import Shown
from bizproc_admin.lists.start_verbs import START
from bizproc_admin.lists.step_verbs import ANSWER
from bizproc_admin.lists.task_verbs import AGREE, DELEGATE, DISAGREE
from bizproc_admin.lists.verbs import Verb, freeze
from bizproc_admin.lists.workflow_verbs import KILL, TERMINATE
from bizproc_admin.models import BulkOperation, BulkState, Portal
from bizproc_admin.views.application_steps import STEPS
from bizproc_admin.views.workflow_tasks import WORKFLOW_TASKS
from bizproc_admin.views.workflows import WORKFLOWS

LISTS: dict[str, ListPage[Any, Any, Any]] = {
    page.noun: page for page in (WORKFLOWS, WORKFLOW_TASKS, STEPS)
}
VERBS: dict[str, Verb] = {
    verb.name: verb for verb in (TERMINATE, KILL, DELEGATE, AGREE, DISAGREE, ANSWER, START)
}
# of lists that were not chosen from a page
BY_ACTION = {verb.action.name: verb for verb in reversed(VERBS.values())}
REFUSAL, CONFIRMATION = "operations/refusal.html", "operations/confirmation.html"


@require_POST
@requires(Capability.STEER_OPERATIONS)
def operation_creation(request: Request) -> HttpResponse:
    """Freeze what was chosen, and lead to what is asked before it is carried out."""
    form = ChoiceForm(request.POST)
    if not form.is_valid():
        texts = [str(text) for errors in form.errors.values() for text in errors]
        return refusal(request, LISTS.get(request.POST.get("list", "")), " ".join(texts))
    kind = LISTS.get(form.cleaned_data["list"])
    if kind is None or request.portal is None:
        return refusal(request, kind, _("This list is not known here."))
    if form.cleaned_data["portal"] != request.portal.pk:
        return refusal(request, kind, other_portal(request.portal))
    shown = kind.asked_by(request, form.filters)
    verbs = {verb.name: verb for verb in kind.verbs(shown)} if kind.verbs else {}
    verb = verbs.get(form.cleaned_data["verb"])
    if verb is None:
        return refusal(request, kind, _("That cannot be done to rows of this list."))
    guarded = requires(verb.action.capability)(frozen)
    return guarded(request, shown=shown, verb=verb, form=form)


def frozen(
    request: Request, *, shown: Shown[Any, Any, Any], verb: Verb, form: ChoiceForm
) -> HttpResponse:
    """Freeze the rows of a valid choice, or say why there are none."""
    is_whole = form.cleaned_data["whole"]
    filters = shown.filters
    if is_whole and (filters.misunderstood or filters.strange):
        return refusal(
            request,
            shown.kind,
            _("A filter of this list was not understood, so it is not sure what “all” means."),
        )
    if verb not in shown.verbs:
        return refusal(
            request, shown.kind, _("The portal is not connected: nothing can be done from here.")
        )
    rows = shown.chosen(None if is_whole else form.cleaned_data["rows"])
    if problem := verb.refuses(rows):
        return refusal(request, shown.kind, problem)
    operation = freeze(
        verb,
        rows,
        asker=shown.asker,
        by=By.of(request),
        key=form.list_key,
        source={
            "list": shown.kind.noun,
            "query": urlencode(filters.pairs(page=None, size=None)),
            "whole": is_whole,
            "verb": verb.name,
        },
    )
    if operation is None:
        return refusal(request, shown.kind, str(verb.nothing))
    return redirect("operation_confirmation", pk=operation.pk)


def other_portal(portal: Portal) -> str:
    """Say that a page was of another portal than the one that is looked at by now."""
    return _(
        "Another portal is looked at since this page was opened: %(portal)s. Load the page anew "
        "and choose again."
    ) % {"portal": portal.name}


def refusal(request: Request, kind: ListPage[Any, Any, Any] | None, problem: str) -> HttpResponse:
    """Answer that nothing was frozen, and why."""
    back = reverse(f"{kind.noun}_list") if kind else reverse("overview")
    return dialog(request, REFUSAL, {"problem": problem, "back": back}, status=422)


@require_http_methods(["GET", "POST"])
@requires(Capability.STEER_OPERATIONS)
def operation_confirmation(request: Request, pk: int) -> HttpResponse:
    """Ask before an operation is carried out, and carry out exactly what was shown."""
    own = BulkOperation.objects.filter(actor=request.user).select_related("portal", "actor")
    operation = get_object_or_404(own, pk=pk)
    if operation.confirmed_at is not None:
        return led_on(request, operation)
    verb = verb_of(operation)
    if operation.state != BulkState.DRAFT or verb is None or not operation.digest:
        return refusal(
            request, LISTS.get(list_of(operation)), _("This list was thrown away. Choose anew.")
        )
    guarded = requires(verb.action.capability)(asked)
    return guarded(request, operation=operation, verb=verb)


def asked(request: Request, *, operation: BulkOperation, verb: Verb) -> HttpResponse:
    """Show a frozen list with its form, or take the form."""
    form, frozen_list = verb.form(request.POST or None, operation), FrozenList(operation, verb)
    if form.is_bound and not frozen_list.problem and form.is_valid():
        return confirmed(request, operation, form)
    context = {
        "operation": operation,
        "form": form,
        "frozen": frozen_list,
        "verb": verb,
        "back": reverse(f"{list_of(operation)}_list"),
    }
    return dialog(request, CONFIRMATION, context, status=422 if form.is_bound else 200)


def confirmed(request: Request, operation: BulkOperation, form: ConfirmationForm) -> HttpResponse:
    try:
        commands.confirm(
            operation,
            by=By.of(request),
            reason=form.cleaned_data["reason"],
            regardless=form.is_regardless,
            inputs=form.inputs(),
        )
    except commands.Moved:
        return refusal(
            request, LISTS.get(list_of(operation)), _("This list was thrown away. Choose anew.")
        )
    return led_on(request, operation)


def led_on(request: Request, operation: BulkOperation) -> HttpResponse:
    """Lead to the operation's page; what was chosen for it is chosen no more."""
    url = reverse("operation_detail", args=[operation.pk])
    if wants_part(request):
        return tell(HttpResponseClientRedirect(url), {"choice-used": {"list": list_of(operation)}})
    return redirect(url)


def list_of(operation: BulkOperation) -> str:
    """Return the noun of the list whose rows an operation's targets are."""
    verb = verb_of(operation)
    return verb.noun if verb else WORKFLOWS.noun


def verb_of(operation: BulkOperation) -> Verb | None:
    """Return what an operation does to the rows of its list."""
    return VERBS.get(operation.source.get("verb", "")) or BY_ACTION.get(operation.action)
