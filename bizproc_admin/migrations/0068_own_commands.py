from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0067_recipes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="command",
            index=models.Index(
                condition=models.Q(("bulk", None)), fields=["actor", "-id"], name="command_own"
            ),
        ),
    ]
