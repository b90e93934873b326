from django.db import migrations, models
from django.db.models import CASCADE


class Migration(migrations.Migration):
    dependencies = [("bizproc_admin", "0078_found_by_indexes")]

    operations = [
        migrations.CreateModel(
            name="PersonFigures",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        "bizproc_admin.person",
                        CASCADE,
                        primary_key=True,
                        related_name="figures",
                        serialize=False,
                    ),
                ),
                ("open", models.PositiveIntegerField(default=0)),
                ("overdue", models.PositiveIntegerField(default=0)),
                ("running", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.AddField(
            "templatefigures", "locked", models.PositiveIntegerField(default=0, db_default=0)
        ),
        migrations.AddField(
            "templatefigures", "idle", models.PositiveIntegerField(default=0, db_default=0)
        ),
        migrations.AddField("templatefigures", "oldest", models.DateTimeField(null=True)),
    ]
