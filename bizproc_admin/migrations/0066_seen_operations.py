import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0065_folded"),
    ]

    operations = [
        migrations.CreateModel(
            name="SeenOperation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("word", models.CharField(max_length=40)),
                ("seen_at", models.DateTimeField(auto_now_add=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "operation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="bizproc_admin.bulkoperation",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="seenoperation",
            constraint=models.UniqueConstraint(
                fields=("account", "operation", "word"), name="one_dismissal_per_standing"
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("operation", None)), fields=["id"], name="audit_entry_folded"
            ),
        ),
    ]
