"""The REST methods, one module a family; importing the package fills the table."""

from sandbox.methods import (
    actions,
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
