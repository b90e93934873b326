"""Saved views of lists: chosen, saved, changed, shared, deleted; and where a sign-in leads."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bizproc_admin.access import shared_views
from bizproc_admin.access.permissions import Capability, Request, may, requires
from bizproc_admin.access.sessions import CHOSEN
from bizproc_admin.audit import By
from bizproc_admin.forms.saved_views import ColumnsForm, SavedViewForm
from bizproc_admin.htmx import dialog, led, page
from bizproc_admin.lists.list_page import ListPage
from bizproc_admin.lists.saved_views import query_of, url_of
from bizproc_admin.lists.shown import Shown
from bizproc_admin.models import Role, SavedView
from bizproc_admin.views import (
    application_steps,
    audit_entries,
    commands,
    operations,
    person_list,
    template_list,
    template_search,
    workflow_tasks,
    workflows,
)

KINDS: tuple[ListPage[Any, Any, Any], ...] = (
    workflows.WORKFLOWS,
    workflow_tasks.WORKFLOW_TASKS,
    application_steps.STEPS,
    operations.OPERATIONS,
    commands.COMMANDS,
    template_list.TEMPLATES,
    template_search.MENTIONS,
    person_list.PEOPLE,
    audit_entries.AUDIT_ENTRIES,
)
LISTS = {kind.noun: kind for kind in KINDS}


@require_safe
@requires(Capability.SEE_OVERVIEW)
def home(request: Request) -> HttpResponse:
    """Lead whoever has signed in to their home: a view of theirs, else where their role begins."""
    view = SavedView.objects.of(request.user).filter(is_home=True).select_related("portal").first()
    kind = LISTS.get(view.noun) if view else None
    if view and kind and may(request.user, kind.capability) and request.user.reaches(view.portal):
        request.session[CHOSEN] = view.portal_id
        return redirect(url_of(view, Shown(kind, request).url))
    is_participant = request.user.role == Role.PARTICIPANT
    return redirect("workflow_task_list" if is_participant else "overview")


@require_safe
@requires(Capability.SEE_OVERVIEW)
def saved_view_list(request: Request, noun: str) -> HttpResponse:
    """Answer with the menu of a list's views, as it is shown by the same query."""
    shown = shown_of(request, noun)
    entries = shown.views.entries
    others = [one for one in entries if one.view.account_id != request.user.pk]
    context = {
        "list": shown,
        "own": [one for one in entries if one.view.account_id == request.user.pk],
        "shared": [one for one in others if one.view.shared_role == request.user.role],
        "elsewhere": [one for one in others if one.view.shared_role != request.user.role],
        "query": shown.filters.query(page=None, upto=None),
    }
    return page(request, "saved_views/list.html", context, partial="menu")


@require_http_methods(["GET", "POST"])
@requires(Capability.SEE_OVERVIEW)
def saved_view_creation(request: Request, noun: str) -> HttpResponse:
    """Save a list as the query asks for it."""
    shown = shown_of(request, noun)
    view = SavedView(
        account=request.user, portal=request.portal, noun=noun, query=query_of(shown.filters)
    )
    return answered(request, shown, view)


@require_http_methods(["GET", "POST"])
@requires(Capability.SEE_OVERVIEW)
def saved_view_detail(request: Request, pk: int) -> HttpResponse:
    """Change what a view is called and whom it is shared with."""
    view = own_view(request, pk)
    return answered(request, shown_of(request, view.noun), view)


@require_POST
@requires(Capability.SEE_OVERVIEW)
def saved_view_filters(request: Request, pk: int) -> HttpResponse:
    """Save what the query asks for to a view."""
    view = own_view(request, pk)
    shown = shown_of(request, view.noun)
    view.query = query_of(shown.filters)
    shared_views.save(view, by=By.of(request))
    messages.success(request, _("“%(name)s” is saved.") % {"name": view.name})
    return redirect(url_of(view, shown.url))


@require_POST
@requires(Capability.SEE_OVERVIEW)
def saved_view_home(request: Request, pk: int) -> HttpResponse:
    """Make a view the one that its owner lands at after signing in; or no more."""
    view = own_view(request, pk)
    is_home = not view.is_home
    with transaction.atomic():
        SavedView.objects.of(request.user).filter(is_home=True).update(is_home=False)
        SavedView.objects.filter(pk=view.pk).update(is_home=is_home)
    said = _("From now on you land here after signing in.") if is_home else _("It is home no more.")
    messages.success(request, said)
    return redirect(url_of(view, shown_of(request, view.noun).url))


@require_POST
@requires(Capability.SEE_OVERVIEW)
def saved_view_deletion(request: Request, pk: int) -> HttpResponse:
    view = own_view(request, pk)
    shared_views.delete(view, by=By.of(request))
    messages.success(request, _("The view is gone. Nothing else has changed."))
    return redirect(f"{shown_of(request, view.noun).url}?{view.query}")


@require_POST
@requires(Capability.MANAGE_ACCOUNTS)
def saved_view_withdrawal(request: Request, pk: int) -> HttpResponse:
    """Take a view out of others' menus; whose it is keeps it."""
    views = SavedView.objects.visible_to(request.user).filter(portal=request.portal)
    view = get_object_or_404(views.exclude(shared_role=""), pk=pk)
    view.shared_role = ""
    shared_views.save(view, by=By.of(request))
    said = _("“%(name)s” is shared no more. %(who)s keeps it.")
    messages.success(request, said % {"name": view.name, "who": view.account.display_name})
    return redirect(f"{shown_of(request, view.noun).url}?{view.query}")


@require_http_methods(["GET", "POST"])
@requires(Capability.SEE_OVERVIEW)
def saved_view_columns(request: Request, noun: str) -> HttpResponse:
    """Choose the columns of a list, as it is shown by the same query."""
    shown = shown_of(request, noun)
    columns = shown.views.columns
    if not columns:
        raise Http404
    form = ColumnsForm(
        request.POST if request.method == "POST" else None,
        columns=[(one.key, one.label) for one in columns],
        shown=[one.key for one in columns if one.is_shown],
    )
    if form.is_bound and form.is_valid():
        hide = ".".join(one.key for one in columns if one.key not in form.cleaned_data["shown"])
        return led(request, shown.url + shown.filters.query(hide=hide or None))
    context = {"list": shown, "form": form, "back": shown.url + shown.filters.query()}
    status = 422 if form.is_bound else 200
    return dialog(request, "saved_views/columns.html", context, status=status)


def shown_of(request: Request, noun: str) -> Shown[Any, Any, Any]:
    """Return a list that the account may see, as the request's query asks for it."""
    kind = LISTS.get(noun)
    if kind is None or request.portal is None or not may(request.user, kind.capability):
        raise Http404
    return Shown(kind, request)


def own_view(request: Request, pk: int) -> SavedView:
    views = SavedView.objects.of(request.user).filter(portal=request.portal)
    return get_object_or_404(views, pk=pk)


def answered(request: Request, shown: Shown[Any, Any, Any], view: SavedView) -> HttpResponse:
    form = SavedViewForm(request.POST if request.method == "POST" else None, view=view)
    if form.is_bound and form.is_valid():
        shared_views.save(form.described(), by=By.of(request))
        messages.success(request, _("“%(name)s” is saved.") % {"name": view.name})
        return led(request, url_of(view, shown.url))
    context = {"list": shown, "form": form, "view": view, "back": shown.url + shown.filters.query()}
    return dialog(request, "saved_views/form.html", context, status=422 if form.is_bound else 200)
