"""Forms about accounts."""

from typing import Any, cast

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models import Account, LinkedPerson, Person, Portal, Role


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """An account's name, role and linked person; the username is fixed once made."""

    role = forms.ChoiceField(choices=Role.choices, label=_("Role"))
    person = forms.ModelChoiceField(
        queryset=Person.objects.none(),
        required=False,
        label=_("Person on the portal"),
        help_text=_(
            "Whose workflow tasks the account works with. A person belongs to one account."
        ),
        empty_label=_("Nobody"),
    )

    class Meta:
        model = Account
        fields = ["username", "first_name", "last_name"]

    def __init__(self, *args: Any, portal: Portal | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.portal = portal
        self.fields["username"].help_text = _("For signing in. Letters, digits and @ . + - _")
        if self.instance.pk:
            self.fields["username"].disabled = True
            self.fields["role"].initial = self.instance.role
            link = LinkedPerson.objects.filter(user=self.instance, portal=portal).first()
            self.fields["person"].initial = link.person_id if link else None
        else:
            self.fields["role"].initial = Role.AUDITOR
        if portal is None:
            del self.fields["person"]
        else:
            choice = cast("forms.ModelChoiceField[Person]", self.fields["person"])
            # a person dismissed meanwhile stays linked until somebody chooses otherwise
            linked = Q(linked_account__user=self.instance.pk) if self.instance.pk else Q(pk=None)
            choice.queryset = (
                Person.objects.filter(Q(is_active=True) | linked, portal=portal)
                .exclude(name="")
                .order_by("name")
            )

    def clean_person(self) -> Person | None:
        person: Person | None = self.cleaned_data["person"]
        if person is None:
            return None
        other = LinkedPerson.objects.filter(person=person).exclude(user=self.instance.pk).first()
        if other is not None:
            raise ValidationError(
                _("%(person)s already belongs to the account %(account)s."),
                params={"person": person, "account": other.user.username},
            )
        return person

    def described(self) -> dict[str, Any]:
        """Give what an audit entry keeps of the form."""
        person = self.cleaned_data.get("person")
        return {
            "username": self.cleaned_data["username"],
            "name": f"{self.cleaned_data['first_name']} {self.cleaned_data['last_name']}".strip(),
            "role": self.cleaned_data["role"],
            "person": str(person) if person else None,
        }

    def keep(self) -> Account:
        """Save the account, its role and its linked person."""
        account: Account = self.save()
        account.groups.set(Group.objects.filter(name=self.cleaned_data["role"]))
        if self.portal is not None:
            person = self.cleaned_data["person"]
            if person is None:
                LinkedPerson.objects.filter(user=account, portal=self.portal).delete()
            else:
                LinkedPerson.objects.update_or_create(
                    user=account, portal=self.portal, defaults={"person": person}
                )
        return account


class FirstPasswordForm(SetPasswordForm):  # type: ignore[type-arg]  # likewise
    """The password behind a one-time link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = _(
            "At least 12 characters; not a common password, not only digits, not like your name."
        )
        self.fields["new_password2"].help_text = ""
        self.fields["new_password2"].label = _("The same once more")
