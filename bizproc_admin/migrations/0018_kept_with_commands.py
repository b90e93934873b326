from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0017_declined"),
    ]

    operations = [
        migrations.AddField(
            model_name="command",
            name="error_values",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="command",
            name="labels",
            field=models.JSONField(null=True),
        ),
    ]
