"""Forms about accounts."""

from typing import Any, cast

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bizproc_admin.access import roles
from bizproc_admin.forms.names import plain_name
from bizproc_admin.models import Account, LinkedPerson, Person, Portal, Role

# what the role field says where the role is the portal's to give
FOLLOW = "portal"


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """An account's name, role and linked person; the username is fixed once made.

    Where the role follows the portal, only naming an auditor is left to choose. An account that its
    person made by signing in is that person's for good.
    """

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
        for name in ("first_name", "last_name"):
            self.fields[name].validators.append(plain_name)
        self.fields["username"].help_text = _("For signing in. Letters, digits and @ . + - _")
        if self.instance.pk:
            self.fields["username"].disabled = True
            self.fields["username"].help_text = ""
            self.fields["role"].initial = self.instance.role
            self.follow_portal()
            link = LinkedPerson.objects.filter(user=self.instance, portal=portal).first()
            self.fields["person"].initial = link.person_id if link else None
        else:
            self.fields["role"].initial = Role.AUDITOR
        if portal is None or self.instance.home_id:
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

    def follow_portal(self) -> None:
        """Leave the role to the portal where it follows it, auditors excepted."""
        if not self.instance.follows_portal:
            return
        given = roles.given_by_portal(self.instance)
        says = given.label if given else _("no role")
        role = cast("forms.ChoiceField", self.fields["role"])
        role.choices = [
            (FOLLOW, _("As on the portal: %(role)s") % {"role": says}),
            (Role.AUDITOR.value, Role.AUDITOR.label),
        ]
        role.initial = Role.AUDITOR if self.instance.role == Role.AUDITOR else FOLLOW
        role.help_text = _(
            "The role follows the portal: its administrators and heads of departments keep theirs. "
            "Only an auditor is named here, and stays one."
        )

    def clean_role(self) -> str | None:
        """Give the role; where it follows the portal, the one the portal gives."""
        role: str = self.cleaned_data["role"]
        if role != FOLLOW:
            return role
        given = roles.given_by_portal(self.instance)
        return given.value if given else None

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
        if "person" not in self.fields and self.instance.pk:
            person = self.instance.person_at(self.portal)
        return {
            "username": self.cleaned_data["username"],
            "name": f"{self.cleaned_data['first_name']} {self.cleaned_data['last_name']}".strip(),
            "role": self.cleaned_data["role"],
            "person": person.name if person else None,
            "number": person.remote_id if person else None,
        }

    def keep(self) -> Account:
        """Save the account, its role and its linked person."""
        account: Account = self.save()
        account.groups.set(Group.objects.filter(name=self.cleaned_data["role"]))
        if "person" in self.fields:
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
