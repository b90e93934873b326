"""How much work waits for people of a portal with very much of it, counted every so often."""

from django.db import models

from bizproc_admin.models.people import Person


class PersonFigures(models.Model):
    """A person's workload as it was counted last; who never had any has none.

    open and overdue are of workflow tasks they have not answered, running is of workflows they
    started.
    """

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="figures")
    open = models.PositiveIntegerField(default=0)
    overdue = models.PositiveIntegerField(default=0)
    running = models.PositiveIntegerField(default=0)

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.open, self.overdue, self.running

    def __str__(self) -> str:
        return f"figures of person {self.person_id}"
