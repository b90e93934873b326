from django.db import migrations, models


def of_the_nameless(apps, schema_editor):
    """Let the names be asked for of the running workflows that have none."""
    workflow = apps.get_model("bizproc_admin", "Workflow")
    workflow.objects.filter(is_running=True, document_copy="").update(wants_name=True)


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0074_ended_and_all"),
    ]

    operations = [
        migrations.AddField(
            model_name="workflow",
            name="wants_name",
            field=models.BooleanField(db_default=False, default=True),
        ),
        migrations.RunPython(of_the_nameless, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="workflow",
            index=models.Index(fields=["portal", "wants_name", "id"], name="workflow_wants_name"),
        ),
    ]
