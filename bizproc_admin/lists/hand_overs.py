"""What somebody leaves behind: open tasks by template, and what their delegation allows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django.db.models import Count, Q

from bizproc_admin.actions import Item
from bizproc_admin.diagrams.reading import Unreadable, read
from bizproc_admin.models import Assignment, Person, WorkflowTemplate
from bizproc_admin.models.template_versions import Structure, structures_of
from bizproc_admin.models.workflow_tasks import AssignmentQuerySet

# whom the portal lets a task be given to, by its DelegationType; missing is the portal's default
POLICIES = {"0": "subordinates", "1": "anyone", "2": "nobody", "3": "never"}


@dataclass(frozen=True, kw_only=True)
class TaskGroup:
    """The open tasks of one template that wait for somebody.

    policies are of POLICIES, in order; empty where the template's steps are not known.
    """

    template: WorkflowTemplate
    count: int
    overdue: int
    policies: tuple[str, ...]

    @property
    def pk(self) -> int:
        return self.template.pk


@dataclass(kw_only=True)
class HandOver:
    """Which of somebody's tasks go to whom: by template, and of which not any.

    staying counts the tasks of which the receiver has a part already, by template and receiver: the
    portal would refuse to give them.
    """

    leaver: Person
    receivers: Mapping[int, Person]
    staying: dict[tuple[int, Person], int] = field(default_factory=dict)

    @cached_property
    def waiting(self) -> list[tuple[int, int]]:
        """Return task and template of each part that is given away."""
        parts = parts_of(self.leaver).filter(task__workflow__template__in=list(self.receivers))
        return list(parts.order_by("task").values_list("task", "task__workflow__template"))

    @cached_property
    def taken(self) -> set[tuple[int, int]]:
        """Return the task and person of each part that a receiver has already."""
        parts = Assignment.objects.filter(
            gone_at=None,
            person__in={one.pk for one in self.receivers.values()},
            task__in=parts_of(self.leaver).values("task"),
        )
        return set(parts.values_list("task", "person"))

    def items(self) -> Iterator[Item]:
        """Yield what is to be delegated, and count what stays."""
        self.staying.clear()
        for task, template in self.waiting:
            to = self.receivers[template]
            if (task, to.pk) in self.taken:
                self.staying[template, to] = self.staying.get((template, to), 0) + 1
                continue
            own = {"from": self.leaver.remote_id, "to": to.remote_id}
            yield Item(pk=task, own=own)


def groups_of(leaver: Person) -> list[TaskGroup]:
    """Return the open tasks that wait for somebody, by template, the most first."""
    now = leaver.portal.now()
    counted = (
        parts_of(leaver)
        .values_list("task__workflow__template")
        .annotate(count=Count("pk"), overdue=Count("pk", filter=Q(task__overdue_at__lt=now)))
        .order_by("-count", "task__workflow__template")
    )
    rows = list(counted)
    templates = WorkflowTemplate.objects.in_bulk([key for key, _count, _overdue in rows])
    steps: dict[int, set[str]] = {}
    for key, name in (
        parts_of(leaver)
        .order_by()
        .values_list("task__workflow__template", "task__activity_name")
        .distinct()
    ):
        steps.setdefault(key, set()).add(name)
    structures = structures_of(steps)
    return [
        TaskGroup(
            template=templates[key],
            count=count,
            overdue=overdue,
            policies=policies_of(structures.get(key), steps[key]),
        )
        for key, count, overdue in rows
    ]


def parts_of(leaver: Person) -> AssignmentQuerySet:
    return Assignment.objects.waiting().filter(person=leaver)


def policies_of(structure: Structure | None, names: set[str]) -> tuple[str, ...]:
    """Return whom the portal lets tasks of some steps be given to, as their template says it."""
    if structure is None:
        return ()
    try:
        steps = [step for step in read(structure.template).walk() if step.name in names]
    except Unreadable:
        return ()
    given = {str(step.properties.get("DelegationType") or "0") for step in steps}
    return tuple(POLICIES[key] for key in POLICIES if key in given)
