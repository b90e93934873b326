"""Guard the numbers of the audit history, and every column of a settled command, too."""

from django.db import migrations

from bizproc_admin.audit import triggers


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0009_time_zones"),
    ]

    operations = [
        migrations.RunPython(triggers.put_back, triggers.lift),
    ]
