"""Giving somebody's part of a workflow task to another."""

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.access.permissions import Capability, may
from bizproc_admin.forms.people import PeopleField
from bizproc_admin.models import Account, Assignment, Command, Person, WorkflowTask


def form_key() -> dict[str, Any]:
    """Give the initial values of a form that may be sent once."""
    return {"key": uuid.uuid4()}


class DelegationForm(forms.Form):
    """Whose part goes to whom, and why; the reason stays here, the portal takes none.

    waiting are those whose part the actor may give away. It is asked whose only where several are.
    """

    use_required_attribute = False
    key = forms.UUIDField(widget=forms.HiddenInput)
    from_person = forms.ModelChoiceField(
        queryset=Person.objects.none(),
        label=gettext_lazy("Whose part"),
        widget=forms.RadioSelect,
        empty_label=None,
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Kept in the audit history here. It is not sent to the portal."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self, data: Any, *, task: WorkflowTask, actor: Account, waiting: list[Person]
    ) -> None:
        super().__init__(data, auto_id="delegation-%s", initial=form_key())
        self.task, self.actor, self.own = task, actor, actor.person_at(task.portal)
        keys = [person.pk for person in waiting]
        field: Any = self.fields["from_person"]
        field.queryset = Person.objects.filter(pk__in=keys)
        if len(waiting) == 1:
            field.widget, field.required = forms.HiddenInput(), False
        if self.own and self.own.pk in keys:
            self.initial["from_person"] = self.own.pk
        elif waiting:
            self.initial["from_person"] = waiting[0].pk
        self.only = waiting[0] if len(waiting) == 1 else None
        self.needs_reason = self.own is None or self.own.pk not in keys
        self.fields["reason"].required = self.needs_reason
        self.add_receiver()

    def add_receiver(self) -> None:
        self.fields["to_person"] = PeopleField(
            portal=self.task.portal, label=gettext_lazy("To whom")
        )

    @property
    def last_reasons(self) -> list[str]:
        return Command.objects.last_reasons(self.actor)

    @property
    def receiver(self) -> Person:
        """Give who receives the part, once the form is valid."""
        found: Any = self.cleaned_data.get("to_person") or self.own
        receiver: Person = found
        return receiver

    def clean_to_person(self) -> Person:
        person: Person = self.cleaned_data["to_person"][0]
        return person

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["from_person"] = cleaned.get("from_person") or self.only
        if cleaned["from_person"] not in (None, self.own) and not cleaned.get("reason"):
            text = _("Say why you give away somebody else's part.")
            if "reason" not in self.errors:
                self.add_error("reason", text)
        return cleaned


class TakeoverForm(DelegationForm):
    """Somebody's part goes to oneself, to be answered for them."""

    def add_receiver(self) -> None:
        """Ask for nobody: the receiver is the account's own person."""


def waiting_people(task: WorkflowTask, actor: Account) -> list[Person]:
    """Give those whose part of a task an account may give away, its own first."""
    waiting = (
        Assignment.objects.waiting()
        .filter(task=task)
        .select_related("person")
        .order_by("person__name", "pk")
    )
    own = actor.person_at(task.portal)
    people = [part.person for part in waiting]
    if not may(actor, Capability.ACT_FOR_OTHERS):
        people = [person for person in people if person.pk in actor.circle]
    return sorted(people, key=lambda person: person != own)
