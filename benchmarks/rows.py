"""100,000 workflows put straight into the mirror, as a believable company has them."""

import random
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from bizproc_admin.diagrams.mentions import Mention, Named, Where
from bizproc_admin.models import (
    Assignment,
    Document,
    DocumentKind,
    Feed,
    Person,
    Portal,
    Workflow,
    WorkflowTask,
    WorkflowTemplate,
)
from bizproc_admin.models.template_figures import count_anew
from bizproc_admin.models.template_mentions import index
from bizproc_admin.syncing.summaries import fill as summarise

WORKFLOWS = 100_000
# most of them without workflows, as in a company's life
ALL_TEMPLATES = 500
STEPS = 20
AT_ONCE = 5_000
ENDED_SHARE = 0.05
WAITING_SHARE = 0.3
TEMPLATES = (
    "Contract approval", "Согласование договора", "Urlaubsantrag", "Purchase request",
    "Отпуск", "Invoice check", "Reisekosten", "Lead qualification", "Претензия",
    "Supplier onboarding", "Document archive", "Budget change", "Qualitätsprüfung", "Заявка",
)  # fmt: skip
FIRST = ("Anna", "Boris", "Мария", "Hans", "Елена", "John", "Grete", "Павел", "Lucy", "Otto")
LAST = ("Koroleva", "Иванов", "Hoffmann", "Smith", "Петрова", "Schäfer")
DRAFTS = range(len(TEMPLATES), ALL_TEMPLATES)


def fill(portal: Portal) -> WorkflowTemplate:
    """Fill the portal's mirror; give one of its templates."""
    draw = random.Random(7)
    now = timezone.now()
    Feed.objects.filter(portal=portal).update(fresh_at=now, full_at=now)
    people = Person.objects.bulk_create(
        Person(portal=portal, remote_id=n + 1, name=f"{first} {last}", search_text=first)
        for n, (first, last) in enumerate((f, one) for f in FIRST for one in LAST)
    )
    templates = WorkflowTemplate.objects.bulk_create(
        WorkflowTemplate(portal=portal, remote_id=n + 1, name=name, is_hidden=False)
        for n, name in enumerate(TEMPLATES)
    )
    fill_templates(portal, draw)
    for start in range(0, WORKFLOWS, AT_ONCE):
        fill_part(portal, draw, people, templates, range(start, start + AT_ONCE))
    count_anew(portal)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # what its own daemon does within a minute
            cursor.execute("VACUUM ANALYZE")
    return templates[0]


def fill_templates(portal: Portal, draw: random.Random, *, drafts: range = DRAFTS) -> None:
    """Add the templates nobody uses, and what all of them name; one approver in 30 is nobody."""
    WorkflowTemplate.objects.bulk_create(
        WorkflowTemplate(portal=portal, remote_id=n + 1, name=f"Draft {n}", is_hidden=False)
        for n in drafts
    )
    for template in WorkflowTemplate.objects.filter(portal=portal):
        index(
            template,
            [
                Mention(
                    kind=Named.PERSON,
                    value="",
                    number=draw.randrange(1, 62),
                    where=Where.APPROVER,
                    step=step,
                    title=f"Step {step}",
                )
                for step in range(STEPS)
            ],
        )


def fill_part(
    portal: Portal,
    draw: random.Random,
    people: list[Person],
    templates: list[WorkflowTemplate],
    numbers: range,
) -> None:
    now = timezone.now()
    documents = Document.objects.bulk_create(
        Document(
            portal=portal,
            module="crm",
            entity="CCrmDocumentDeal",
            document_id=f"DEAL_{n}",
            kind=DocumentKind.DEAL,
            name=f"Поставка {n}" if draw.random() < WAITING_SHARE else "",
        )
        for n in numbers
    )
    workflows, waiting = [], []
    for number, document in zip(numbers, documents, strict=True):
        started = now - timedelta(days=540) * draw.random() ** 2
        is_running = draw.random() >= ENDED_SHARE
        workflow = Workflow(
            portal=portal,
            remote_id=f"{number:08x}{draw.randrange(16**5):05x}.{draw.randrange(10**8):08d}",
            template=draw.choice(templates),
            document=document,
            started_at=started,
            started_by=draw.choice([*people, None]),
            modified_at=started + (now - started) * draw.random() ** 2,
            is_running=is_running,
            observed_at=now,
        )
        if not is_running:
            workflow.ended_after, workflow.ended_before = started, now
        tasks, parts = [], []
        if is_running and draw.random() < WAITING_SHARE:
            task = WorkflowTask(
                portal=portal,
                workflow=workflow,
                remote_id=number + 1,
                name="Approve",
                activity="ApproveActivity",
                modified_at=workflow.modified_at,
                overdue_at=draw.choice([None, now, now + timedelta(days=3)]),
                is_open=True,
                status=0,
                observed_at=now,
                waiting_since=workflow.modified_at,
                search_text=f"{number + 1} approve",
            )
            tasks = [task]
            parts = [Assignment(task=task, person=draw.choice(people), status=0)]
            waiting.append((task, parts[0]))
        summarise(workflow, tasks, parts)
        workflows.append(workflow)
    Workflow.objects.bulk_create(workflows)
    WorkflowTask.objects.bulk_create(task for task, _part in waiting)
    for task, part in waiting:
        part.task = task
    Assignment.objects.bulk_create(part for _task, part in waiting)
