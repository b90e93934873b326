"""The registry of actions by name."""

from bizproc_admin.actions.answers import CompleteTask
from bizproc_admin.actions.base import Action, NotPossible, Observation, Target, Verdict
from bizproc_admin.actions.delegations import DelegateTask
from bizproc_admin.actions.starting import StartWorkflow
from bizproc_admin.actions.template_files import AddTemplate, DeleteTemplate, UpdateTemplate
from bizproc_admin.actions.workflows import KillWorkflow, TerminateWorkflow
from bizproc_admin.models import Command

ACTIONS: dict[str, type[Action]] = {
    action.name: action
    for action in (
        StartWorkflow,
        TerminateWorkflow,
        KillWorkflow,
        CompleteTask,
        DelegateTask,
        AddTemplate,
        UpdateTemplate,
        DeleteTemplate,
    )
}

__all__ = [
    "ACTIONS",
    "Action",
    "AddTemplate",
    "CompleteTask",
    "DelegateTask",
    "DeleteTemplate",
    "KillWorkflow",
    "NotPossible",
    "Observation",
    "StartWorkflow",
    "Target",
    "TerminateWorkflow",
    "UpdateTemplate",
    "Verdict",
    "load",
]


def load(command: Command) -> Action:
    """Make a command's action again; a name nobody registered raises KeyError."""
    return ACTIONS[command.action].from_command(command)
