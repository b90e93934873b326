"""Addresses of earlier versions, which bookmarks and open pages still name."""

from django.http import HttpResponse
from django.shortcuts import redirect

from bizproc_admin.access.permissions import Capability, Request, requires


@requires(Capability.KILL_WORKFLOWS)
def workflow_removal(request: Request, pk: int) -> HttpResponse:
    return redirect("workflow_kill", pk=pk, permanent=True, preserve_request=True)


@requires(Capability.COMPLETE_WORKFLOW_TASKS)
def command_withdrawal(request: Request, pk: int) -> HttpResponse:
    return redirect("command_take_back", pk=pk, permanent=True, preserve_request=True)


@requires(Capability.COMPLETE_WORKFLOW_TASKS)
def withdrawal_creation(request: Request) -> HttpResponse:
    return redirect("take_back_creation", permanent=True, preserve_request=True)
