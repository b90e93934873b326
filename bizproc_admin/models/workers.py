"""What the processes of an installation share: heartbeats, the portal's pace, method budgets."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from bizproc_admin.models.portals import Portal


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self) -> Self:
        """Narrow to workers whose last heartbeat is younger than the limit."""
        limit = timezone.now() - timedelta(seconds=settings.HEARTBEAT_LIMIT)
        return self.filter(seen_at__gte=limit)

    def dead(self) -> Self:
        """Narrow to workers that have not been heard of for longer than the limit."""
        limit = timezone.now() - timedelta(seconds=settings.HEARTBEAT_LIMIT)
        return self.filter(seen_at__lt=limit)


class Worker(models.Model):
    """A worker process; name is unique for ever (host, process id and a random part).

    node is its place in the installation, which the next process there takes over. threads is how
    many jobs it can be at, busy how many it was at when it was last seen, began_at when the last of
    them began, broker_at when it last reached the broker, due_at since when the command is due
    that has waited longest.
    """

    name = models.CharField(max_length=100, unique=True)
    queue = models.CharField(max_length=20)
    node = models.CharField(max_length=255, blank=True, default="", db_default="")
    threads = models.PositiveIntegerField(default=0, db_default=0)
    busy = models.PositiveIntegerField(default=0, db_default=0)
    began_at = models.DateTimeField(null=True)
    broker_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    objects = WorkerQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class ChoreQuerySet(models.QuerySet["Chore"]):
    def claim(self, name: str, *, every: float) -> bool:
        """Become the one who does a chore now; it is due again after so many seconds."""
        now = timezone.now()
        self.bulk_create([Chore(name=name, due_at=now)], ignore_conflicts=True)
        later = now + timedelta(seconds=every)
        return self.filter(name=name, due_at__lte=now).update(due_at=later) == 1


class Chore(models.Model):
    """Something that one of the workers does every so often, and when it is due again."""

    name = models.CharField(max_length=50, primary_key=True)
    due_at = models.DateTimeField()

    objects = ChoreQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class PaceBucket(models.Model):
    """The portal's rate limit: a GCRA state shared by every process.

    tat is the theoretical arrival time (Unix seconds). interval is seconds a request costs; it
    grows when the portal says that somebody else is using its limit, and shrinks back. kept_tat is
    the same as tat for what passes are owed.
    """

    portal = models.OneToOneField(Portal, models.PROTECT, primary_key=True)
    tat = models.FloatField(default=0.0)
    interval = models.FloatField(default=0.625)
    slowed_at = models.FloatField(default=0.0)
    kept_tat = models.FloatField(default=0.0, db_default=0.0)

    def __str__(self) -> str:
        return f"pace of {self.portal_id}"


class PlaceQuerySet(models.QuerySet["Place"]):
    def free_of(self, names: Iterable[str]) -> int:
        """Free the places that these processes held; give how many."""
        held = self.filter(until__gt=0)
        keys = [place.pk for place in held if place.holder.split("/")[0] in set(names)]
        return self.filter(pk__in=keys).update(until=0)


class Place(models.Model):
    """A place for one call of a portal that is under way.

    Taken by a conditional update where until (Unix seconds) is over; holder is the process and a
    random part of its own.
    """

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="places")
    number = models.PositiveSmallIntegerField()
    holder = models.CharField(max_length=120, blank=True)
    until = models.FloatField(default=0.0)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["portal", "number"], name="place_number")]

    def __str__(self) -> str:
        return f"place {self.number} of {self.portal_id}"


class MethodBudget(models.Model):
    """Operating time of one method, as the portal last reported it (seconds), and any block.

    seconds_of_one is how long it took lately for one of many calls in a request, 0 if not known.
    """

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="method_budgets")
    method = models.CharField(max_length=100)
    operating = models.FloatField(default=0.0)
    told_at = models.FloatField(default=0.0)
    resets_at = models.FloatField(default=0.0)
    blocked_until = models.FloatField(default=0.0)
    seconds_of_one = models.FloatField(default=0.0, db_default=0.0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "method"], name="method_budget_method")
        ]

    def __str__(self) -> str:
        return self.method
