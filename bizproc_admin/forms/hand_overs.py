"""Handing over what somebody leaves behind: who gets the tasks of which template."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.forms.people import PeopleField
from bizproc_admin.models import Person, WorkflowTemplate

ONE, HEAD = "person", "head"


class HandOverForm(forms.Form):
    """One receiver for all tasks, or the head of the department; of each template another, or none.

    own_<template> is who gets the tasks of one template instead, stays_<template> says that they
    stay where they are.
    """

    use_required_attribute = False
    key = forms.UUIDField(widget=forms.HiddenInput)
    rule = forms.ChoiceField(
        label=gettext_lazy("Who gets them"),
        widget=forms.RadioSelect,
        choices=[(ONE, gettext_lazy("One person")), (HEAD, "")],
    )

    def __init__(
        self,
        data: Any,
        *,
        leaver: Person,
        head: Person | None,
        templates: Sequence[WorkflowTemplate],
    ) -> None:
        rule = HEAD if head else ONE
        super().__init__(data, auto_id="handover-%s", initial={"key": uuid.uuid4(), "rule": rule})
        self.leaver, self.head, self.templates = leaver, head, templates
        field: Any = self.fields["rule"]
        said = _("The head of their department: %(head)s") % {"head": head} if head else ""
        field.choices = [(ONE, _("One person")), *([(HEAD, said)] if head else [])]
        portal = leaver.portal
        self.fields["to_person"] = PeopleField(
            portal=portal, label=gettext_lazy("To whom"), required=False
        )
        for one in templates:
            self.fields[f"own_{one.pk}"] = PeopleField(
                portal=portal, label=gettext_lazy("Somebody else gets these"), required=False
            )
            self.fields[f"stays_{one.pk}"] = forms.BooleanField(
                label=gettext_lazy("These stay where they are"), required=False
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        names = ["to_person", *(f"own_{one.pk}" for one in self.templates)]
        for name in names:
            chosen = cleaned.get(name)
            if chosen and (problem := self.problem_with(chosen[0])):
                self.add_error(name, problem)
        if cleaned.get("rule") == HEAD and cleaned.get("to_person"):
            self.add_error("rule", _("Choose one of the two: a person is chosen below as well."))
        if self.errors:
            return cleaned
        if any(self.receiver(one.pk) is None for one in self.going):
            self.add_error("to_person", _("Choose who gets the tasks."))
        if not self.going:
            self.add_error(None, _("All tasks stay where they are: there is nothing to hand over."))
        return cleaned

    def all_stay(self) -> None:
        """Say that every task is with its receiver already, so that nothing can be given."""
        self.add_error(None, _("Whoever would get these tasks has a part in each of them already."))

    def problem_with(self, person: Person) -> str:
        """Return why somebody cannot be given tasks, else nothing."""
        if person == self.leaver:
            return _("The tasks are theirs already: choose somebody else.")
        if person.is_dismissed or person.is_guest:
            return _("Tasks can only be given to people who work there.")
        return ""

    @property
    def going(self) -> list[WorkflowTemplate]:
        """Return the templates whose tasks are given away."""
        return [one for one in self.templates if not self.cleaned_data.get(f"stays_{one.pk}")]

    def receiver(self, template: int) -> Person | None:
        """Return who gets the tasks of a template."""
        own = self.cleaned_data.get(f"own_{template}")
        if own:
            return own[0]  # type: ignore[no-any-return]
        if self.cleaned_data.get("rule") == HEAD:
            return self.head
        common = self.cleaned_data.get("to_person")
        return common[0] if common else None

    @property
    def receivers(self) -> Mapping[int, Person]:
        """Return who gets the tasks of which template, once the form is valid."""
        found = {one.pk: self.receiver(one.pk) for one in self.going}
        return {key: person for key, person in found.items() if person is not None}
