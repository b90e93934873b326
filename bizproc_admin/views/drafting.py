"""Keeping what is typed into a workflow task's form: no way of leaving it loses it."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.forms.completions import CompletionForm
from bizproc_admin.htmx import part
from bizproc_admin.models import Draft
from bizproc_admin.views.task_panels import line_of, obstacle_of, panel


@require_POST
@requires(Capability.COMPLETE_WORKFLOW_TASKS)
def workflow_task_draft(request: Request, pk: int) -> HttpResponse:
    """Keep what is typed; what is typed no more, or is not the account's to answer, is not kept."""
    line = line_of(request, pk)
    task = line.task
    drafts = Draft.objects.filter(account=request.user, task=task)
    if "discard" in request.POST:
        drafts.delete()
        return panel(request, line)
    if not line.is_mine or not line.is_free or obstacle_of(request, line):
        return HttpResponse(status=204)
    values = CompletionForm(task, request.POST).typed
    draft = None
    if values:
        draft, _is_new = drafts.update_or_create(
            account=request.user,
            task=task,
            defaults={"values": values, "saved_at": timezone.now()},
        )
    else:
        drafts.delete()
    return part(
        request, "workflow_tasks/detail.html", "draft", {"draft": draft, "draft_url": request.path}
    )
