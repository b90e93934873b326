"""What a start has brought forth, and the state of one that only evidence settled."""

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
