"""Registering, changing and deleting application actions, by a form or from a file."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.actions import DeleteAction, RegisterAction, UpdateAction
from bizproc_admin.forms.application_actions import ActionDeletionForm, ActionForm, ImportForm
from bizproc_admin.forms.definition_files import (
    LARGEST,
    FileEntry,
    Unusable,
    definitions_of,
    with_problem,
)
from bizproc_admin.forms.template_files import known_types
from bizproc_admin.htmx import accepted, dialog, page
from bizproc_admin.lists.application_action_lines import application_action_lines
from bizproc_admin.models import ApplicationAction, Command, Portal, WorkflowTemplate
from bizproc_admin.models.ordered_json import read
from bizproc_admin.receiving import tell_console
from bizproc_admin.receiving.addresses import handler_of
from bizproc_admin.views.application_actions import hands_of, reached_action
from bizproc_admin.views.issuing import InTheWay, try_to_issue
from bizproc_admin.wording.application_actions import TYPES
from bizproc_admin.wording.command_errors import command_error

FORM = "application_actions/form.html"


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """What the form for a new action begins with."""

    definition: Mapping[str, Any]
    initial: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What one definition of a file would do; action is the one that it would change."""

    entry: FileEntry
    action: ApplicationAction | None


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_TEMPLATES)
def application_action_registration(request: Request) -> HttpResponse:
    portal = portal_of(request)
    first = beginning(request, portal)
    form = form_of(request, portal, known=first.definition, initial=first.initial)
    if not form.is_bound or not form.is_valid():
        return form_page(request, form)
    cleaned = form.cleaned_data
    action = RegisterAction(
        to_portal=portal,
        client_id=portal.client_id,
        kind=cleaned["kind"],
        code=cleaned["code"],
        definition=form.made,
        timeout=cleaned["timeout"],
        reason=cleaned["reason"],
    )
    return issued(request, form, action)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_TEMPLATES)
def application_action_change(request: Request, pk: int) -> HttpResponse:
    """Replace the definition of an action; what is known of it, or was refused, fills the form."""
    action = current_action(request, pk)
    known, initial = action.definition or {}, {"timeout": action.timeout}
    if (again := earlier(request, action.portal)) is not None:
        known, initial = read(again.inputs["definition"]), {"timeout": again.inputs["timeout"]}
    form = form_of(request, action.portal, known=known, initial=initial, action=action)
    if not form.is_bound or not form.is_valid():
        return form_page(request, form)
    update = UpdateAction(
        to_portal=action.portal,
        client_id=action.client_id,
        kind=action.kind,
        code=action.code,
        definition=form.made,
        timeout=form.cleaned_data["timeout"],
        reason=form.cleaned_data["reason"],
    )
    return issued(request, form, update)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_TEMPLATES)
def application_action_deletion(request: Request, pk: int) -> HttpResponse:
    action = current_action(request, pk)
    form = ActionDeletionForm(request.POST or None, action=action)
    in_the_way = None
    if form.is_bound and form.is_valid():
        deletion = DeleteAction(
            to_portal=action.portal,
            client_id=action.client_id,
            kind=action.kind,
            code=action.code,
            reason=form.cleaned_data["reason"],
        )
        made = try_to_issue(request, deletion, key=form.cleaned_data["key"])
        if not isinstance(made, InTheWay):
            return accepted(
                request,
                changed="application-action-changed",
                url=reverse("command_detail", args=[made.pk]),
                text=_("Requested. This page shows what becomes of it."),
            )
        in_the_way = made
    (line,) = application_action_lines([action], portal=action.portal, viewer=request.user)
    context = {
        "action": action,
        "line": line,
        "form": form,
        "in_the_way": in_the_way,
        **hands_of(request, action.portal),
    }
    status = 200 if not form.is_bound else 409 if in_the_way else 422
    return dialog(request, "application_actions/deletion.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_TEMPLATES)
def application_action_import(request: Request) -> HttpResponse:
    """Look definitions through, and ask for all of them once none has anything wrong."""
    portal = portal_of(request)
    if request.method != "POST":
        return import_page(request, portal, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return import_page(request, portal, form, status=422)
    file, content = form.cleaned_data["file"], form.cleaned_data["content"].encode()
    if file is not None:
        content = file.read(LARGEST + 1)
    # from here on the text is what is looked at: it can be mended
    data = request.POST.copy()
    data["content"] = content.decode("utf-8", "replace")[:LARGEST]
    form = ImportForm(data)
    form.is_valid()
    try:
        entries = definitions_of(content, kind=form.cleaned_data["kind"])
    except Unusable as why:
        form.add_error("content" if file is None else "file", str(why))
        return import_page(request, portal, form, status=422)
    plans = [planned(portal, entry) for entry in entries]
    form.fields["reason"].required = not any(plan.entry.problems for plan in plans)
    if "send" not in request.POST or file is not None:
        return import_page(request, portal, form, plans=plans)
    if any(plan.entry.problems for plan in plans):
        return import_page(request, portal, form, plans=plans, status=422)
    if not form.cleaned_data["reason"].strip():
        form.add_error("reason", _("Say why."))
        return import_page(request, portal, form, plans=plans, status=422)
    for plan in plans:
        made = try_to_issue(
            request,
            action_of(portal, plan, reason=form.cleaned_data["reason"]),
            key=uuid.uuid5(form.cleaned_data["key"], plan.entry.code),
        )
        if isinstance(made, InTheWay):
            return import_page(
                request, portal, form, plans=plans, in_the_way=made, at=plan.entry.code, status=409
            )
    return redirect("application_action_list")


# --- parts --------------------------------------------------------------------------------------


def portal_of(request: Request) -> Portal:
    """Return the portal that is looked at; one without an application registers nothing."""
    portals = Portal.objects.reached_by(request.user).exclude(client_id="")
    return get_object_or_404(portals, pk=getattr(request.portal, "pk", None))


def current_action(request: Request, pk: int) -> ApplicationAction:
    action = reached_action(request, pk)
    return get_object_or_404(ApplicationAction.objects.of_application(action.portal), pk=pk)


def number_in(request: Request, name: str) -> int | None:
    given = request.GET.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 19 else None


def earlier(request: Request, portal: Portal) -> Command | None:
    """Return the refused command that is to be corrected and sent again."""
    number = number_in(request, "again")
    if number is None:
        return None
    known = Command.objects.visible_to(request.user).filter(
        portal=portal, action__in=(RegisterAction.name, UpdateAction.name)
    )
    return get_object_or_404(known, pk=number)


def beginning(request: Request, portal: Portal) -> Beginning:
    """Return what a new action begins with: nothing, one that is missing, or one that was refused.

    The console's own address is the one that is called unless somebody says another.
    """
    if (again := earlier(request, portal)) is not None:
        inputs = again.inputs
        first = {name: inputs[name] for name in ("kind", "code", "timeout")}
        return Beginning(definition=read(inputs["definition"]), initial=first)
    if (number := number_in(request, "action")) is not None:
        action = reached_action(request, number)
        first = {"kind": action.kind, "code": action.code, "timeout": action.timeout}
        return Beginning(definition=action.definition or {}, initial=first)
    own = handler_of(portal)
    if request.GET.get("ready") == tell_console.CODE:
        first = {"kind": ApplicationAction.Kind.ROBOT, "code": tell_console.CODE}
        return Beginning(definition=tell_console.definition(own), initial=first)
    return Beginning(definition={"HANDLER": own}, initial={})


def form_of(
    request: Request,
    portal: Portal,
    *,
    known: Mapping[str, Any],
    initial: Mapping[str, Any],
    action: ApplicationAction | None = None,
) -> ActionForm:
    types = known_types(WorkflowTemplate.objects.filter(portal=portal, gone_at=None))
    rest: dict[str, Any] = {
        "portal": portal, "types": types, "initial": initial, "known": known, "action": action,
    }  # fmt: skip
    if request.method != "POST":
        form = ActionForm(**rest)
        if (again := earlier(request, portal)) is not None:
            form.tell(again, command_error(again))
        return form
    data = cast("QueryDict", request.POST)
    if "more" in data or "less" in data:
        return ActionForm.reshaped(data, **rest)
    return ActionForm(data, **rest)


def form_page(
    request: Request,
    form: ActionForm,
    *,
    in_the_way: InTheWay | None = None,
    status: int = 0,
) -> HttpResponse:
    context = {
        "form": form,
        "action": form.action,
        "in_the_way": in_the_way,
        "types": list(TYPES.items()),
        "own_handler": handler_of(form.portal),
        "again": earlier(request, form.portal),
        **hands_of(request, form.portal),
    }
    status = status or (422 if form.is_bound else 200)
    return page(request, FORM, context, partial="form", status=status)


def issued(
    request: Request, form: ActionForm, action: RegisterAction | UpdateAction
) -> HttpResponse:
    made = try_to_issue(request, action, key=form.cleaned_data["key"])
    if isinstance(made, InTheWay):
        return form_page(request, form, in_the_way=made, status=409)
    return redirect("command_detail", pk=made.pk)


def planned(portal: Portal, entry: FileEntry) -> Planned:
    """Return what a definition would do on the portal, as far as is known of it."""
    known = ApplicationAction.objects.of_application(portal).filter(
        code=entry.code, listed_at__isnull=False, missing_since=None
    )
    action = known.first()
    if action is not None and action.kind != entry.kind:
        words = _("The portal has this code already, as the other kind: choose another.")
        return Planned(entry=with_problem(entry, ("CODE",), words), action=None)
    return Planned(entry=entry, action=action)


def action_of(portal: Portal, plan: Planned, *, reason: str) -> RegisterAction | UpdateAction:
    entry = plan.entry
    kind = RegisterAction if plan.action is None else UpdateAction
    return kind(
        to_portal=portal,
        client_id=portal.client_id,
        kind=entry.kind,
        code=entry.code,
        definition=entry.definition,
        timeout=entry.timeout,
        reason=reason,
    )


def import_page(
    request: Request,
    portal: Portal,
    form: ImportForm,
    *,
    plans: list[Planned] | None = None,
    in_the_way: InTheWay | None = None,
    at: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "plans": plans,
        "is_sound": bool(plans) and not any(plan.entry.problems for plan in plans or ()),
        "in_the_way": in_the_way,
        "at": at,
        **hands_of(request, portal),
    }
    return page(request, "application_actions/import.html", context, partial="body", status=status)
