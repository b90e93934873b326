"""Recipes for stale workflows: looked for, saved, used again."""

import uuid

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import Count
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.audit import By
from bizproc_admin.commands import key_for
from bizproc_admin.forms.recipes import KeyForm, RecipeForm
from bizproc_admin.htmx import page, part
from bizproc_admin.lists.stale_workflows import found_by, freeze_stale, use
from bizproc_admin.models import Recipe, TemplateFigures, Workflow, WorkflowTemplate
from bizproc_admin.models.counting import count_of
from bizproc_admin.models.workloads import are_counted

MOST_TEMPLATES = 200
TEMPLATE = "recipes/form.html"


@require_safe
@requires(Capability.KILL_WORKFLOWS)
def recipe_list(request: Request) -> HttpResponse:
    recipes = Recipe.objects.visible_to(request.user).at(request.portal)
    rows = recipes.select_related("made_by", "operation").order_by("name")
    context = {"recipes": [(one, uuid.uuid4()) for one in rows]}
    return render(request, "recipes/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(Capability.KILL_WORKFLOWS)
def recipe_creation(request: Request) -> HttpResponse:
    """Ask which workflows are stale, and freeze the list or save the recipe."""
    return answered(request, None)


@require_http_methods(["GET", "POST"])
@requires(Capability.KILL_WORKFLOWS)
def recipe_detail(request: Request, pk: int) -> HttpResponse:
    return answered(request, recipe_of(request, pk))


@require_POST
@requires(Capability.KILL_WORKFLOWS)
def recipe_preview(request: Request) -> HttpResponse:
    """Tell how many workflows a form that is being filled in finds now."""
    if request.portal is None:
        raise Http404
    form = form_of(request, None)
    form.is_valid()
    return part(request, TEMPLATE, "preview", context_of(request, form))


@require_POST
@requires(Capability.KILL_WORKFLOWS)
def recipe_use(request: Request, pk: int) -> HttpResponse:
    """Freeze what a saved recipe finds now, to be confirmed."""
    recipe = recipe_of(request, pk)
    form = KeyForm(request.POST)
    if not form.is_valid():
        return redirect("recipe_list")
    made = use(recipe, by=By.of(request), key=form.cleaned_data["key"])
    if made is None:
        messages.info(request, _("No workflow that runs now is stale by this recipe."))
        return redirect("recipe_list")
    return redirect("operation_confirmation", pk=made.pk)


@require_POST
@requires(Capability.KILL_WORKFLOWS)
def recipe_deletion(request: Request, pk: int) -> HttpResponse:
    recipe = recipe_of(request, pk)
    recipe.delete()
    messages.success(request, _("The recipe is gone. Nothing else has changed."))
    return redirect("recipe_list")


def recipe_of(request: Request, pk: int) -> Recipe:
    recipes = Recipe.objects.visible_to(request.user).at(request.portal)
    return get_object_or_404(recipes.select_related("portal"), pk=pk)


def answered(request: Request, recipe: Recipe | None) -> HttpResponse:
    if request.portal is None:
        return redirect("recipe_list")
    form = form_of(request, recipe)
    if form.is_bound and form.is_valid():
        if form.saves:
            saved = save(request, form, recipe)
            messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
            return redirect("recipe_list")
        made = freeze_stale(
            form.query,
            form.cleaned_data["action"],
            portal=request.portal,
            by=By.of(request),
            key=key_for(form.cleaned_data["key"], form.query, form.cleaned_data["action"]),
            recipe=None,
        )
        if made is not None:
            return redirect("operation_confirmation", pk=made.pk)
        form.add_error(None, _("No workflow that runs now is like this."))
    status = 422 if form.is_bound else 200
    context = context_of(request, form) | {"recipe": recipe}
    return page(request, TEMPLATE, context, partial="form", status=status)


def save(request: Request, form: RecipeForm, recipe: Recipe | None) -> Recipe:
    """Save a recipe as the form describes it; its rhythm begins now."""
    given = form.cleaned_data
    saved = recipe or Recipe(portal=form.portal)
    if saved.made_by_id != request.user.pk:
        saved.operation = None  # whoever is asked from now on, it is not their list
    saved.name, saved.action, saved.query = given["name"], given["action"], form.query
    saved.every, saved.made_by, saved.problem = given["every"], request.user, ""
    saved.next_at = timezone.now() + saved.period if saved.period else None
    saved.save()
    return saved


def form_of(request: Request, recipe: Recipe | None) -> RecipeForm:
    assert request.portal is not None  # noqa: S101 - asked for where there is one
    running = Workflow.objects.visible_to(request.user).at(request.portal).running()
    if request.user.sees_all and are_counted(request.portal):
        figures = TemplateFigures.objects.filter(template__portal=request.portal, running__gt=0)
        most = figures.order_by("-running", "template").values_list("template", "running")
        counts = dict(most[:MOST_TEMPLATES])
    else:
        counted = running.values_list("template").annotate(n=Count("pk")).order_by("-n", "template")
        counts = dict(counted[:MOST_TEMPLATES])
    # what is chosen stays to be chosen, whether anything of it runs or not
    chosen = QueryDict(recipe.query).getlist("template") if recipe else []
    chosen += request.POST.getlist("template")
    counts |= {int(key): 0 for key in chosen if key.isdecimal() and int(key) not in counts}
    here = WorkflowTemplate.objects.visible_to(request.user).filter(portal=request.portal)
    names = here.in_bulk(list(counts))
    templates = [(key, f"{names[key]} ({counts[key]:,})") for key in counts if key in names]
    return RecipeForm(
        request.POST or None, portal=request.portal, templates=templates, recipe=recipe
    )


def context_of(request: Request, form: RecipeForm) -> dict[str, object]:
    """Return the form with how many it finds now; nothing is counted while something is wrong."""
    is_wrong = form.is_bound and bool(form.errors.keys() - {NON_FIELD_ERRORS, "name"})
    query = "" if is_wrong else form.query
    found = None
    if query and request.portal is not None:
        found = count_of(found_by(query, portal=request.portal, account=request.user))
    return {"form": form, "query": query, "found": found}
