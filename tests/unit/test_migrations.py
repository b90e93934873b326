"""What migrations may do while an older version still runs on the database."""

from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField
from django.db.models import NOT_PROVIDED, ManyToManyField

# the first ones made the tables: no version ran on them before
MADE_THE_TABLES = ("0001_", "0002_", "0003_", "0004_", "0005_")


def test_an_older_version_can_go_on_writing_into_every_table() -> None:
    """A column it knows nothing of may be empty or has a default in the database."""
    loader = MigrationLoader(None)
    required = []
    for (app, name), migration in loader.disk_migrations.items():
        if app != "bizproc_admin" or name.startswith(MADE_THE_TABLES):
            continue
        for operation in migration.operations:
            if not isinstance(operation, AddField):
                continue
            model = apps.get_model(app, operation.model_name)
            field = model._meta.get_field(operation.name)
            if isinstance(field, ManyToManyField) or field.null:
                continue
            if field.db_default is NOT_PROVIDED:
                required.append(f"{name}: {operation.model_name}.{operation.name}")
    assert required == []
