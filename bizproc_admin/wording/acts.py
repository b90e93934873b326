"""What a command does, in words."""

from bizproc_admin.models import Command, WorkflowTask


def answer_of(command: Command, task: WorkflowTask) -> str:
    """Return the portal's own caption of the answer a command gives."""
    answer = command.inputs.get("answer")
    return next((way.caption for way in task.answers if way.status == answer), str(answer))
