"""Templates that were known before lists searched in them get their words; hidden ones have none
but their number, and no pass would ever bring it.
"""

from django.db import migrations


def fill(apps, schema_editor):
    templates = apps.get_model("bizproc_admin", "WorkflowTemplate").objects.filter(search_text="")
    for template in templates.only("pk", "name", "remote_id"):
        template.search_text = f"{template.name} {template.remote_id}".strip().casefold()
        template.save(update_fields=["search_text"])


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0029_template_files"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
