"""Who calls, what calls ask for, and by which address they come."""

import bizproc_admin.secrets.fields
import django.db.models.deletion
import uuid
from django.db import migrations, models


def name_addresses(apps, schema_editor):
    """Give each portal that is there an address of its own for its calls."""
    Portal = apps.get_model("bizproc_admin", "Portal")
    for pk in Portal.objects.filter(calls_id=None).values_list("pk", flat=True):
        Portal.objects.filter(pk=pk).update(calls_id=uuid.uuid4())


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0031_application_steps"),
    ]

    operations = [
        migrations.CreateModel(
            name="CalledWorkflow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("remote_id", models.CharField(max_length=64)),
                ("due_at", models.DateTimeField(null=True)),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "portal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="called_workflows",
                        to="bizproc_admin.portal",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CallReceiver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("client_id", models.CharField(max_length=100)),
                ("token", bizproc_admin.secrets.fields.EncryptedTextField(null=True)),
                ("learnt_at", models.DateTimeField(null=True)),
                ("nonce", models.CharField(blank=True, max_length=64)),
                ("asked_at", models.DateTimeField(null=True)),
                ("last_call_at", models.DateTimeField(null=True)),
                ("rejected", models.PositiveIntegerField(default=0)),
                ("rejected_at", models.DateTimeField(null=True)),
                ("event", models.CharField(blank=True, max_length=40)),
                ("told_at", models.DateTimeField(null=True)),
                ("event_due_at", models.DateTimeField(null=True)),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "portal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="call_receivers",
                        to="bizproc_admin.portal",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="applicationstep",
            name="is_due",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="applicationstep",
            name="is_subscribed",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="applicationstep",
            name="sender",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AddField(
            model_name="portal",
            name="calls_id",
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
        migrations.RunPython(name_addresses, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="portal",
            name="calls_id",
            field=models.UUIDField(default=uuid.uuid4, editable=False, null=True, unique=True),
        ),
        migrations.AddIndex(
            model_name="applicationstep",
            index=models.Index(
                condition=models.Q(("is_due", True)),
                fields=["portal", "id"],
                name="application_step_due",
            ),
        ),
        migrations.AddIndex(
            model_name="calledworkflow",
            index=models.Index(fields=["portal", "due_at"], name="called_workflow_due"),
        ),
        migrations.AddConstraint(
            model_name="calledworkflow",
            constraint=models.UniqueConstraint(
                fields=("portal", "remote_id"), name="one_called_workflow"
            ),
        ),
        migrations.AddConstraint(
            model_name="callreceiver",
            constraint=models.UniqueConstraint(
                fields=("portal", "client_id"), name="one_call_receiver"
            ),
        ),
    ]
