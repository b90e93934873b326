"""What was delivered to a step is settled: another answer may be asked for."""

from django.db import migrations, models
from django.db.models import Q

SETTLED = ["evident", "delivered", "confirmed", "gone", "rejected", "cancelled", "not_applied"]


class Migration(migrations.Migration):
    dependencies = [("bizproc_admin", "0051_listed_actions")]

    operations = [
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
