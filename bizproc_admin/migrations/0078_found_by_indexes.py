from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT


def without_index(name, to, **more):
    """An index of several columns begins with this one already."""
    field = models.ForeignKey(to, PROTECT, db_index=False, related_name="commands", **more)
    return migrations.AlterField(model_name="command", name=name, field=field)


def index(model, name, *fields):
    return migrations.AddIndex(model, models.Index(fields=fields, name=name))


class Migration(migrations.Migration):
    dependencies = [("bizproc_admin", "0077_tasks_of_template")]

    operations = [
        migrations.RemoveIndex(model_name="auditentry", name="audit_entry_target"),
        migrations.RemoveIndex(model_name="auditentry", name="audit_entry_actor"),
        without_index("actor", settings.AUTH_USER_MODEL),
        without_index("portal", "bizproc_admin.portal"),
        without_index("task", "bizproc_admin.workflowtask", null=True),
        without_index("workflow", "bizproc_admin.workflow", null=True),
        index("auditentry", "audit_entry_of_target", "target_id", "target_kind"),
        index("auditentry", "audit_entry_kind", "kind", "command"),
        index("auditentry", "audit_entry_action", "action", "kind"),
        index("command", "command_requested", "portal", "requested_at", "id"),
        index("command", "command_target", "target_id"),
        index("command", "command_actor", "actor", "action", "-id"),
    ]
