"""Two columns that were written and never read; they stay in the database for older versions."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0023_bulk_operations"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField("portal", "webhook_person_id")],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.AlterField(
                    "feed", "full_seconds", models.FloatField(default=0.0, db_default=0.0)
                )
            ],
            state_operations=[migrations.RemoveField("feed", "full_seconds")],
        ),
    ]
