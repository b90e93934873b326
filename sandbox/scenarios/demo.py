"""The scenario "demo": a company of sixty people after eighteen months of work."""

import random

from sandbox.engine import runner
from sandbox.scenarios import approvers, document_names, showcase, shown_workflows
from sandbox.scenarios.catalogue import KINDS, Kind, add_templates
from sandbox.scenarios.people import EARLIER_LEAVER, LEAVER, add_people, dismiss, members
from sandbox.state.portal import Portal
from sandbox.state.records import (
    ANSWER_OK,
    ANSWER_WAITING,
    ANSWER_YES,
    TASK_RUNNING,
    Task,
    Workflow,
)

WORKFLOWS = 3_000
_OPEN_TASKS, _LOCKED, _OF_LEAVER = 1_200, 40, 150
_HISTORY_DAYS = 540
_DAY = 86400.0
_LEFT_DAYS_AGO = 24
# What started lately mostly still waits for somebody; of what is old, a part.
_RECENT, _OPEN_IF_RECENT, _OPEN_IF_OLD = 0.2, 0.75, 0.24


def build(portal: Portal, *, workflows: int = WORKFLOWS) -> None:
    """Fill the portal; the counts grow and shrink with the number of workflows."""
    share = workflows / WORKFLOWS
    add_people(portal)
    add_templates(portal)
    rng, now = portal.rng, portal.now()
    moments = sorted(
        now - 600 - _HISTORY_DAYS * _DAY * rng.random() ** 2.4 for _ in range(workflows)
    )
    questions = approvers.size(round(_OPEN_TASKS * share))
    waiting_for = round(_OPEN_TASKS * share) - questions
    recent = workflows * (1 - _RECENT)
    kept_open = {
        index
        for index in range(workflows)
        if rng.random() < (_OPEN_IF_RECENT if index >= recent else _OPEN_IF_OLD)
    }
    open_tasks = 0
    with portal.workflows.bulk():
        for index, moment in enumerate(moments):
            workflow = start_one(portal, rng, moment=moment)
            waiting = _waiting(portal, workflow)
            if index in kept_open and open_tasks + len(waiting) <= waiting_for:
                open_tasks += len(waiting)
            else:
                _answer_all(portal, workflow, rng, moment=moment)
        _fill_up(portal, rng, waiting_for - open_tasks)
        questions = _make_room(portal, rng, questions)
        _lock(portal, rng, max(1, round(_LOCKED * share)))
    _hand_over_to_leaver(portal, rng, round(_OF_LEAVER * share))
    approvers.fill(portal, questions)
    dismiss(portal, LEAVER, days_ago=_LEFT_DAYS_AGO)
    dismiss(portal, EARLIER_LEAVER, days_ago=200)
    showcase.add_templates(portal)
    shown_workflows.start(portal, round(shown_workflows.WORKFLOWS * share))


def start_one(portal: Portal, rng: random.Random, *, moment: float | None = None) -> Workflow:
    """Start one workflow as the company would, now or at a moment of the past."""
    index = rng.choices(range(len(KINDS)), weights=[kind.weight for kind in KINDS])[0]
    kind, template = KINDS[index], portal.templates[index + 1]
    starter = _starter(portal, kind, rng)
    document = document_names.add(portal, kind.document_type, rng, starter)
    now = portal.now()
    with portal.at(now if moment is None else moment):
        return runner.start(
            portal,
            template,
            document.id,
            started_by=starter if kind.auto_execute == 0 else 0,
            parameters=_values(
                portal, kind, rng, starter, now=now, started=now if moment is None else moment
            ),
        )


def _starter(portal: Portal, kind: Kind, rng: random.Random) -> int:
    if kind.starters is not None:
        return rng.choice(members(portal, kind.starters))
    return rng.choice([user.id for user in portal.users if user.active])


def _values(
    portal: Portal,
    kind: Kind,
    rng: random.Random,
    starter: int,
    *,
    now: float,
    started: float,
) -> dict[str, object]:
    pool = [number for number in members(portal, kind.approvers) if number != starter]
    head, others = pool[0], pool[1:] or pool
    several = kind.structure.__name__ == "build" and rng.random() < 0.15
    chosen = rng.sample(pool, min(3, len(pool))) if several else [rng.choice([head, *others])]
    values: dict[str, object] = {
        "Approver": [f"user_{number}" for number in chosen],
        "RemindAt": portal.clock.iso(now + rng.uniform(1 / 24, 150) * _DAY),
        "Deadline": rng.choice(
            (
                "",
                portal.clock.iso(_passed(rng, started=started, now=now)),
                portal.clock.iso(now + rng.uniform(0.1, 30) * _DAY),
            )
        ),
    }
    for name in ("Amount", "Budget"):
        if name in kind.parameters:
            values[name] = str(round(rng.lognormvariate(12, 1.4) / 10) * 10)
    if "Percent" in kind.parameters:
        values["Percent"] = str(rng.choice((3, 5, 7, 10, 12, 15, 20, 25)))
    if "Controller" in kind.parameters:
        values["Controller"] = [f"user_{rng.choice((24, 25, 23))}"]
    return values


def _passed(rng: random.Random, *, started: float, now: float) -> float:
    """Give a deadline that has passed, or a near one for what has hardly begun."""
    if now - started < _DAY:
        return now + rng.uniform(0.1, 3) * _DAY
    return rng.uniform(max(started + _DAY / 2, now - 60 * _DAY), now - _DAY / 24)


def _waiting(portal: Portal, workflow: Workflow) -> list[Task]:
    return [t for t in portal.tasks.of_workflow(workflow.id) if t.status == TASK_RUNNING]


def _answer_all(portal: Portal, workflow: Workflow, rng: random.Random, *, moment: float) -> None:
    latest = portal.now() - 60
    while tasks := _waiting(portal, workflow):
        moment = min(latest, moment + rng.uniform(0.02, 9) * _DAY)
        with portal.at(max(moment, workflow.modified)):
            _answer_one(portal, tasks[0])


def _answer_one(portal: Portal, task: Task) -> None:
    part = next(part for part in task.assignments if part.status == ANSWER_WAITING)
    status = ANSWER_YES if task.activity == "ApproveActivity" else ANSWER_OK
    fields = {"Budget": "100000", "Need": "—", "Segment": "b"}
    runner.complete_task(
        portal,
        task.id,
        user_id=part.user_id,
        status=status,
        fields=fields if task.activity == "RequestInformationActivity" else None,
    )


def _fill_up(portal: Portal, rng: random.Random, missing: int) -> None:
    """Replace workflows that wait for a timer by ones with a single task, until all are open."""
    idle = [w for w in portal.workflows if w.started_by and not _waiting(portal, w)]
    for workflow in rng.sample(idle, len(idle)):
        if missing <= 0:
            return
        moment = workflow.started
        fresh = start_one(portal, rng, moment=moment)
        if len(_waiting(portal, fresh)) == 1:
            runner.remove(portal, workflow)
            missing -= 1
        else:
            runner.remove(portal, fresh)


def _make_room(portal: Portal, rng: random.Random, count: int) -> int:
    """Take out workflows that wait for a timer, one for each that the inbox will start."""
    idle = [w for w in portal.workflows if w.started_by and not _waiting(portal, w)]
    chosen = rng.sample(idle, min(count, len(idle)))
    for workflow in chosen:
        runner.remove(portal, workflow)
    return len(chosen)


def _lock(portal: Portal, rng: random.Random, count: int) -> None:
    old = [w for w in portal.workflows if w.ended is None and w.modified < portal.now() - 1_200]
    for workflow in rng.sample(old, min(count, len(old))):
        workflow.owned_until = workflow.modified + 300
        portal.workflows.put(workflow.id, workflow)


def _hand_over_to_leaver(portal: Portal, rng: random.Random, count: int) -> None:
    before = portal.now() - _LEFT_DAYS_AGO * _DAY
    single = [
        task
        for task in portal.tasks
        if task.status == TASK_RUNNING and len(task.assignments) == 1 and task.created < before
    ]
    sales = [
        task
        for task in single
        if portal.templates[portal.workflows[task.workflow_id].template_id].document_type[0]
        == "crm"
    ]
    chosen = sales if len(sales) >= count else single
    for task in rng.sample(chosen, min(count, len(chosen))):
        task.assignments[0].user_id = LEAVER
        task.assignments[0].original_user_id = LEAVER
        portal.tasks.put(task.id, task)
