"""The copies a workflow row carries so that lists sort and search by an index."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from bizproc_admin.models import Assignment, Person, Workflow, WorkflowTask, WorkflowTemplate
from bizproc_admin.models.searching import searchable

COPIES = (
    "template_copy",
    "document_copy",
    "document_order",
    "document_kind",
    "starter_copy",
    "waiting_copy",
    "state_text",
    "open_tasks",
    "overdue_at",
    "search_text",
    "wants_name",
)
OF_TASKS = ("template", "template_copy", "starter_copy", "search_text")
AT_ONCE = 200


def summarise(pks: Iterable[int]) -> None:
    """Write the copies of some workflows anew, and of their open tasks, from what they copy."""
    keys = sorted(set(pks))
    for start in range(0, len(keys), AT_ONCE):
        summarise_part(keys[start : start + AT_ONCE])


def summarise_part(pks: Sequence[int]) -> None:
    tasks: dict[int, list[WorkflowTask]] = defaultdict(list)
    for task in WorkflowTask.objects.filter(workflow__in=pks, is_open=True).order_by("-pk"):
        tasks[task.workflow_id].append(task)
    waiting: dict[int, list[Assignment]] = defaultdict(list)
    for assignment in (
        Assignment.objects.filter(
            task__workflow__in=pks, task__is_open=True, status=0, gone_at=None
        )
        .select_related("person", "task")
        .order_by("task__overdue_at", "pk")
    ):
        waiting[assignment.task.workflow_id].append(assignment)
    changed, changed_tasks = [], []
    workflows = Workflow.objects.filter(pk__in=pks).select_related(
        "template", "document", "started_by"
    )
    for workflow in workflows:
        was = [getattr(workflow, name) for name in COPIES]
        fill(workflow, tasks[workflow.pk], waiting[workflow.pk])
        if was != [getattr(workflow, name) for name in COPIES]:
            changed.append(workflow)
        for task in tasks[workflow.pk]:
            copies = {
                "template_id": workflow.template_id,
                "template_copy": workflow.template_copy,
                "starter_copy": workflow.starter_copy,
                "search_text": f"{words_of(task)} {workflow.search_text}",
            }
            if any(getattr(task, name) != copy for name, copy in copies.items()):
                for name, copy in copies.items():
                    setattr(task, name, copy)
                changed_tasks.append(task)
    Workflow.objects.bulk_update(changed, COPIES, batch_size=100)
    WorkflowTask.objects.bulk_update(changed_tasks, OF_TASKS, batch_size=100)


def fill(
    workflow: Workflow, tasks: Sequence[WorkflowTask] = (), waiting: Sequence[Assignment] = ()
) -> None:
    """Set the copies of one workflow; its relations must be loaded."""
    template, document, starter = workflow.template, workflow.document, workflow.started_by
    workflow.template_copy = template.name[:500]
    workflow.document_copy = document.name[:500]
    workflow.document_order = document.order
    if document.name:
        workflow.wants_name = False
    workflow.document_kind = document.kind
    workflow.starter_copy = starter.name[:511] if starter else ""
    workflow.open_tasks = len(tasks)
    workflow.overdue_at = min((t.overdue_at for t in tasks if t.overdue_at), default=None)
    workflow.waiting_copy = waiting[0].person.name[:511] if waiting else ""
    if tasks:
        workflow.state_text = (tasks[0].state_text or tasks[0].name)[:500]
    elif workflow.is_running:
        workflow.state_text = ""
    words = [
        workflow.remote_id,
        known_by(template),
        workflow.document_copy,
        document.document_id,
        known_by(starter) if starter else "",
        workflow.state_text,
        *(known_by(assignment.person) for assignment in waiting),
    ]
    workflow.search_text = searchable(" ".join(words))


def words_of(task: WorkflowTask) -> str:
    """Give the words a task is found by that are its own."""
    return searchable(f"{task.remote_id} {task.name}")


def known_by(one: Person | WorkflowTemplate) -> str:
    """Return what somebody can search by: the name, or the number while there is none."""
    return one.name or str(one.remote_id)
