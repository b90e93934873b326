"""Recipes for stale workflows: what they find, what is frozen, saved and prepared by itself."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands, jobs, lookout
from bizproc_admin.lists import stale_workflows
from bizproc_admin.lists.stale_workflows import next_time
from bizproc_admin.models import (
    BulkOperation,
    BulkState,
    Document,
    Portal,
    Recipe,
    Workflow,
    WorkflowTemplate,
)

CREATION = reverse("recipe_creation")


@pytest.fixture
def old(portal):
    """Workflows of two templates that have been idle for 10, 20 ... 100 days."""
    now = timezone.now()
    templates = [
        WorkflowTemplate.objects.create(portal=portal, remote_id=90 + n, name=name)
        for n, name in enumerate(("Approval", "Vacation"))
    ]
    for n in range(1, 11):
        kind = "deal" if n % 5 else "lead"
        document = Document.objects.create(
            portal=portal, module="crm", entity="X", document_id=f"X_{n}", kind=kind
        )
        Workflow.objects.create(
            portal=portal, remote_id=f"old.{n}", template=templates[n % 2], document=document,
            template_copy=templates[n % 2].name, document_kind=kind,
            started_at=now - timedelta(days=10 * n + 5), modified_at=now - timedelta(days=10 * n),
            observed_at=now, owned_until=now - timedelta(days=1) if n == 4 else None,
        )  # fmt: skip
    Workflow.objects.filter(remote_id="old.10").update(is_running=False)
    return templates


def data(**more):
    given = {
        "key": str(uuid.uuid4()), "action": "workflow.terminate", "use": "1",
        "seen_portal": Portal.objects.earliest("pk").pk, **more,
    }  # fmt: skip
    return {key: value for key, value in given.items() if value is not None}


def frozen():
    """Return the workflows on the list of the one operation there is, in order."""
    operation = BulkOperation.objects.get()
    keys = [item[0] for part in operation.parts.all() for item in part.items]
    return [int(one.remote_id[4:]) for one in Workflow.objects.filter(pk__in=keys).order_by("pk")]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"idle": 65}, [7, 8, 9]),
        ({"started": 87}, [9]),
        ({"idle": 15, "kind": ["lead"]}, [5]),
        ({"idle": 35, "template": 0}, [4, 6, 8]),
        ({"locked": "on"}, [4]),
    ],
)
def test_what_is_stale_is_frozen_as_it_is_counted(as_, administrator, old, given, found):
    if "template" in given:
        given = {**given, "template": [old[0].pk]}
    client = as_(administrator)
    preview = client.post(reverse("recipe_preview"), data(**given), headers={"HX-Request": "true"})
    assert f'<b class="num">{len(found)}</b>' in preview.content.decode()
    listed = client.get(f"{reverse('workflow_list')}?{preview.context['query']}")
    assert len(listed.context["list"].lines) == len(found)
    response = client.post(CREATION, data(**given))
    operation = BulkOperation.objects.get()
    assert response.url == reverse("operation_confirmation", args=[operation.pk])
    assert frozen() == found
    assert (operation.state, operation.action) == (BulkState.DRAFT, "workflow.terminate")
    assert operation.source["recipe"] == "stale"


def test_without_any_condition_nothing_is_found(as_, administrator, old):
    client = as_(administrator)
    response = client.post(CREATION, data(name="All of them", save="1"))
    assert response.status_code == 422
    assert "all that run would be ended" in response.content.decode()
    assert 'value="All of them"' in response.content.decode()
    assert (
        "Say which workflows are stale"
        in client.post(reverse("recipe_preview"), data()).content.decode()
    )
    assert not BulkOperation.objects.exists() and not Recipe.objects.exists()


def test_what_finds_nothing_freezes_nothing(as_, administrator, old):
    response = as_(administrator).post(CREATION, data(idle=900))
    assert response.status_code == 422
    assert response.content.decode().count("No workflow that runs now is like this.") == 2
    assert not BulkOperation.objects.exists()


def test_a_recipe_is_saved_changed_used_and_deleted(as_, administrator, old):
    client = as_(administrator)
    saving = {"idle": 65, "name": "Очень старые", "every": "week", "save": "1", "use": None}
    client.post(CREATION, data(**saving, action="workflow.kill"))
    recipe = Recipe.objects.get()
    assert (recipe.query, recipe.action, recipe.made_by) == (
        "idle=65d",
        "workflow.kill",
        administrator,
    )
    assert timedelta(days=6) < recipe.next_at - timezone.now() < timedelta(days=7)
    again = client.post(CREATION, data(**saving))
    assert "Another recipe of this portal has this name." in again.content.decode()
    nameless = client.post(CREATION, data(**{**saving, "name": ""}))
    assert "Give it a name" in nameless.content.decode()
    url = reverse("recipe_detail", args=[recipe.pk])
    assert client.get(url).context["found"] == 3
    client.post(url, data(**{**saving, "idle": 45, "every": ""}))
    recipe.refresh_from_db()
    assert (recipe.query, recipe.next_at) == ("idle=45d", None)
    key = str(uuid.uuid4())
    first, second = (
        client.post(reverse("recipe_use", args=[recipe.pk]), {"key": key}) for _ in range(2)
    )
    operation = BulkOperation.objects.get()
    assert first.url == second.url == reverse("operation_confirmation", args=[operation.pk])
    recipe.refresh_from_db()
    # whoever uses it has a list of their own; only one that was prepared by itself is the recipe's
    assert (recipe.found, recipe.operation) == (5, None)
    page = client.get(reverse("recipe_list")).content.decode()
    assert "Очень старые" in page and "5 workflows" in page
    client.post(reverse("recipe_deletion", args=[recipe.pk]))
    assert not Recipe.objects.exists() and BulkOperation.objects.exists()


def test_when_its_time_comes_a_list_is_prepared_and_nothing_else(
    as_, administrator, old, portal, sandbox
):
    now = timezone.now()
    recipe = Recipe.objects.create(
        portal=portal, name="Weekly", action="workflow.kill", query="idle=65d", every="week",
        made_by=administrator, next_at=now - timedelta(days=30),
    )  # fmt: skip
    jobs.prepare_recipe(recipe.pk)
    jobs.prepare_recipe(recipe.pk)
    operation = BulkOperation.objects.get()
    assert (operation.state, operation.actor, operation.total) == (
        BulkState.DRAFT, administrator, 3,
    )  # fmt: skip
    recipe.refresh_from_db()
    # one list for all the weeks that were missed, and the rhythm stays
    assert timedelta() < recipe.next_at - now < timedelta(days=7)
    assert (recipe.next_at - now + timedelta(days=30)).days % 7 in (0, 6)
    assert sandbox.calls("bizproc.workflow.kill") == []
    told = as_(administrator).get(reverse("news_list")).content.decode()
    assert "“Weekly” has a list for you: Kill 3 workflows" in told
    assert reverse("operation_confirmation", args=[operation.pk]) in told
    as_(administrator).post(reverse("dismissal_creation"), {"operation": operation.pk})
    assert "Weekly" not in as_(administrator).get(reverse("news_list")).content.decode()
    # it waits for a person until the next one is there
    BulkOperation.objects.update(requested_at=now - timedelta(days=5))
    commands.sweep()
    assert BulkOperation.objects.get() == operation
    Recipe.objects.update(next_at=now - timedelta(seconds=1))
    jobs.prepare_recipe(recipe.pk)
    commands.sweep()
    assert BulkOperation.objects.exclude(pk=operation.pk).count() == 1
    assert BulkOperation.objects.count() == 1


def test_who_may_no_more_gets_no_list(administrator, old, portal, auditor):
    recipe = Recipe.objects.create(
        portal=portal, name="Weekly", action="workflow.kill", query="idle=65d", every="day",
        made_by=auditor, next_at=timezone.now() - timedelta(seconds=1),
    )  # fmt: skip
    jobs.prepare_recipe(recipe.pk)
    recipe.refresh_from_db()
    assert (recipe.problem, recipe.found) == ("no_longer_allowed", None)
    assert not BulkOperation.objects.exists()


def test_the_background_worker_finds_what_is_due(administrator, portal, monkeypatch):
    Recipe.objects.create(
        portal=portal, name="Daily", action="workflow.kill", query="idle=65d", every="day",
        made_by=administrator, next_at=timezone.now() - timedelta(seconds=1),
    )  # fmt: skip
    assert Recipe.objects.due(timezone.now()).count() == 1
    taken = []
    one = lookout.Lookout("background", node="n", threads=1, watches=False)
    monkeypatch.setattr(one, "take", lambda *job, **_: taken.append(job))
    one.look()
    assert ("prepare_recipe", Recipe.objects.get().pk) in taken


def test_a_recipe_only_when_asked_for_has_no_next_time():
    assert next_time(Recipe(every=""), timezone.now()) is None


def test_what_is_looked_for_on_another_portal_is_said_before(as_, administrator, old, portal):
    other = Portal.objects.create(name="Other", address="https://o.example", is_connected=True)
    client = as_(administrator)
    client.post(reverse("portal_choice"), {"portal": other.pk})
    answer = client.post(CREATION, data(idle=65))
    assert answer.status_code == 422
    assert "is looked at since this page was opened: Other" in answer.content.decode()
    assert f'name="seen_portal" value="{other.pk}"' in answer.content.decode()
    assert not BulkOperation.objects.exists()


def test_a_template_of_which_nothing_runs_stays_in_its_recipe(as_, administrator, old, portal):
    client, template = as_(administrator), old[1]
    client.post(CREATION, data(idle=5, template=[template.pk], name="Rare", save="1", use=None))
    recipe = Recipe.objects.get()
    Workflow.objects.filter(template=template).update(is_running=False)
    url = reverse("recipe_detail", args=[recipe.pk])
    page = client.get(url).content.decode()
    assert f'value="{template.pk}" ' in page and f"{template.name} (0)" in page
    client.post(
        url, data(idle=5, template=[template.pk], name="Rare", every="day", save="1", use=None)
    )
    recipe.refresh_from_db()
    assert (recipe.query, recipe.every) == (f"idle=5d&template={template.pk}", "day")


def test_another_s_use_takes_no_prepared_list_away(
    as_, administrator, other_administrator, old, portal
):
    recipe = Recipe.objects.create(
        portal=portal, name="Weekly", action="workflow.kill", query="idle=65d", every="week",
        made_by=administrator, next_at=timezone.now() - timedelta(days=1),
    )  # fmt: skip
    jobs.prepare_recipe(recipe.pk)
    prepared = BulkOperation.objects.get()
    as_(other_administrator).post(reverse("recipe_use", args=[recipe.pk]), {"key": uuid.uuid4()})
    recipe.refresh_from_db()
    assert recipe.operation == prepared
    assert "Weekly" in as_(administrator).get(reverse("news_list")).content.decode()
    assert "Weekly” has" not in as_(other_administrator).get(reverse("news_list")).content.decode()
    # saved by another, it is theirs from then on, and no list of the one before
    saving = {"idle": 65, "name": "Weekly", "every": "week", "save": "1", "use": None}
    as_(other_administrator).post(reverse("recipe_detail", args=[recipe.pk]), data(**saving))
    recipe.refresh_from_db()
    assert (recipe.operation, recipe.made_by) == (None, other_administrator)


def test_a_list_that_could_not_be_prepared_is_prepared_soon(
    administrator, old, portal, monkeypatch
):
    recipe = Recipe.objects.create(
        portal=portal, name="Monthly", action="workflow.kill", query="idle=65d", every="month",
        made_by=administrator, next_at=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(stale_workflows, "freeze_stale", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            jobs.prepare_recipe(recipe.pk)
    recipe.refresh_from_db()
    assert recipe.next_at - timezone.now() < timedelta(minutes=11)
    assert (recipe.run_at, recipe.operation) == (None, None)


def test_the_same_form_with_other_contents_is_another_list(as_, administrator, old):
    client, key = as_(administrator), str(uuid.uuid4())
    client.post(CREATION, data(idle=65, key=key, action="workflow.kill"))
    client.post(CREATION, data(idle=65, key=key, action="workflow.kill"))
    client.post(CREATION, data(idle=65, key=key))
    actions = BulkOperation.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["workflow.kill", "workflow.terminate"]
