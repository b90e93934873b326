from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bizproc_admin", "0075_wants_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="Revision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=10)),
                ("number", models.BigIntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("source", "number"), name="one_revision")
                ],
            },
        ),
    ]
