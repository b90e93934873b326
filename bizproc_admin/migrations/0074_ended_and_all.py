from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0073_saved_views"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="workflow", name="workflow_ended"),
        migrations.AddIndex(
            model_name="workflow",
            index=models.Index(
                fields=["portal", "is_running", "ended_before", "id"], name="workflow_ended"
            ),
        ),
        migrations.AddIndex(
            model_name="workflow",
            index=models.Index(fields=["portal", "started_at", "id"], name="workflow_all"),
        ),
    ]
