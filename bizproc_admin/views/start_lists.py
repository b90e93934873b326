"""Starting a workflow on many documents, which a file names."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from bizproc_admin import commands
from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.actions import StartWorkflow
from bizproc_admin.audit import By
from bizproc_admin.forms.start_lists import StartListForm
from bizproc_admin.models import WorkflowTemplate


@require_http_methods(["GET", "POST"])
@requires(Capability.START_WORKFLOWS)
def workflow_start_many(request: Request, pk: int) -> HttpResponse:
    """Take a file, and freeze the list of what is to be started; a wrong line freezes nothing."""
    offered = WorkflowTemplate.objects.offered_to(request.user).select_related("portal")
    template = get_object_or_404(offered.filter(portal=request.portal), pk=pk)
    form = StartListForm(template, request.POST or None, request.FILES or None)
    if not (form.is_bound and form.is_valid()):
        status = 422 if form.is_bound else 200
        context = {"form": form, "template": template}
        return render(request, "workflows/start_list.html", context, status=status)
    top = {"top": [[template.pk, len(form.items)]], "more": 0, "rest": 0}
    operation = commands.freeze(
        StartWorkflow,
        portal=template.portal,
        items=form.items,
        by=By.of(request),
        key=commands.key_for(form.cleaned_data["key"], template.pk, form.items),
        source={"file": form.name},
        facts={"kinds": {"template": top}},
    )
    return redirect("operation_confirmation", pk=operation.pk)
