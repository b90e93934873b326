"""What migrations may do while an older version still runs on the database."""

from importlib import import_module

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


def row_of(**values: object) -> dict[str, object]:
    return {
        "pk": 5, "search_text": "", "document_order": "", "template_copy": "Leave request",
        "template__name": "Leave request", "template__remote_id": 41, "document_copy": "",
        "document__name": "", "document__kind": "deal", "document__document_id": "DEAL_777",
        "starter_copy": "", "started_by__name": None, "started_by__remote_id": None,
        "waiting_copy": "", **values,
    }  # fmt: skip


def test_words_that_stood_for_a_name_are_taken_out_of_the_copies_and_names_stay() -> None:
    without_words = import_module(
        "bizproc_admin.migrations.0021_nameless_without_words"
    ).without_words
    kept = row_of(
        template_copy="Hidden automation template 41", template__name="",
        document_copy="Deal 777, name not known", starter_copy="Person 12", started_by__name="",
        waiting_copy="Person 14",
        search_text="w1 hidden automation template 41 deal 777, name not known deal_777 person 12"
        " step person 14 person 15",
    )  # fmt: skip
    changed = without_words(kept, {"12", "14"})
    order = "2 deal 00000000000000000777"
    search = "w1 41  deal_777 12 step 14 person 15"
    assert changed == ("", "", order, "", "", search, 5)
    named = row_of(document__name="Pumps", document_copy="Pumps", search_text="w1 pumps deal_777")
    changed = without_words(named, {"12"})
    assert changed == ("Leave request", "Pumps", "1 Pumps", "", "", "w1 pumps deal_777", 5)
    assert without_words({**named, "document_order": "1 Pumps"}, set()) is None
