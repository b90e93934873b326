"""Lists sort by the order of documents, now that every workflow has one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0021_nameless_without_words"),
    ]

    operations = [
        migrations.RemoveIndex("workflow", "workflow_document"),
        migrations.AddIndex(
            "workflow",
            models.Index(
                fields=["portal", "is_running", "document_order", "id"],
                name="workflow_by_document",
            ),
        ),
    ]
