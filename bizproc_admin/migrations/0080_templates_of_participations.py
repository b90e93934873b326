from django.db import migrations, models
from django.db.models import CASCADE

FILL = """
UPDATE bizproc_admin_participation SET template_id = (SELECT template_id
    FROM bizproc_admin_workflow AS workflow WHERE workflow.id = workflow_id)
"""


class Migration(migrations.Migration):
    dependencies = [("bizproc_admin", "0079_kept_figures")]

    operations = [
        migrations.AddField(
            model_name="participation",
            name="template",
            field=models.ForeignKey(
                "bizproc_admin.workflowtemplate",
                CASCADE,
                db_index=False,
                null=True,
                related_name="+",
            ),
        ),
        migrations.AlterField(
            model_name="participation",
            name="workflow",
            field=models.ForeignKey(
                "bizproc_admin.workflow",
                CASCADE,
                db_index=False,
                related_name="participations",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop, elidable=True),
        migrations.AddIndex(
            "participation",
            models.Index(fields=["person", "template"], name="participation_template"),
        ),
        migrations.AddIndex(
            "participation",
            models.Index(fields=["workflow", "person"], name="participation_workflow"),
        ),
    ]
