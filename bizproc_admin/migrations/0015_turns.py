import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

CASCADE, PROTECT = django.db.models.deletion.CASCADE, django.db.models.deletion.PROTECT


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0014_defaults_for_older_versions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Place",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("holder", models.CharField(blank=True, max_length=120)),
                ("until", models.FloatField(default=0.0)),
                (
                    "portal",
                    models.ForeignKey(
                        on_delete=PROTECT, related_name="places", to="bizproc_admin.portal"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ScreenReading",
            fields=[
                (
                    "portal",
                    models.OneToOneField(
                        on_delete=CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="bizproc_admin.portal",
                    ),
                ),
                ("rung_at", models.DateTimeField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Watched",
            fields=[
                (
                    "workflow",
                    models.OneToOneField(
                        on_delete=CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="bizproc_admin.workflow",
                    ),
                ),
                ("until", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(null=True, on_delete=CASCADE, to=settings.AUTH_USER_MODEL),
                ),
                (
                    "portal",
                    models.ForeignKey(
                        on_delete=CASCADE, related_name="watched", to="bizproc_admin.portal"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="command",
            name="queued",
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
        migrations.AddField(
            model_name="command",
            name="taken_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
        migrations.AddField(
            model_name="command",
            name="taken_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="pacebucket",
            name="kept_tat",
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
        migrations.AddField(
            model_name="persontoken",
            name="proven_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="portal",
            name="retry_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="command",
            index=models.Index(fields=["portal", "state", "origin"], name="command_turn"),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.UniqueConstraint(fields=("portal", "number"), name="place_number"),
        ),
        migrations.AddIndex(
            model_name="watched",
            index=models.Index(fields=["portal", "until"], name="watched_portal"),
        ),
    ]
