"""Which rows of a list were chosen, and what is to be done to them."""

from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _

from bizproc_admin.commands import key_for

# so many rows are named one by one; more are chosen by filters
MOST_ROWS = 10_000
LONGEST_KEY = 18


class ChoiceForm(forms.Form):
    """What a list's bar sends: rows by their keys, or whole: all that match the filters of query.

    portal is the one whose rows the page showed.

    key is the form's one-time key; pressed differs from press to press where the browser can tell.
    """

    key = forms.UUIDField()
    portal = forms.IntegerField()
    list = forms.CharField(max_length=50)
    verb = forms.CharField(max_length=50)
    rows = forms.CharField(required=False)
    whole = forms.BooleanField(required=False)
    query = forms.CharField(required=False, max_length=8000)
    pressed = forms.CharField(required=False, max_length=100)

    def clean_rows(self) -> tuple[int, ...]:
        """Return the keys named at once, and those of check boxes that no script gathered."""
        named = self.cleaned_data["rows"].split(".") if self.cleaned_data["rows"] else []
        named += self.data.getlist("row") if isinstance(self.data, QueryDict) else []
        if any(not (key.isdecimal() and len(key) <= LONGEST_KEY) for key in named):
            raise ValidationError(_("This is no choice of rows."))
        keys = sorted({int(key) for key in named})
        if len(keys) > MOST_ROWS:
            raise ValidationError(
                _("More than %(most)s rows are chosen by filters, not one by one.")
                % {"most": f"{MOST_ROWS:,}"}
            )
        return tuple(keys)

    @property
    def filters(self) -> QueryDict:
        return QueryDict(self.cleaned_data["query"].removeprefix("?"))

    @property
    def list_key(self) -> UUID:
        """Return a key that is the same for the same choice alone, sent from the same form."""
        chosen = [self.cleaned_data[name] for name in self.fields if name != "key"]
        return key_for(self.cleaned_data["key"], *chosen)
