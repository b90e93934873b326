"""Copies of names hold names alone: their columns stay, and get a name that says so."""

from django.db import migrations, models

COPIES = {
    "template_name": ("template_copy", 500),
    "document_name": ("document_copy", 500),
    "started_by_name": ("starter_copy", 511),
    "waiting_name": ("waiting_copy", 511),
}
INDEXES = {
    "workflow_template": "template_copy",
    "workflow_starter": "starter_copy",
    "workflow_waiting": "waiting_copy",
}


def renamed(column, name, length):
    field = models.CharField(blank=True, db_column=column, max_length=length)
    return [
        migrations.RenameField("workflow", column, name),
        migrations.AlterField("workflow", name, field),
    ]


def indexed(name, column):
    index = models.Index(fields=["portal", "is_running", column, "id"], name=name)
    return [migrations.RemoveIndex("workflow", name), migrations.AddIndex("workflow", index)]


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0019_failures_in_codes"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                *(step for column, of in COPIES.items() for step in renamed(column, *of)),
                *(step for name, column in INDEXES.items() for step in indexed(name, column)),
                # the index of the document is replaced once its new column is filled
                migrations.RemoveIndex("workflow", "workflow_document"),
                migrations.AddIndex(
                    "workflow",
                    models.Index(
                        fields=["portal", "is_running", "document_copy", "id"],
                        name="workflow_document",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="workflow",
            name="document_order",
            field=models.CharField(blank=True, db_default="", default="", max_length=520),
        ),
    ]
