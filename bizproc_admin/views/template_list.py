"""The workflow templates of the portal: how they are used, and which cannot go well."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy

from bizproc_admin.access.permissions import Capability
from bizproc_admin.lists.list_page import ListPage
from bizproc_admin.lists.shown import Shown
from bizproc_admin.lists.template_filters import TemplateFilterForm
from bizproc_admin.lists.template_lines import TemplateLine, template_lines
from bizproc_admin.models import FeedName, WorkflowTemplate


def lines_of(
    shown: Shown[TemplateFilterForm, WorkflowTemplate, TemplateLine],
    templates: Sequence[WorkflowTemplate],
) -> list[TemplateLine]:
    return template_lines(templates, portal=shown.request.portal, viewer=shown.request.user)


TEMPLATES = ListPage(
    noun="workflow_template",
    capability=Capability.SEE_WORKFLOWS,
    template="workflow_templates/list.html",
    feed=FeedName.WORKFLOW_TEMPLATES,
    filters=lambda request: TemplateFilterForm(
        request.GET, portal=request.portal, viewer=request.user
    ),
    rows=lambda request: WorkflowTemplate.objects.visible_to(request.user),
    fetched=lambda filters: WorkflowTemplate.objects.select_related("changed_by", "figures").defer(
        "parameters"
    ),
    lines=lines_of,
    columns={
        "document": gettext_lazy("Document"),
        "running": gettext_lazy("Running"),
        "ended": gettext_lazy("Ended in 30 days"),
        "duration": gettext_lazy("Duration"),
        "changed": gettext_lazy("Changed"),
    },
)
