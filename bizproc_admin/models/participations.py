"""Who takes part in what: it decides which workflows an account sees, and is found by an index.

A person takes part in a workflow that they started or ever had a workflow task of. That is said
by `Workflow.started_by` and by assignments; whatever writes one of them writes its row here in the
same transaction (`bulk_create` of both QuerySets, `save` of both models), so that rights never lag.
Neither is ever taken back, and so nothing is removed here.
"""

from collections.abc import Iterable

from django.db import models

from bizproc_admin.models.people import Person


class ParticipationQuerySet(models.QuerySet["Participation"]):
    def keep(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Keep that people take part in workflows, each named by key; what is known stays."""
        wanted = set(pairs)
        known = self.filter(workflow__in={workflow for _person, workflow in wanted})
        missing = wanted - set(known.values_list("person", "workflow"))
        rows = [Participation(person_id=one, workflow_id=other) for one, other in sorted(missing)]
        self.bulk_create(rows, ignore_conflicts=True)


class Participation(models.Model):
    """One person and one workflow they take part in."""

    pk = models.CompositePrimaryKey("person_id", "workflow_id")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    workflow = models.ForeignKey("Workflow", models.CASCADE, related_name="participations")

    objects = ParticipationQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.person_id} in {self.workflow_id}"
