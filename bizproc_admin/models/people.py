"""People and departments of a portal, as last read from it."""

from typing import Self

from django.db import models
from django.utils.translation import gettext as _

from bizproc_admin.models.portals import Portal


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
    def at(self, portal: Portal) -> Self:
        """Narrow to the people of one portal."""
        return self.filter(portal=portal)

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

    time_zone is an IANA name or empty. search_text is casefolded.
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
    is_active = models.BooleanField(default=True)
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
