"""Who takes part in what, told from the rows that say it: what the table of it must agree with."""

from django.db import connection

from bizproc_admin.models import Assignment, Participation, Workflow, WorkflowTask
from tests.tables import Filled

TAKING_PART = """
SELECT started_by_id, id, template_id FROM bizproc_admin_workflow
WHERE started_by_id IS NOT NULL
UNION
SELECT assignment.person_id, task.workflow_id, workflow.template_id
FROM bizproc_admin_assignment AS assignment
JOIN bizproc_admin_workflowtask AS task ON task.id = assignment.task_id
JOIN bizproc_admin_workflow AS workflow ON workflow.id = task.workflow_id
"""


def let_start(person, workflows):
    """Let somebody have started workflows, as the portal never tells afterwards."""
    workflows.update(started_by=person)
    Participation.objects.all().delete()
    with connection.cursor() as cursor:
        table = Participation._meta.db_table
        cursor.execute(f"INSERT INTO {table} (person_id, workflow_id, template_id) {TAKING_PART}")


def wrong(filled: list[Filled]) -> set[tuple[object, ...]]:
    """Return what is kept and not so, or so and not kept.

    That is who takes part in which workflow of which template, and of which an open task is.
    """

    def of(model, *columns):
        for table, names, rows in filled:
            if table == model._meta.db_table:
                places = [names.index(column) for column in columns]
                return {tuple(row[place] for place in places) for row in rows}
        return set()

    workflow_of = dict(of(WorkflowTask, "id", "workflow_id"))
    template_of = dict(of(Workflow, "id", "template_id"))
    started = {pair for pair in of(Workflow, "started_by_id", "id") if pair[0] is not None}
    asked = {(who, workflow_of[task]) for who, task in of(Assignment, "person_id", "task_id")}
    taking_part = {(who, workflow, template_of[workflow]) for who, workflow in started | asked}
    tasks = of(WorkflowTask, "id", "workflow_id", "is_open", "template_id")
    elsewhere = {task for task in tasks if task[2] and task[3] != template_of[task[1]]}
    kept = of(Participation, "person_id", "workflow_id", "template_id")
    return (kept ^ taking_part) | elsewhere
