"""How templates are used: counted from the own history, by the workers every so often.

That is with each full pass over workflows, and more often where very many run.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from django.db import models
from django.db.models import Count, Min, Q
from django.utils import timezone

from bizproc_admin.models.portals import Portal
from bizproc_admin.models.workflow_templates import WorkflowTemplate
from bizproc_admin.models.workflows import LOCK_GRACE, Workflow

SPAN = timedelta(days=30)
# the end of a workflow is known well enough for its duration when it was seen within this span
SHARP = timedelta(hours=1)
# nothing has happened for so long
IDLE = timedelta(days=30)
COUNTED = ("running", "waiting", "overdue", "locked", "idle", "oldest")
NONE = (0, 0, 0, 0, 0, None)


class TemplateFigures(models.Model):
    """What the workflows of a template do.

    running are those that run, waiting those of them with an open task, overdue with one past its
    deadline, locked and idle those held or left alone for long; oldest is when the first of them
    started; ended those that ended within 30 days. median and slowest (the 95th percentile) are
    seconds from start to end of the sample of those whose end was seen within an hour.
    """

    template = models.OneToOneField(
        WorkflowTemplate, models.CASCADE, primary_key=True, related_name="figures"
    )
    running = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    overdue = models.PositiveIntegerField(default=0)
    locked = models.PositiveIntegerField(default=0, db_default=0)
    idle = models.PositiveIntegerField(default=0, db_default=0)
    oldest = models.DateTimeField(null=True)
    ended = models.PositiveIntegerField(default=0)
    median = models.PositiveBigIntegerField(null=True)
    slowest = models.PositiveBigIntegerField(null=True)
    sample = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"figures of {self.template_id}"


def count_anew(portal: Portal) -> None:
    """Count the workflows of every template of a portal: one query for each half of them."""
    now = portal.now()
    workflows = Workflow.objects.at(portal).order_by()
    counted = (
        workflows.running()
        .values("template")
        .annotate(
            running=Count("pk"),
            waiting=Count("pk", filter=Q(open_tasks__gt=0)),
            overdue=Count("pk", filter=Q(overdue_at__lt=now)),
            locked=Count("pk", filter=Q(owned_until__lt=now - LOCK_GRACE)),
            idle=Count("pk", filter=Q(modified_at__lt=now - IDLE)),
            oldest=Min("started_at"),
        )
    )
    running = {key: numbers for key, *numbers in counted.values_list("template", *COUNTED)}
    ended: dict[int, int] = defaultdict(int)
    durations: dict[int, list[float]] = defaultdict(list)
    rows = workflows.ended().filter(ended_before__gte=now - SPAN)
    for template, started_at, after, before in rows.values_list(
        "template", "started_at", "ended_after", "ended_before"
    ).iterator():
        ended[template] += 1
        if after is not None and before is not None and before - after <= SHARP:
            durations[template].append(max(0.0, (before - started_at).total_seconds()))
    counted_at = timezone.now()
    figures = [
        TemplateFigures(
            template_id=template,
            ended=ended[template],
            median=at_share(sorted(durations[template]), 0.5),
            slowest=at_share(sorted(durations[template]), 0.95),
            sample=len(durations[template]),
            counted_at=counted_at,
            **dict(zip(COUNTED, running.get(template, NONE), strict=True)),
        )
        for template in WorkflowTemplate.objects.filter(portal=portal).values_list("pk", flat=True)
    ]
    TemplateFigures.objects.bulk_create(
        figures,
        update_conflicts=True,
        unique_fields=["template"],
        update_fields=[*COUNTED, "ended", "median", "slowest", "sample", "counted_at"],
    )


def at_share(ordered: Sequence[float], share: float) -> int | None:
    """Return the value below which a share of ordered ones lies, by the nearest rank."""
    if not ordered:
        return None
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)])
