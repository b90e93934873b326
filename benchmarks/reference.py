"""The reference of the list benchmark: Django's admin over the same table, as is usual."""

from django.contrib import admin

from bizproc_admin.models import Workflow, WorkflowTask, WorkflowTemplate


@admin.register(Workflow)
class WorkflowReference(admin.ModelAdmin):
    """The same columns, filters and rows a page as ours."""

    list_display = (
        "template_name",
        "document_name",
        "state_text",
        "waiting_copy",
        "started_by",
        "started_at",
        "modified_at",
    )
    list_select_related = ("template", "document", "started_by", "portal")
    list_filter = ("template", "document_kind", "is_running")
    search_fields = ("search_text",)
    ordering = ("-started_at", "-pk")
    list_per_page = 50


@admin.register(WorkflowTask)
class WorkflowTaskReference(admin.ModelAdmin):
    """The same columns and rows a page as our list of everybody's open workflow tasks."""

    list_display = ("name", "document", "starter", "waiting_since", "overdue_at")
    list_select_related = ("workflow__document", "workflow__started_by")
    list_filter = ("is_open", "activity")
    search_fields = ("search_text", "workflow__search_text")
    ordering = ("overdue_at", "pk")
    list_per_page = 50

    def document(self, task: WorkflowTask) -> str:
        return task.workflow.document_name

    def starter(self, task: WorkflowTask) -> str:
        return task.workflow.started_by_name


@admin.register(WorkflowTemplate)
class WorkflowTemplateReference(admin.ModelAdmin):
    """The same columns and rows a page as our list of templates, without what is wrong in them."""

    list_display = ("name", "kind", "running", "ended", "median", "changed_by", "modified_at")
    list_select_related = ("changed_by", "figures")
    list_filter = ("kind", "is_hidden")
    search_fields = ("search_text",)
    ordering = ("name", "pk")
    list_per_page = 50

    def running(self, template: WorkflowTemplate) -> int:
        return template.figures.running

    def ended(self, template: WorkflowTemplate) -> int:
        return template.figures.ended

    def median(self, template: WorkflowTemplate) -> int | None:
        return template.figures.median
