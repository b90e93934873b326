"""Who did something, by which way and to what kind of thing, in words."""

from django.utils.translation import gettext_lazy as _

from bizproc_admin.models import AuditEntry, Role

# by which way something was asked for; where no account asked, it is who did it, too
ORIGINS = {
    "screen": _("screen"),
    "bulk": _("bulk"),
    "worker": _("worker"),
    "sweeper": _("sweeper"),
    "portal": _("portal"),
    "command line": _("command line"),
}
ROLES = {
    Role.PORTAL_ADMINISTRATOR: _("portal administrator"),
    Role.MANAGER: _("manager"),
    Role.AUDITOR: _("auditor"),
    Role.PARTICIPANT: _("participant"),
}
KINDS = {
    "workflow": _("workflow"),
    "workflow_task": _("workflow task"),
    "workflow_template": _("workflow template"),
    "application_action": _("application action"),
    "document": _("document"),
    "account": _("account"),
    "portal": _("portal"),
    "page": _("page"),
    "operation": _("bulk operation"),
    "saved_view": _("saved view"),
}


def actor_of(entry: AuditEntry) -> str:
    """Return who did what an entry tells of; nothing where the console did by itself."""
    if entry.actor_id is None and entry.actor_name in ORIGINS:
        return str(ORIGINS[entry.actor_name])
    return entry.actor_name


def origin_of(entry: AuditEntry) -> str:
    """Return by which way an entry's act was asked for."""
    return str(ORIGINS.get(entry.origin, entry.origin))


def role_of(name: str) -> str:
    """Return a role that was kept by its name."""
    return str(ROLES[Role(name)]) if name in Role else name


def kind_of(entry: AuditEntry) -> str:
    """Return what kind of thing an entry is about."""
    return str(KINDS.get(entry.target_kind, entry.target_kind))
