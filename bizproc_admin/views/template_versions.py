"""The versions of a workflow template: who changed what when, and what runs on which copy."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.lists.version_lines import versions_of
from bizproc_admin.models import Workflow
from bizproc_admin.models.template_versions import opened
from bizproc_admin.views.template_changes import changes_between
from bizproc_admin.views.workflow_templates import target_of


@require_safe
@requires(Capability.SEE_STRUCTURES)
def workflow_template_versions(request: Request, pk: int) -> HttpResponse:
    template = target_of(request, pk)
    workflows = Workflow.objects.visible_to(request.user).at(template.portal).running()
    versions = versions_of(
        template, workflows.filter(template=template), chosen=request.GET.get("version", "")
    )
    before, after = opened(versions.previous), opened(versions.chosen)
    context = {
        "template": template,
        "versions": versions,
        "is_compared": before is not None and after is not None,
        "changes": changes_between(template.portal, before, after) if before and after else None,
    }
    return render(request, "workflow_templates/versions.html", context)
