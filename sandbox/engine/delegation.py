"""Handing assignments over: who may, to whom, and what happens to each task."""

from sandbox.state.portal import Portal
from sandbox.state.records import ANSWER_WAITING, TASK_RUNNING, Task, User

SUBORDINATES, EVERYBODY, NOBODY, EXACTLY_NOBODY = 0, 1, 2, 3


class NotAllowed(Exception):
    """Some tasks could not be handed over; `moved` are those that were all the same."""

    def __init__(self, texts: list[str], moved: list[int] | None = None) -> None:
        """Keep the texts for people."""
        super().__init__(";".join(texts))
        self.moved = moved or []


def delegate(
    portal: Portal, caller: User, task_ids: list[int], *, from_user_id: int, to_user_id: int
) -> list[int]:
    """Hand waiting assignments over and return the ids of the tasks that moved.

    Ids that are not this person's waiting tasks are passed over in silence as long as one is.
    Zeros are dropped, and without any id left every waiting task of the person is meant.
    """
    if not task_ids:
        raise NotAllowed([portal.say("select task")])
    if not (_is_employee(caller) and _is_employee(portal.users.get(to_user_id))):
        raise NotAllowed([portal.say("employees only")])
    if not _may_speak_for(portal, caller, from_user_id):
        raise NotAllowed([portal.say("not head")])
    wanted = {number for number in task_ids if number != 0}
    tasks = [
        task
        for task in portal.tasks
        if (not wanted or task.id in wanted) and _waits_for(task, from_user_id)
    ]
    if not tasks:
        raise NotAllowed([portal.say("not responsible")])
    several = len(wanted or tasks) > 1
    moved: list[int] = []
    texts: list[str] = []
    for task in tasks:
        reason = _reason_against(portal, caller, task, to_user_id)
        if reason is None:
            hand_over(portal, task, from_user_id=from_user_id, to_user_id=to_user_id)
            moved.append(task.id)
        elif several:
            texts.append(portal.say(f"named {reason}", name=task.name))
        else:
            texts.append(portal.say(reason))
    if texts:
        raise NotAllowed(texts, moved)
    return moved


def hand_over(portal: Portal, task: Task, *, from_user_id: int, to_user_id: int) -> None:
    """Move one waiting assignment; it keeps who was asked at first."""
    part = task.assignment_of(from_user_id)
    if part is None:
        raise ValueError(f"User {from_user_id} has no part in task {task.id}.")
    part.original_user_id = part.original_user_id or from_user_id
    part.user_id = to_user_id
    task.modified = int(portal.now())
    portal.tasks.put(task.id, task)


def _reason_against(portal: Portal, caller: User, task: Task, to_user_id: int) -> str | None:
    if task.delegation == EXACTLY_NOBODY or (task.delegation == NOBODY and not caller.admin):
        return "prohibited"
    if (
        task.delegation == SUBORDINATES
        and not caller.admin
        and not portal.is_head_of(caller.id, to_user_id)
    ):
        return "not subordinate"
    return "participant" if task.assignment_of(to_user_id) is not None else None


def _waits_for(task: Task, user_id: int) -> bool:
    part = task.assignment_of(user_id)
    return task.status == TASK_RUNNING and part is not None and part.status == ANSWER_WAITING


def _may_speak_for(portal: Portal, caller: User, user_id: int) -> bool:
    return caller.id == user_id or caller.admin or portal.is_head_of(caller.id, user_id)


def _is_employee(user: User | None) -> bool:
    return user is not None and user.active and user.user_type == "employee"
