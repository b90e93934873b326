"""Name the state of a command that the portal said no to, until a reading shows what that means."""

from typing import Any

from django.db import migrations, models


def name_declined(apps: Any, schema_editor: Any) -> None:
    """They were told from other unknown ones by what the answer proved."""
    commands = apps.get_model("bizproc_admin", "Command").objects
    commands.filter(state="unknown", proof="rejected").update(state="declined")


def unname_declined(apps: Any, schema_editor: Any) -> None:
    apps.get_model("bizproc_admin", "Command").objects.filter(state="declined").update(
        state="unknown"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0016_history_in_keys"),
    ]

    operations = [
        migrations.AlterField(
            model_name="command",
            name="state",
            field=models.CharField(default="intent", max_length=20),
        ),
        migrations.RunPython(name_declined, unname_declined),
    ]
