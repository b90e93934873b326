"""The stable part of the demo's tasks: every kind of question for a few named approvers.

Their workflows run by older copies of the catalogue's templates, as workflows do that started
before a template was changed. The side actors leave them to whoever visits the demo.
"""

import random
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from sandbox.engine import runner
from sandbox.engine.kinds import APPROVE, EXTERNAL, OPTIONAL
from sandbox.scenarios import document_names
from sandbox.scenarios.questions import LATER, OVERDUE, QUESTIONS, TODAY, Question
from sandbox.scenarios.templates import (
    Node,
    activity,
    delay,
    name_activities,
    sequence,
    state,
    steps,
)
from sandbox.state.portal import Portal
from sandbox.state.records import Workflow

#: A head of sales, two who work for her, the head of another department, the administrator.
APPROVERS = (4, 6, 2, 21, 1)
_COLLEAGUES = (5, 7, 8, 9, 12, 13, 15, 24, 27, 31)
_COPY = "earlier."
_DAY = 86400.0


def size(open_tasks: int) -> int:
    """Return how many questions a demo asks: all, or half the open tasks of a small one."""
    return min(len(APPROVERS) * len(QUESTIONS), open_tasks // 2)


def fill(portal: Portal, count: int) -> None:
    """Ask that many questions, each approver in turn."""
    rng = random.Random(f"inbox of {portal.seed}")
    asked = [(question, person) for question in QUESTIONS for person in APPROVERS]
    for number, (question, person) in enumerate(asked[:count], 1):
        _ask(portal, rng, question, person, number)


def is_of_inbox(workflow: Workflow) -> bool:
    """Tell whether a workflow asks one of these questions."""
    return workflow.structure_key.startswith(_COPY)


def _ask(portal: Portal, rng: random.Random, question: Question, person: int, number: int) -> None:
    now = portal.now()
    started = now - rng.uniform(1 if question.deadline == OVERDUE else 0.1, 20) * _DAY
    pool = [colleague for colleague in _COLLEAGUES if colleague != person]
    others = rng.sample(pool, question.others)
    starter = rng.choice([colleague for colleague in pool if colleague not in others])
    template = portal.templates[question.template]
    document = document_names.add(portal, template.document_type, rng, starter)
    deadline = _deadline(portal, rng, question, started=started)
    key = f"{_COPY}{number}"
    tree = _structure(question, [person, *others], deadline)
    with portal.at(started):
        name_activities(portal.rng, tree)
        portal.structures.put(key, [tree])
        workflow = runner.start(
            portal, replace(template, structure_key=key), document.id, started_by=starter
        )
    (task,) = portal.tasks.of_workflow(workflow.id)
    with portal.at(started + (now - started) / 2):
        for other, status in zip(others, question.answered, strict=False):
            runner.complete_task(
                portal, task.id, user_id=other, status=status, comment="Посмотрю на месте."
            )


def _structure(question: Question, people: list[int], deadline: str) -> Node:
    holder = "Permission" if question.kind == EXTERNAL else "Users"
    properties = {
        "Name": question.name,
        "DelegationType": question.delegation,
        "OverdueDate": deadline,
        holder: [f"user_{number}" for number in people],
        **question.properties,
    }
    branches = []
    if question.kind in (APPROVE, OPTIONAL):
        branches = [steps(state("Согласовано")), steps(state("Отклонено"))]
    asked = activity(question.kind, *branches, title=question.name, **properties)
    return sequence(state("На рассмотрении"), asked, delay(amount=60, title="Архив"))


def _deadline(portal: Portal, rng: random.Random, question: Question, *, started: float) -> str:
    now = portal.now()
    moments = {
        OVERDUE: rng.uniform(started, now - _DAY / 24),
        TODAY: _end_of_day(now, portal.clock.zone),
        LATER: now + rng.uniform(2, 25) * _DAY,
    }
    return portal.clock.iso(moments.get(question.deadline)) or ""


def _end_of_day(now: float, zone: tzinfo) -> float:
    today = datetime.fromtimestamp(now, zone)
    midnight = today.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return midnight.timestamp() - 60
