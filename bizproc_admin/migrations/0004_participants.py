"""Make the group of participants, and fill what the list of workflow tasks sorts and searches by."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

AT_ONCE = 500


def make_participants(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("auth", "Group").objects.get_or_create(name="participant")


def fill_tasks(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    tasks = apps.get_model("bizproc_admin", "WorkflowTask").objects
    tasks.filter(waiting_since=None).update(waiting_since=F("modified_at"))
    last = 0
    while part := list(tasks.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        for task in part:
            task.search_text = f"{task.remote_id} {task.name}".casefold()
        tasks.bulk_update(part, ["search_text"])
        last = part[-1].pk


class Migration(migrations.Migration):
    dependencies = [("bizproc_admin", "0003_acting_people")]

    operations = [
        migrations.RunPython(make_participants, migrations.RunPython.noop),
        migrations.RunPython(fill_tasks, migrations.RunPython.noop),
    ]
