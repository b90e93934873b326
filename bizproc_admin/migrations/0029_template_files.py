"""Uploaded template files, and the number that a portal gave our application."""

import bizproc_admin.secrets.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0028_template_figures_and_mentions"),
    ]

    operations = [
        migrations.AddField(
            model_name="portal",
            name="application_number",
            field=models.BigIntegerField(null=True),
        ),
        migrations.CreateModel(
            name="TemplateFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("content", bizproc_admin.secrets.fields.EncryptedBytesField()),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("read", "Read"), ("refused", "Refused")],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=50)),
                ("values", models.JSONField(default=dict)),
                ("notes", models.JSONField(default=list)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("parts", bizproc_admin.secrets.fields.EncryptedBytesField(default=b"")),
                ("uploaded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "portal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="template_files",
                        to="bizproc_admin.portal",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="bizproc_admin.workflowtemplate",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "uploaded_at"], name="template_file_state")
                ],
            },
        ),
    ]
