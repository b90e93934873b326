"""Which workflows count as stale, and how they are to be ended."""

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.actions import KillWorkflow, TerminateWorkflow
from bizproc_admin.models import DocumentKind, Portal, Recipe
from bizproc_admin.models.recipes import RecipeQuerySet

MOST_DAYS = 9_999
LOCKED = "locked"


class KeyForm(forms.Form):
    """The one-time key of a button."""

    key = forms.UUIDField(widget=forms.HiddenInput)


class RecipeForm(forms.Form):
    """What a workflow must be to count as stale; whatever is given, all of it.

    It is written as filters of the list of workflows, so that both find the same.
    """

    use_required_attribute = False
    key = forms.UUIDField(widget=forms.HiddenInput)
    seen_portal = forms.IntegerField(widget=forms.HiddenInput)
    started = forms.IntegerField(
        label=gettext_lazy("Started more than so many days ago"),
        min_value=1,
        max_value=MOST_DAYS,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    idle = forms.IntegerField(
        label=gettext_lazy("Nothing has happened for so many days"),
        min_value=1,
        max_value=MOST_DAYS,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    template = forms.MultipleChoiceField(
        label=gettext_lazy("Template"), required=False, widget=forms.CheckboxSelectMultiple
    )
    kind = forms.MultipleChoiceField(
        label=gettext_lazy("Document"),
        choices=DocumentKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    locked = forms.BooleanField(
        label=gettext_lazy("Only those that the portal holds locked for too long"), required=False
    )
    action = forms.ChoiceField(
        label=gettext_lazy("What is done to them"),
        widget=forms.RadioSelect,
        choices=[
            (TerminateWorkflow.name, gettext_lazy("Terminate: the portal keeps their record")),
            (KillWorkflow.name, gettext_lazy("Kill: the portal forgets them, with their tasks")),
        ],
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Under it the recipe is saved, to be used again."),
    )
    every = forms.ChoiceField(
        label=gettext_lazy("Look for them"),
        choices=Recipe.Every.choices,
        required=False,
        help_text=gettext_lazy(
            "The list is prepared then and shown to you. Nothing is ended before you confirm it."
        ),
    )

    def __init__(
        self,
        data: Any,
        *,
        portal: Portal,
        templates: list[tuple[int, str]],
        recipe: Recipe | None = None,
    ) -> None:
        initial = {**blank(recipe), "seen_portal": portal.pk}
        super().__init__(data, auto_id="recipe-%s", initial=initial)
        self.portal, self.recipe = portal, recipe
        field: Any = self.fields["template"]
        field.choices = [(str(key), name) for key, name in templates]

    @property
    def saves(self) -> bool:
        """Tell whether the recipe is to be saved, not only used."""
        return "save" in self.data

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("seen_portal") != self.portal.pk:
            self.add_error(
                None,
                _(
                    "Another portal is looked at since this page was opened: %(portal)s. Look at "
                    "what is found there before you go on."
                )
                % {"portal": self.portal.name},
            )
            # sent once more, it is meant
            data: Any = self.data
            self.data = data = data.copy()
            data["seen_portal"] = str(self.portal.pk)
        if self.errors:
            return cleaned
        if not self.query:
            self.add_error(
                None, _("Say which workflows: without anything, all that run would be ended.")
            )
        if self.saves and not cleaned["name"]:
            self.add_error("name", _("Give it a name, to find it again."))
        elif self.saves and self.others().filter(name=cleaned["name"]).exists():
            self.add_error("name", _("Another recipe of this portal has this name."))
        return cleaned

    def others(self) -> RecipeQuerySet:
        rows = Recipe.objects.filter(portal=self.portal)
        return rows.exclude(pk=self.recipe.pk) if self.recipe else rows

    @property
    def query(self) -> str:
        """Return what is asked for as filters of the list of workflows; empty where nothing is."""
        return query_of(self.cleaned_data if self.is_bound else self.initial)


def query_of(given: Mapping[str, Any]) -> str:
    """Return the values of the form as the filters' part of an address."""
    pairs = [
        *([("age", f"{given['started']}d")] if given.get("started") else []),
        *([("idle", f"{given['idle']}d")] if given.get("idle") else []),
        *(("template", key) for key in given.get("template", ())),
        *(("kind", key) for key in given.get("kind", ())),
        *([("condition", LOCKED)] if given.get("locked") else []),
    ]
    return urlencode(pairs)


def blank(recipe: Recipe | None) -> dict[str, Any]:
    """Give the initial values of the form: those of a recipe, or the usual ones."""
    if recipe is None:
        return {"key": uuid.uuid4(), "idle": 90, "action": TerminateWorkflow.name}
    given = QueryDict(recipe.query)
    return {
        "key": uuid.uuid4(),
        "started": given.get("age", "").removesuffix("d"),
        "idle": given.get("idle", "").removesuffix("d"),
        "template": given.getlist("template"),
        "kind": given.getlist("kind"),
        "locked": given.get("condition") == LOCKED,
        "action": recipe.action,
        "name": recipe.name,
        "every": recipe.every,
    }
