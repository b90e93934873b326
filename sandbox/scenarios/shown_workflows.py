"""Workflows of the demo that stand at the steps of the showcase's templates.

Each takes the place of one of the company's that waits for as many answers, so that the demo has
as many workflows and open tasks with them as without.
"""

import random

from sandbox.engine import runner
from sandbox.scenarios import document_names
from sandbox.scenarios.approvers import APPROVERS, is_of_inbox
from sandbox.scenarios.people import LEAVER
from sandbox.state.portal import Portal
from sandbox.state.records import ANSWER_NO, ANSWER_OK, ANSWER_YES, TASK_RUNNING, Task, Workflow

WORKFLOWS = 48
_DAY = 86400.0
_YES, _NO, _OK = ANSWER_YES, ANSWER_NO, ANSWER_OK
#: Template, how many days ago at most, and how the first tasks are answered: by name or in order.
_WAYS: tuple[tuple[int, float, tuple[tuple[str, int], ...]], ...] = (
    (17, 2.5, ()),
    (17, 2.5, ()),
    (17, 40, (("Взять в работу", _OK),)),
    (17, 40, (("Взять в работу", _OK), ("Клиент подходит", _OK))),
    (17, 40, (("Взять в работу", _OK), ("Клиент подходит", _OK), ("Angebot ist fertig", _OK))),
    (17, 40, (("Взять в работу", _OK), ("Клиент подходит", _OK), ("Angebot ist fertig", _OK),
              ("Angebot freigeben", _YES))),
    (18, 70, ()),
    (19, 30, ()),
    (19, 30, (("Описать дефект", _OK),)),
    (19, 30, (("Описать дефект", _OK), ("Проверить условия рекламации", _NO))),
    (19, 30, (("Описать дефект", _OK), ("Проверить условия рекламации", _YES))),
    (20, 25, ()),
    (20, 25, (("Начать закрытие месяца", _OK),)),
    (21, 60, ()),
    (22, 20, ()),
    (23, 90, ()),
    (15, 9, ()),
)  # fmt: skip


def start(portal: Portal, count: int) -> None:
    """Start that many, each in turn on another way; those without a counterpart are left out."""
    rng = random.Random(f"shown workflows of {portal.seed}")
    replaceable = _replaceable(portal, rng)
    for number in range(count):
        template_id, days, answers = _WAYS[number % len(_WAYS)]
        workflow = _start(portal, rng, template_id, days=days, answers=answers)
        waiting = len(_open(portal, workflow))
        candidates = replaceable.get(waiting, [])
        if workflow.ended is None and candidates:
            runner.remove(portal, candidates.pop())
        else:
            runner.remove(portal, workflow)


def _start(
    portal: Portal,
    rng: random.Random,
    template_id: int,
    *,
    days: float,
    answers: tuple[tuple[str, int], ...],
) -> Workflow:
    template, now = portal.templates[template_id], portal.now()
    moment = now - rng.uniform(0.1, days) * _DAY
    starter = rng.choice([user.id for user in portal.users if user.active])
    document = document_names.add(portal, template.document_type, rng, starter)
    with portal.at(moment):
        workflow = runner.start(
            portal, template, document.id, started_by=starter, parameters=_values(rng, template_id)
        )
    for name, status in answers:
        moment += (now - moment) * rng.uniform(0.05, 0.6)
        task = next(task for task in _open(portal, workflow) if task.name == name)
        with portal.at(moment):
            for person in [part.user_id for part in task.assignments][:1]:
                runner.complete_task(
                    portal, task.id, user_id=person, status=status, fields={"Defect": "Скол"}
                )
    return workflow


def _values(rng: random.Random, template_id: int) -> dict[str, object]:
    if template_id == 21:
        return {"Volume": str(rng.randrange(100, 59_000))}
    if template_id == 22:
        return {"Region": rng.choice(("Berlin", "Hamburg", "Урал", "x"))}
    return {"Article": f"НВ-{rng.randrange(100, 999)}", "Quantity": "4", "Due": "24.12.2026"}


def _open(portal: Portal, workflow: Workflow) -> list[Task]:
    return [t for t in portal.tasks.of_workflow(workflow.id) if t.status == TASK_RUNNING]


def _replaceable(portal: Portal, rng: random.Random) -> dict[int, list[Workflow]]:
    """Return the workflows that may go, by how many tasks wait, in an order by chance."""
    kept = {LEAVER, *APPROVERS}
    found: dict[int, list[Workflow]] = {}
    for workflow in rng.sample(list(portal.workflows), len(portal.workflows)):
        waiting = _open(portal, workflow)
        people = {part.user_id for task in waiting for part in task.assignments}
        is_free = workflow.ended is None and workflow.owned_until is None
        if is_free and waiting and not people & kept and not is_of_inbox(workflow):
            found.setdefault(len(waiting), []).append(workflow)
    return found
