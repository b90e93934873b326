"""A saved view's name and whom it is shared with; which columns are shown."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.forms.names import plain_name
from bizproc_admin.models import Role, SavedView

#: Views of one list that an account may have.
MOST = 50


class SavedViewForm(forms.Form):
    """What a view is called and whom it is shared with; its account and list are set already."""

    use_required_attribute = False
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60, validators=[plain_name])
    shared_role = forms.ChoiceField(
        label=gettext_lazy("Who finds it in the menu"),
        required=False,
        help_text=gettext_lazy("A view shows nobody more than they may see anyway."),
    )

    def __init__(self, data: Any, *, view: SavedView) -> None:
        initial = {"name": view.name, "shared_role": view.shared_role}
        super().__init__(data, auto_id="view-%s", initial=initial)
        self.view = view
        role = view.account.role
        roles = list(Role) if role == Role.PORTAL_ADMINISTRATOR else [role] if role else []
        field: Any = self.fields["shared_role"]
        field.choices = [("", _("Only I")), *((one.value, one.label) for one in roles)]

    def clean_name(self) -> str:
        """Refuse a name that another view of this list has; and one view too many."""
        name: str = self.cleaned_data["name"]
        view = self.view
        others = SavedView.objects.of(view.account).at(view.portal, view.noun).exclude(pk=view.pk)
        if any(other.name.casefold() == name.casefold() for other in others):
            raise forms.ValidationError(_("You have a view of this name here. Choose another one."))
        if view.pk is None and len(others) >= MOST:
            raise forms.ValidationError(
                _("You have %(most)s views of this list. Delete one first.") % {"most": MOST}
            )
        return name

    def described(self) -> SavedView:
        """Return the view as the form describes it, not saved yet."""
        self.view.name = self.cleaned_data["name"]
        self.view.shared_role = self.cleaned_data["shared_role"]
        return self.view


class ColumnsForm(forms.Form):
    """Which columns of a list are shown besides the first."""

    shown = forms.MultipleChoiceField(
        label=gettext_lazy("Columns"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any, *, columns: list[tuple[str, str]], shown: list[str]) -> None:
        super().__init__(data, auto_id="columns-%s", initial={"shown": shown})
        chosen: Any = self.fields["shown"]
        chosen.choices = columns
