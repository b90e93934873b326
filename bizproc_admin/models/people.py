"""People and departments of a portal, as last read from it."""

from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from bizproc_admin.models.portals import Portal
from bizproc_admin.models.searching import words_of

if TYPE_CHECKING:
    from bizproc_admin.models.accounts import Account

# what the portal says of people who have left, or no longer lists
DISMISSED = Q(is_active=False) | Q(gone_at__isnull=False)
# who belongs to the company; somebody only ever named in a task has no type yet
EMPLOYEES = ("employee", "")


class Department(models.Model):
    """A department; its head is above its members and those of the departments below."""

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="departments")
    remote_id = models.BigIntegerField()
    name = models.CharField(max_length=255)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    head = models.ForeignKey("Person", models.PROTECT, null=True, related_name="headed")
    observed_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "remote_id"], name="department_remote")
        ]

    def __str__(self) -> str:
        return self.name


class PersonQuerySet(models.QuerySet["Person"]):
    def at(self, portal: Portal | None) -> Self:
        """Narrow to the people of one portal; no portal has no people."""
        return self.filter(portal=portal) if portal else self.none()

    def visible_to(self, account: "Account") -> Self:
        """Narrow to whom an account may look at: everybody, or its own circle."""
        if account.role is None:
            return self.none()
        if account.sees_all:
            return self.filter(portal=account.home_id) if account.home_id else self
        return self.filter(pk__in=account.circle)

    def named_to(self, account: "Account") -> Self:
        """Narrow to whose names an account reads anyway: its circle, and who shares its work."""
        if account.role is None:
            return self.none()
        if account.sees_all:
            return self.filter(portal=account.home_id) if account.home_id else self
        workflows = apps.get_model("bizproc_admin.Workflow").objects.visible_to(account)
        parts = apps.get_model("bizproc_admin.Assignment").objects.filter(
            task__workflow__in=workflows
        )
        return self.filter(
            Q(pk__in=account.circle)
            | Q(pk__in=workflows.values("started_by"))
            | Q(pk__in=parts.values("person"))
        )

    def dismissed(self) -> Self:
        return self.filter(DISMISSED)

    def working(self) -> Self:
        """Narrow to employees who have not been dismissed: whom a task can be given to."""
        return self.filter(is_active=True, gone_at=None, user_type__in=EMPLOYEES)

    def matching(self, text: str) -> Self:
        """Narrow to people whose searchable words contain every word of the text."""
        found = self
        for word in words_of(text):
            found = found.filter(search_text__contains=word)
        return found

    def subordinates_of(self, person: "Person") -> Self:
        """Narrow to those below a person: members of departments headed, and of lower ones."""
        pairs = Department.objects.filter(portal=person.portal, gone_at=None).values_list(
            "pk", "parent_id", "head_id"
        )
        children: dict[int | None, list[int]] = {}
        open_ids = []
        for pk, parent_id, head_id in pairs:
            children.setdefault(parent_id, []).append(pk)
            if head_id == person.pk:
                open_ids.append(pk)
        below: set[int] = set()
        while open_ids:
            pk = open_ids.pop()
            if pk not in below:
                below.add(pk)
                open_ids.extend(children.get(pk, []))
        return self.filter(
            pk__in=Person.departments.through.objects.filter(department_id__in=below).values(
                "person_id"
            )
        ).exclude(pk=person.pk)


class Person(models.Model):
    """A user of the portal; a person seen only by number has an empty name.

    time_zone is an IANA name or empty; zone_offset is how many seconds the person's clock is ahead
    of the portal's, which counts without a name. search_text is casefolded. is_administrator is
    what the portal said when the person's own token asked it; null while it never did.
    """

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="people")
    remote_id = models.BigIntegerField()
    first_name = models.CharField(max_length=255, blank=True)
    last_name = models.CharField(max_length=255, blank=True)
    name = models.CharField(max_length=511, blank=True, db_index=True)
    position = models.CharField(max_length=255, blank=True)
    email = models.CharField(max_length=255, blank=True)
    user_type = models.CharField(max_length=50, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    zone_offset = models.IntegerField(null=True)
    is_active = models.BooleanField(default=True)
    is_administrator = models.BooleanField(null=True)
    departments = models.ManyToManyField(Department, related_name="members")
    search_text = models.TextField(blank=True)
    observed_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "remote_id"], name="person_remote")
        ]

    def __str__(self) -> str:
        return self.name or _("Person %(number)s") % {"number": self.remote_id}

    @property
    def is_dismissed(self) -> bool:
        return not self.is_active or self.gone_at is not None

    @property
    def is_guest(self) -> bool:
        """Return whether the person is of another company: extranet, e-mail."""
        return self.user_type not in EMPLOYEES

    def heads_above(self) -> list[tuple["Person", str]]:
        """Return of each department the nearest head above who is somebody else, and of what."""
        departments = Department.objects.filter(portal=self.portal_id, gone_at=None)
        by_key = {one.pk: one for one in departments.select_related("head")}
        found: dict[int, tuple[Person, str]] = {}
        for own in self.departments.all():
            department, passed = by_key.get(own.pk), set[int]()
            while department is not None and department.pk not in passed:
                passed.add(department.pk)
                head = department.head
                if head is not None and head.pk != self.pk:
                    found.setdefault(head.pk, (head, department.name))
                    break
                department = by_key.get(department.parent_id or 0)
        return list(found.values())

    @property
    def is_head(self) -> bool:
        """Return whether the person heads a department that exists."""
        return self.headed.filter(gone_at=None).exists()
