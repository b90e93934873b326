from django.db import migrations, models
from django.db.models.functions import Left

# what the merge writes for open tasks from now on
FILL = """
UPDATE bizproc_admin_workflowtask SET
    template_copy = (SELECT template_name FROM bizproc_admin_workflow AS workflow
        WHERE workflow.id = workflow_id),
    starter_copy = (SELECT started_by_name FROM bizproc_admin_workflow AS workflow
        WHERE workflow.id = workflow_id),
    search_text = search_text || ' ' || (SELECT workflow.search_text
        FROM bizproc_admin_workflow AS workflow WHERE workflow.id = workflow_id)
WHERE is_open
"""
LATEST_FIRST = """
CREATE INDEX workflow_task_latest ON bizproc_admin_workflowtask
(portal_id, is_open, overdue_at DESC NULLS LAST, id DESC)
"""


def index_latest_first(apps, schema_editor):
    """What has no deadline stands last from behind, too: only PostgreSQL can index that."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(LATEST_FIRST)


def drop_latest_first(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS workflow_task_latest")


def index(name, *fields):
    return migrations.AddIndex(
        model_name="workflowtask",
        index=models.Index(fields=["portal", "is_open", *fields, "id"], name=name),
    )


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0071_participations"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="workflowtask", name="workflow_task_overdue"),
        migrations.AddField(
            model_name="workflowtask",
            name="starter_copy",
            field=models.CharField(blank=True, db_default="", default="", max_length=511),
        ),
        migrations.AddField(
            model_name="workflowtask",
            name="template_copy",
            field=models.CharField(blank=True, db_default="", default="", max_length=500),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop, elidable=True),
        index("workflow_task_overdue", "overdue_at"),
        index("workflow_task_waiting", "waiting_since"),
        index("workflow_task_template", "template_copy"),
        index("workflow_task_starter", "starter_copy"),
        migrations.AddIndex(
            model_name="workflowtask",
            index=models.Index(
                models.F("portal"),
                models.F("is_open"),
                Left("name", 200),
                models.F("id"),
                name="workflow_task_name",
            ),
        ),
        migrations.RunPython(index_latest_first, drop_latest_first),
    ]
