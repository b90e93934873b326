"""Failures are kept as codes and values; the columns that held sentences stay for older versions.

They are emptied, and have a default that the database gives: nothing reads or writes them any more.
"""

from django.db import migrations, models
from django.utils import timezone

# the only refusal that ever made a token lost
NAMES = ("PersonToken", "Feed", "SyncRun", "Portal")
NO_LONGER_VALID = "token_invalid_grant"


def forget_sentences(apps, schema_editor):
    rows = {name: apps.get_model("bizproc_admin", name)._default_manager for name in NAMES}
    rows["PersonToken"].exclude(lost_why="").update(lost_code=NO_LONGER_VALID, lost_why="")
    rows["Feed"].exclude(failure="").update(failure="")
    rows["SyncRun"].exclude(error="").update(error="")
    # what was found is found again, by the workers of the new version
    rows["Portal"].exclude(webhook=None).exclude(probed_at=None).update(
        probe_error="", probe_at=timezone.now()
    )


def kept_for_older_versions(model, name):
    column = models.TextField(blank=True, default="", db_default="")
    return migrations.SeparateDatabaseAndState(
        database_operations=[migrations.AlterField(model, name, column)],
        state_operations=[migrations.RemoveField(model, name)],
    )


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0018_kept_with_commands"),
    ]

    operations = [
        migrations.AddField(
            model_name="feed",
            name="failure_values",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="syncrun",
            name="error_values",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="portal",
            name="problem_code",
            field=models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
        migrations.AddField(
            model_name="portal",
            name="problem_values",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="persontoken",
            name="lost_code",
            field=models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
        migrations.RunPython(forget_sentences, migrations.RunPython.noop),
        kept_for_older_versions("feed", "failure"),
        kept_for_older_versions("syncrun", "error"),
        kept_for_older_versions("portal", "probe_error"),
        kept_for_older_versions("persontoken", "lost_why"),
    ]
