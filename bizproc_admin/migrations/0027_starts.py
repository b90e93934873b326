"""What a start has brought forth, the state of one that only evidence settled, dates of portals."""

from django.db import migrations, models
from django.db.models import Q

SETTLED = ["evident", "confirmed", "gone", "rejected", "cancelled", "not_applied"]


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0026_disclosures"),
    ]

    operations = [
        migrations.AddField("command", "evidence", models.JSONField(db_default={}, default=dict)),
        migrations.AddField(
            "command",
            "result",
            models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AddField(
            "portal",
            "date_format",
            models.CharField(db_default="d.m.Y", default="d.m.Y", max_length=10),
        ),
        migrations.RemoveConstraint("command", "one_open_command_per_target"),
        migrations.AddConstraint(
            "command",
            models.UniqueConstraint(
                fields=["portal", "target_kind", "target_id", "effect"],
                condition=~Q(state__in=SETTLED),
                name="one_open_command_per_target",
            ),
        ),
    ]
