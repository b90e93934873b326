"""Side actors: people of the demo who start workflows and answer tasks while the clock runs."""

import random
import threading

from sandbox.due import bring_up_to_date
from sandbox.engine import runner
from sandbox.refusals import Refusal
from sandbox.scenarios import versions
from sandbox.scenarios.approvers import is_of_inbox
from sandbox.scenarios.demo import start_one
from sandbox.state.portal import Portal
from sandbox.state.records import (
    ANSWER_NO,
    ANSWER_OK,
    ANSWER_WAITING,
    ANSWER_YES,
    TASK_RUNNING,
    Task,
)

_BEAT = 5.0
_STARTS_PER_BEAT = 0.3
_ANSWERS_PER_BEAT = 0.4
_TRIES = 20
#: After how many beats somebody changes a template: three and ten minutes.
_CHANGES = (36, 120)


class SideActors:
    """A thread that makes the demo live; other scenarios only keep their timers going."""

    def __init__(self, portal: Portal) -> None:
        """Act on this portal, by its seed."""
        self._portal = portal
        self._rng = random.Random(f"side actors of {portal.seed}")
        self._usual = portal.workflows.running
        self._beats = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after what is being done."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(_BEAT):
            self.beat()

    def beat(self) -> None:
        """Do what happens in a few seconds of the company's life."""
        portal = self._portal
        with portal.lock:
            bring_up_to_date(portal)
            if portal.scenario != "demo":
                return
            self._beats += 1
            if self._beats in _CHANGES:
                versions.make_next(portal)
            if self._rng.random() < _STARTS_PER_BEAT:
                start_one(portal, self._rng)
            if self._rng.random() < _ANSWERS_PER_BEAT:
                self._answer_something()
            too_many = portal.workflows.running - self._usual
            if self._rng.random() < _STARTS_PER_BEAT + 0.05 * too_many:
                self._end_something()
            portal.commit()

    def _answer_something(self) -> None:
        for _ in range(_TRIES):
            task = self._portal.tasks.rows.get(
                self._rng.randint(1, max(1, self._portal.numbers.get("task", 1)))
            )
            if task is None or task.status != TASK_RUNNING or self._is_for_visitors(task):
                continue
            if self._answer(task):
                return

    def _is_for_visitors(self, task: Task) -> bool:
        return is_of_inbox(self._portal.workflows[task.workflow_id])

    def _answer(self, task: Task) -> bool:
        for part in task.assignments:
            user = self._portal.users.get(part.user_id)
            if part.status != ANSWER_WAITING or user is None or not user.active:
                continue
            status = ANSWER_OK
            if task.activity == "ApproveActivity":
                status = ANSWER_YES if self._rng.random() < 0.8 else ANSWER_NO
            try:
                runner.complete_task(self._portal, task.id, user_id=part.user_id, status=status)
            except Refusal:
                return False
            return True
        return False

    def _end_something(self) -> None:
        running = self._portal.workflows.sorted["STARTED"].entries
        for _ in range(_TRIES):
            if not running:
                return
            workflow = self._portal.workflows[self._rng.choice(running)[1]]
            tasks = self._portal.tasks.of_workflow(workflow.id)
            waits_for_people = any(task.status == TASK_RUNNING for task in tasks)
            if workflow.owned_until is None and not waits_for_people:
                runner.end(self._portal, workflow)
                return
