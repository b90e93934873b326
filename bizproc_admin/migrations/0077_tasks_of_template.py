from django.db import migrations, models
from django.db.models import CASCADE, PROTECT

# what the merge writes for open tasks from now on
FILL = """
UPDATE bizproc_admin_workflowtask SET template_id = (SELECT template_id
    FROM bizproc_admin_workflow AS workflow WHERE workflow.id = workflow_id)
WHERE is_open
"""


def without_index(model, name, to, on_delete, related_name):
    """An index of several columns begins with this one already."""
    field = models.ForeignKey(to, on_delete, db_index=False, related_name=related_name)
    return migrations.AlterField(model_name=model, name=name, field=field)


def index(name, *fields):
    fields = ["portal", "is_open", *fields, "overdue_at", "id"]
    return migrations.AddIndex("workflowtask", models.Index(fields=fields, name=name))


class Migration(migrations.Migration):
    dependencies = [("bizproc_admin", "0076_revisions")]

    operations = [
        migrations.AddField(
            model_name="workflowtask",
            name="template",
            field=models.ForeignKey(
                "bizproc_admin.workflowtemplate",
                PROTECT,
                db_index=False,
                null=True,
                related_name="+",
            ),
        ),
        migrations.RemoveIndex("assignment", "assignment_waiting"),
        migrations.AddIndex(
            "assignment",
            models.Index(
                fields=["person", "status", "gone_at", "task"], name="assignment_of_person"
            ),
        ),
        without_index("assignment", "person", "bizproc_admin.person", PROTECT, "assignments"),
        without_index("assignment", "task", "bizproc_admin.workflowtask", CASCADE, "assignments"),
        without_index("workflowtask", "portal", "bizproc_admin.portal", PROTECT, "workflow_tasks"),
        without_index("workflowtask", "workflow", "bizproc_admin.workflow", PROTECT, "tasks"),
        migrations.RunSQL(FILL, migrations.RunSQL.noop, elidable=True),
        index("workflow_task_of_template", "template"),
        index("workflow_task_kind", "activity"),
    ]
