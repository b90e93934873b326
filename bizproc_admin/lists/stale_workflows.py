"""The stale workflows that a recipe names, as its filters find them at the moment."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.http import QueryDict
from django.utils import timezone

from bizproc_admin.access.permissions import may
from bizproc_admin.actions import KillWorkflow
from bizproc_admin.audit import By
from bizproc_admin.lists.verbs import Asker, freeze
from bizproc_admin.lists.workflow_filters import WorkflowFilterForm
from bizproc_admin.lists.workflow_verbs import KILL, TERMINATE
from bizproc_admin.models import Account, BulkOperation, Portal, Recipe, Workflow
from bizproc_admin.models.workflows import WorkflowQuerySet

TRIED_AGAIN_AFTER = timedelta(minutes=10)


def filters_of(query: str, *, portal: Portal, account: Account) -> WorkflowFilterForm:
    """Return the filters that a recipe's query stands for."""
    return WorkflowFilterForm(QueryDict(query), portal=portal, viewer=account)


def found_by(query: str, *, portal: Portal, account: Account) -> WorkflowQuerySet:
    """Return the running workflows that a query finds among those an account may see."""
    rows = Workflow.objects.visible_to(account).at(portal)
    return filters_of(query, portal=portal, account=account).narrow(rows)


def freeze_stale(
    query: str, action: str, *, portal: Portal, by: By, key: UUID, recipe: Recipe | None
) -> BulkOperation | None:
    """Freeze the list of what a query finds, as a draft; None where it finds nothing."""
    account = by.somebody
    asker = Asker(
        account=account,
        portal=portal,
        filters=filters_of(query, portal=portal, account=account),
        now=portal.now(),
    )
    return freeze(
        KILL if action == KillWorkflow.name else TERMINATE,
        found_by(query, portal=portal, account=account),
        asker=asker,
        by=by,
        key=key,
        source={
            "recipe": "stale",
            "query": query,
            **({"saved": recipe.pk, "name": recipe.name} if recipe else {}),
        },
    )


def prepare_recipe(pk: int) -> None:
    """Prepare the list of a recipe whose time has come, and leave it to a person to confirm.

    Safe to call again at any time: only one that is due is touched.
    """
    now = timezone.now()
    recipe = Recipe.objects.due(now).select_related("portal", "made_by").filter(pk=pk).first()
    if recipe is None or recipe.period is None:
        return
    # should this worker die, it is tried again soon
    due = Recipe.objects.filter(pk=pk, next_at=recipe.next_at)
    if not due.update(next_at=now + TRIED_AGAIN_AFTER):
        return
    made = use(recipe, by=By(account=recipe.made_by, origin="worker"), key=uuid4())
    Recipe.objects.filter(pk=pk).update(operation=made, next_at=next_time(recipe, now))


def use(recipe: Recipe, *, by: By, key: UUID) -> BulkOperation | None:
    """Freeze what a saved recipe finds now, and note how that went.

    Its operation stays the list that was prepared by itself: whoever uses it has their own.
    """
    kind = KILL if recipe.action == KillWorkflow.name else TERMINATE
    if not may(by.somebody, kind.action.capability) or not by.somebody.reaches(recipe.portal):
        Recipe.objects.filter(pk=recipe.pk).update(problem="no_longer_allowed")
        return None
    made = freeze_stale(
        recipe.query, recipe.action, portal=recipe.portal, by=by, key=key, recipe=recipe
    )
    Recipe.objects.filter(pk=recipe.pk).update(
        run_at=timezone.now(), found=made.total if made else 0, problem=""
    )
    return made


def next_time(recipe: Recipe, now: datetime) -> datetime | None:
    """Return when a recipe's list is prepared next: in its rhythm, and never at once for the past.

    A console that was off for weeks prepares one list, not one for each time it missed.
    """
    if recipe.period is None:
        return None
    at = recipe.next_at or now
    while at <= now:
        at += recipe.period
    return at
