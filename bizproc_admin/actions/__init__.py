"""The registry of actions by name."""

from bizproc_admin.actions.answers import CompleteTask
from bizproc_admin.actions.application_actions import (
    DeleteAction,
    RegisterAction,
    UpdateAction,
)
from bizproc_admin.actions.application_steps import AnswerStep, CheckToken, WriteLogLine
from bizproc_admin.actions.base import Action, Item, NotPossible, Observation, Target, Verdict
from bizproc_admin.actions.calls_connection import CallsTest
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
        RegisterAction,
        UpdateAction,
        DeleteAction,
        AnswerStep,
        WriteLogLine,
        CheckToken,
        CallsTest,
    )
}

__all__ = [
    "ACTIONS",
    "Action",
    "AddTemplate",
    "AnswerStep",
    "CallsTest",
    "CheckToken",
    "CompleteTask",
    "DelegateTask",
    "DeleteAction",
    "DeleteTemplate",
    "Item",
    "KillWorkflow",
    "NotPossible",
    "Observation",
    "RegisterAction",
    "StartWorkflow",
    "Target",
    "TerminateWorkflow",
    "UpdateAction",
    "UpdateTemplate",
    "Verdict",
    "WriteLogLine",
    "load",
]


def load(command: Command) -> Action:
    """Make a command's action again; a name nobody registered raises KeyError."""
    return ACTIONS[command.action].from_command(command)
