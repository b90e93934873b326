"""The REST methods, one module a family; importing the package fills the table."""

from sandbox.methods import (
    actions,
    application_events,
    completing,
    delegating,
    departments,
    events,
    searching,
    system,
    tasks,
    template_writes,
    templates,
    users,
    workflows,
)

__all__ = [
    "actions",
    "application_events",
    "completing",
    "delegating",
    "departments",
    "events",
    "searching",
    "system",
    "tasks",
    "template_writes",
    "templates",
    "users",
    "workflows",
]
