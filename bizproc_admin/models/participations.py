"""Who takes part in what: it decides which workflows an account sees, and is found by an index.

A person takes part in a workflow that they started or ever had a workflow task of. That is said
by `Workflow.started_by` and by assignments; whatever writes one of them writes its row here in the
same transaction (`bulk_create` of both QuerySets, `save` of both models), so that rights never lag.
Neither is ever taken back, and so nothing is removed here.
"""

from collections.abc import Iterable

from django.apps import apps
from django.db import models

from bizproc_admin.models.people import Person


class ParticipationQuerySet(models.QuerySet["Participation"]):
    def keep(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Keep that people take part in workflows, each named by key; what is known stays."""
        wanted = set(pairs)
        known = self.filter(workflow__in={workflow for _person, workflow in wanted})
        missing = wanted - set(known.values_list("person", "workflow"))
        workflows = apps.get_model("bizproc_admin.Workflow")._default_manager
        of_missing = workflows.filter(pk__in={workflow for _person, workflow in missing})
        templates = dict(of_missing.values_list("pk", "template")) if missing else {}
        rows = [
            Participation(person_id=one, workflow_id=other, template_id=templates[other])
            for one, other in sorted(missing)
        ]
        self.bulk_create(rows, ignore_conflicts=True)


class Participation(models.Model):
    """One person and one workflow they take part in; template is the workflow's, which stays.

    An older version that is still running makes rows without it.
    """

    pk = models.CompositePrimaryKey("person_id", "workflow_id")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    workflow = models.ForeignKey(
        "Workflow", models.CASCADE, related_name="participations", db_index=False
    )
    template = models.ForeignKey(
        "WorkflowTemplate", models.CASCADE, null=True, related_name="+", db_index=False
    )

    objects = ParticipationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["person", "template"], name="participation_template"),
            # whether somebody takes part is told by it alone, workflow by workflow along a list
            models.Index(fields=["workflow", "person"], name="participation_workflow"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.workflow_id}"
