"""Bulk operations in words."""

from django.utils.translation import ngettext

from bizproc_admin.actions import (
    ACTIONS,
    AnswerStep,
    CompleteTask,
    DelegateTask,
    KillWorkflow,
    StartWorkflow,
    TerminateWorkflow,
)
from bizproc_admin.models import BulkOperation


def title_of(operation: BulkOperation) -> str:
    """Return what an operation does, as the way to its portal calls it."""
    count = operation.total
    if operation.action == KillWorkflow.name and operation.portal.is_by_gateway:
        said = ngettext(
            "End %(count)s workflow by force", "End %(count)s workflows by force", count
        )
        return said % {"count": f"{count:,}"}
    return title(operation.action, count)


def title(action: str, count: int) -> str:
    """Return what an operation does to how many targets."""
    values = {"count": f"{count:,}"}
    match action:
        case TerminateWorkflow.name:
            said = ngettext("Terminate %(count)s workflow", "Terminate %(count)s workflows", count)
        case KillWorkflow.name:
            said = ngettext("Kill %(count)s workflow", "Kill %(count)s workflows", count)
        case StartWorkflow.name:
            said = ngettext("Start %(count)s workflow", "Start %(count)s workflows", count)
        case DelegateTask.name:
            said = ngettext("Delegate %(count)s task", "Delegate %(count)s tasks", count)
        case CompleteTask.name:
            said = ngettext("Answer %(count)s task", "Answer %(count)s tasks", count)
        case AnswerStep.name:
            said = ngettext("Answer %(count)s step", "Answer %(count)s steps", count)
        case _:
            known = ACTIONS.get(action)
            return f"{known.label if known else action} ({count:,})"
    return said % values
