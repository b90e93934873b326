from collections.abc import Iterator

from django.db import migrations
from django.db.models import Min

from bizproc_admin.models.searching import searchable

KEPT = (
    "Workflow",
    "WorkflowTask",
    "WorkflowTemplate",
    "Person",
    "TemplateMention",
    "ApplicationStep",
)
AT_ONCE = 2_000


def fold(apps, schema_editor):
    """Fold what is searched through: what is asked for is folded from now on."""
    for name in KEPT:
        model = apps.get_model("bizproc_admin", name)
        for rows in portions(model):
            changed = []
            for pk, text in rows:
                if (folded := searchable(text)) != text:
                    changed.append(model(pk=pk, search_text=folded))
            model._default_manager.bulk_update(changed, ["search_text"], batch_size=200)


def portions(model) -> Iterator[list[tuple[int, str]]]:
    rows = model._default_manager.order_by("pk").values_list("pk", "search_text")
    after = (rows.aggregate(first=Min("pk"))["first"] or 0) - 1
    while part := list(rows.filter(pk__gt=after)[:AT_ONCE]):
        yield part
        after = part[-1][0]


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0064_batches"),
    ]

    operations = [
        migrations.RunPython(fold, migrations.RunPython.noop, elidable=True),
    ]
