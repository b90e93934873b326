"""bizproc.task.delegate over HTTP: who may, to whom, half successes, and faults."""

import pytest
import requests

from sandbox import Sandbox

ADMINISTRATOR, EMPLOYEE = 1, 2
METHOD = "bizproc.task.delegate"
NOT_ALLOWED = "ERROR_DELEGATION_NOT_ALLOWED"
NO_ANSWER = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
SUBORDINATES, EVERYBODY, NOBODY, EXACTLY_NOBODY = 0, 1, 2, 3


@pytest.fixture(scope="module")
def server():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    return server


@pytest.fixture
def staff(sandbox):
    """A head, a subordinate of the head, and a colleague elsewhere, all with webhooks."""
    head = sandbox.add_user("Marina")
    sales = sandbox.add_department("Sales", head=head)
    below = sandbox.add_department("Tenders", parent=sales)
    other = sandbox.add_department("IT")
    sandbox.change_user(head, departments=[sales])
    people = {
        "head": head,
        "below": sandbox.add_user("Olga", departments=[below]),
        "also_below": sandbox.add_user("Igor", departments=[sales]),
        "colleague": sandbox.add_user("Ilya", departments=[other]),
    }
    for number in people.values():
        sandbox.add_webhook(number)
    return people


def delegate(sandbox, tasks, from_, to, *, as_=ADMINISTRATOR):
    given = {"TASK_IDS": tasks, "FROM_USER_ID": from_, "TO_USER_ID": to}
    values = {key: value for key, value in given.items() if value is not None}
    return requests.post(sandbox.webhook_of(as_) + METHOD, json=values, timeout=5)


def refused(answer):
    body = answer.json()
    return answer.status_code, body["error"], body["error_description"]


def text(answer):
    status, code, told = refused(answer)
    assert (status, code) == (400, NOT_ALLOWED)
    return told


def done(answer):
    return answer.status_code == 200 and answer.json()["result"] is True


def holders(sandbox, task):
    found = next(row for row in sandbox.tasks() if row["id"] == task)
    return [part["user_id"] for part in found["assignments"]]


@pytest.mark.parametrize("tasks", [None, 5, "5", "", ["a"], [1, "x"], [True], [[1]], ["1a"]])
def test_ids_must_be_a_list_of_numbers(sandbox, tasks):
    told = refused(delegate(sandbox, tasks, 0, 0))
    assert told == (400, "ERROR_TASK_VALIDATION", "Invalid TASK_IDS")


@pytest.mark.parametrize("person", [None, 0, "", "x", -3, [2]])
def test_both_people_must_be_named(sandbox, person):
    code = "ERROR_INVALID_USER_ID"
    assert refused(delegate(sandbox, [1], person, person)) == (400, code, "Invalid FROM_USER_ID")
    assert refused(delegate(sandbox, [1], 2, person)) == (400, code, "Invalid TO_USER_ID")


def test_an_empty_list_selects_nothing(sandbox):
    assert text(delegate(sandbox, [], EMPLOYEE, 1)) == "Select the assignment to delegate."


def test_only_employees_take_part(sandbox, staff):
    task = sandbox.ask(staff["below"], DelegationType=EVERYBODY)
    words = "Assignments can only be delegated across intranet users."
    guest = sandbox.add_user("Guest", user_type="extranet", departments=[])
    sandbox.add_webhook(guest)
    assert text(delegate(sandbox, [task], staff["below"], guest)) == words
    assert text(delegate(sandbox, [task], staff["below"], 999)) == words
    own = sandbox.ask(guest, DelegationType=EVERYBODY)
    assert text(delegate(sandbox, [own], guest, EMPLOYEE, as_=guest)) == words
    sandbox.change_user(staff["colleague"], active=False)
    assert text(delegate(sandbox, [task], staff["below"], staff["colleague"])) == words


def test_others_tasks_are_delegated_by_heads_and_administrators_only(sandbox, staff):
    task = sandbox.ask(staff["below"], DelegationType=EVERYBODY)
    told = text(delegate(sandbox, [task], staff["below"], EMPLOYEE, as_=staff["colleague"]))
    assert told == (
        "You cannot delegate assignments of the selected employee because they are not your "
        "subordinate."
    )
    assert done(delegate(sandbox, [task], staff["below"], EMPLOYEE, as_=staff["head"]))
    assert done(delegate(sandbox, [task], EMPLOYEE, staff["colleague"]))
    assert holders(sandbox, task) == [staff["colleague"]]


def test_a_task_that_does_not_wait_for_the_person_is_told(sandbox, staff):
    words = "The user is not responsible for this assigment."
    task = sandbox.ask([EMPLOYEE, ADMINISTRATOR], DelegationType=EVERYBODY)
    sandbox.complete_task(task, EMPLOYEE, "yes")
    assert text(delegate(sandbox, [task], EMPLOYEE, staff["head"])) == words
    assert text(delegate(sandbox, [999], EMPLOYEE, staff["head"])) == words
    assert text(delegate(sandbox, [-1], EMPLOYEE, staff["head"])) == words


def test_one_must_be_head_of_whom_one_gives_a_task_of_the_usual_kind(sandbox, staff):
    task = sandbox.ask(staff["head"])
    told = text(delegate(sandbox, [task], staff["head"], staff["colleague"], as_=staff["head"]))
    assert told == "The selected employee is not your subordinate."
    # The caller's relation counts: a subordinate cannot give a task to a colleague below.
    mine = sandbox.ask(staff["below"])
    told = text(delegate(sandbox, [mine], staff["below"], staff["also_below"], as_=staff["below"]))
    assert told == "The selected employee is not your subordinate."
    head = staff["head"]
    assert done(delegate(sandbox, [mine], staff["below"], staff["also_below"], as_=head))
    assert done(delegate(sandbox, [task], head, staff["below"], as_=head))


@pytest.mark.parametrize(
    ("kind", "by_owner", "by_admin"),
    [
        (EVERYBODY, True, True),
        (SUBORDINATES, False, True),
        (NOBODY, False, True),
        (EXACTLY_NOBODY, False, False),
    ],
)
def test_the_type_of_delegation_decides_and_administrators_pass_most(
    sandbox, staff, kind, by_owner, by_admin
):
    for caller, allowed in ((EMPLOYEE, by_owner), (ADMINISTRATOR, by_admin)):
        task = sandbox.ask(EMPLOYEE, DelegationType=str(kind))
        answer = delegate(sandbox, [task], EMPLOYEE, staff["colleague"], as_=caller)
        assert done(answer) is allowed
        if not allowed and kind != SUBORDINATES:
            assert text(answer) == (
                "Assignment cannot be delegated because delegation is prohibited in the "
                "assignment preferences."
            )


def test_nobody_takes_a_task_twice(sandbox):
    task = sandbox.ask([EMPLOYEE, ADMINISTRATOR], DelegationType=EVERYBODY)
    words = "The selected employee is already a participant."
    assert text(delegate(sandbox, [task], EMPLOYEE, ADMINISTRATOR)) == words
    assert text(delegate(sandbox, [task], EMPLOYEE, EMPLOYEE)) == words


def test_several_tasks_are_named_and_those_allowed_move_all_the_same(sandbox, staff):
    free = sandbox.ask(EMPLOYEE, Name="Free", DelegationType=EVERYBODY)
    closed = sandbox.ask(EMPLOYEE, Name="Closed", DelegationType=NOBODY)
    below = sandbox.ask(EMPLOYEE, Name="Below", DelegationType=SUBORDINATES)
    both = sandbox.ask([EMPLOYEE, staff["head"]], Name="Both", DelegationType=EVERYBODY)
    answer = delegate(sandbox, [free, closed, below, both], EMPLOYEE, staff["head"], as_=EMPLOYEE)
    assert text(answer) == (
        'Assignment "Closed" cannot be delegated because delegation is prohibited in the '
        'assignment preferences.;Assignment "Below" cannot be delegated because the selected '
        'employee is not your subordinate.;Assignment "Both" cannot be delegated because the '
        "selected employee is already a participant."
    )
    assert holders(sandbox, free) == [staff["head"]]
    assert holders(sandbox, closed) == holders(sandbox, below) == [EMPLOYEE]
    (line,) = sandbox.ledger()
    assert (line["method"], line["error"], line["caller_id"]) == (METHOD, NOT_ALLOWED, EMPLOYEE)
    assert line["applied"] == {
        "task_ids": [free],
        "from_user_id": EMPLOYEE,
        "to_user_id": staff["head"],
    }


def test_a_refusal_that_moved_nothing_is_no_write(sandbox, staff):
    task = sandbox.ask(EMPLOYEE, DelegationType=NOBODY)
    text(delegate(sandbox, [task], EMPLOYEE, staff["head"], as_=EMPLOYEE))
    assert sandbox.ledger() == []


def test_ids_that_do_not_wait_are_passed_over_when_another_moves(sandbox, staff):
    mine = sandbox.ask(EMPLOYEE, DelegationType=EVERYBODY)
    others = sandbox.ask(ADMINISTRATOR)
    assert done(delegate(sandbox, [mine, others, 999], EMPLOYEE, staff["head"]))
    assert sandbox.ledger()[0]["applied"]["task_ids"] == [mine]
    assert holders(sandbox, others) == [ADMINISTRATOR]


@pytest.mark.parametrize("tasks", [[0], ["0", 0]])
def test_zeros_alone_delegate_everything_the_person_has(sandbox, staff, tasks):
    mine = [sandbox.ask(EMPLOYEE, DelegationType=EVERYBODY) for _ in range(3)]
    others = sandbox.ask(ADMINISTRATOR)
    assert done(delegate(sandbox, tasks, EMPLOYEE, staff["head"]))
    assert sandbox.ledger()[0]["applied"]["task_ids"] == mine
    assert holders(sandbox, others) == [ADMINISTRATOR]


def test_a_zero_among_others_is_dropped(sandbox, staff):
    first, second = sandbox.ask(EMPLOYEE), sandbox.ask(EMPLOYEE)
    assert done(delegate(sandbox, [0, first], EMPLOYEE, staff["head"]))
    assert holders(sandbox, second) == [EMPLOYEE]


def test_a_delegated_task_is_listed_for_its_new_holder_and_keeps_the_first_one(sandbox, staff):
    task = sandbox.ask(EMPLOYEE, DelegationType=EVERYBODY)
    assert done(delegate(sandbox, [task], EMPLOYEE, staff["below"], as_=EMPLOYEE))
    assert done(delegate(sandbox, [task], staff["below"], staff["head"]))

    def listed(person):
        address = sandbox.webhook_of(person) + "bizproc.task.list"
        return [row["ID"] for row in requests.post(address, timeout=5).json()["result"]]

    assert (listed(EMPLOYEE), listed(staff["below"])) == ([], [])
    assert listed(staff["head"]) == [str(task)]
    (part,) = sandbox.tasks()[0]["assignments"]
    assert (part["user_id"], part["original_user_id"]) == (staff["head"], EMPLOYEE)


def test_a_delegated_vote_counts_once_among_all(sandbox, staff):
    task = sandbox.ask([EMPLOYEE, ADMINISTRATOR], DelegationType=EVERYBODY)
    assert done(delegate(sandbox, [task], EMPLOYEE, staff["head"], as_=EMPLOYEE))
    sandbox.complete_task(task, staff["head"], "yes")
    assert sandbox.tasks()[0]["status"] == 0
    sandbox.complete_task(task, ADMINISTRATOR, "yes")
    assert sandbox.tasks()[0]["status"] == 1


def test_forms_and_queries_are_understood(sandbox, staff):
    task = sandbox.ask(EMPLOYEE, DelegationType=EVERYBODY)
    address = sandbox.webhook_of(EMPLOYEE) + METHOD
    form = {"TASK_IDS[]": [task], "FROM_USER_ID": EMPLOYEE, "TO_USER_ID": staff["head"]}
    assert done(requests.post(address, data=form, timeout=5))
    query = {"task_ids[0]": task, "from_user_id": staff["head"], "to_user_id": EMPLOYEE}
    assert done(requests.get(sandbox.webhook_url + METHOD, params=query, timeout=5))


@pytest.mark.parametrize(
    ("kind", "applied"), [("timeout_before_apply", False), ("timeout_after_apply", True)]
)
@pytest.mark.parametrize("halfway", [False, True])
def test_the_answer_may_be_lost_even_of_half_a_success(sandbox, staff, kind, applied, halfway):
    tasks = [sandbox.ask(EMPLOYEE, DelegationType=EVERYBODY)]
    if halfway:
        tasks.append(sandbox.ask(EMPLOYEE, DelegationType=EXACTLY_NOBODY))
    sandbox.fail_next(kind, method=METHOD, hold=0.05)
    with pytest.raises(NO_ANSWER):
        delegate(sandbox, tasks, EMPLOYEE, staff["head"])
    assert (holders(sandbox, tasks[0]) == [staff["head"]]) is applied
    assert len(sandbox.ledger()) == applied


def test_a_late_delegation_is_applied_after_its_delay_as_far_as_it_may(sandbox, staff):
    free = sandbox.ask(EMPLOYEE)
    closed = sandbox.ask(EMPLOYEE, DelegationType=EXACTLY_NOBODY)
    sandbox.fail_next("late_apply", method=METHOD, hold=0.05, delay=20)
    with pytest.raises(NO_ANSWER):
        delegate(sandbox, [free, closed], EMPLOYEE, staff["head"])
    assert sandbox.ledger() == []
    sandbox.advance(21)
    assert sandbox.ledger()[0]["applied"]["task_ids"] == [free]


def test_a_lie_moves_nothing(sandbox, staff):
    task = sandbox.ask(EMPLOYEE)
    sandbox.fail_next("lie", method=METHOD)
    assert done(delegate(sandbox, [task], EMPLOYEE, staff["head"]))
    assert holders(sandbox, task) == [EMPLOYEE]


def test_in_a_batch_half_a_success_is_an_error_beside_the_others(sandbox, staff):
    free, closed = (
        sandbox.ask(EMPLOYEE, DelegationType=kind) for kind in (EVERYBODY, EXACTLY_NOBODY)
    )
    query = f"TASK_IDS[]={free}&TASK_IDS[]={closed}&FROM_USER_ID=2&TO_USER_ID={staff['head']}"
    cmd = {"move": f"{METHOD}?{query}", "me": "profile"}
    answer = requests.post(sandbox.webhook_url + "batch", json={"cmd": cmd}, timeout=5)
    told = answer.json()["result"]
    assert told["result_error"]["move"]["error"] == NOT_ALLOWED
    assert told["result"]["me"]["ID"] == "1"
    assert sandbox.ledger()[0]["applied"]["task_ids"] == [free]


def test_the_texts_are_in_the_portals_language(sandbox, staff):
    sandbox.set_language("ru")
    task = sandbox.ask(EMPLOYEE, Name="Счёт", DelegationType=NOBODY)
    again = sandbox.ask(EMPLOYEE, Name="Акт", DelegationType=NOBODY)
    told = text(delegate(sandbox, [task, again], EMPLOYEE, staff["head"], as_=EMPLOYEE))
    assert told.startswith("Задание «Счёт» нельзя делегировать: ")
    assert ";Задание «Акт»" in told
    sandbox.reset()
    assert text(delegate(sandbox, [], 2, 1)) == "Select the assignment to delegate."
