import django.db.models.deletion
from django.db import migrations, models

# who started a workflow, and whoever had a task of it
FILL = """
INSERT INTO bizproc_admin_participation (person_id, workflow_id)
SELECT started_by_id, id FROM bizproc_admin_workflow WHERE started_by_id IS NOT NULL
UNION
SELECT assignment.person_id, task.workflow_id FROM bizproc_admin_assignment AS assignment
JOIN bizproc_admin_workflowtask AS task ON task.id = assignment.task_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0070_ended_first"),
    ]

    operations = [
        migrations.CreateModel(
            name="Participation",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "person_id",
                        "workflow_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="bizproc_admin.person",
                    ),
                ),
                (
                    "workflow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="participations",
                        to="bizproc_admin.workflow",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop, elidable=True),
    ]
