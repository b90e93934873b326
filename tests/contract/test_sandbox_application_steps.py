"""Steps of applications: the portal's calls over real HTTP, what waits, and what an answer does."""

import hashlib
import hmac
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest
import requests

from sandbox import Sandbox

DEAL = ["crm", "CCrmDocumentDeal", "DEAL_777"]
TOKENS = {"access_token", "refresh_token", "expires", "expires_in", "scope", "server_endpoint",
          "client_endpoint", "status", "user_id"}  # fmt: skip
KNOWN = {"domain", "member_id", "application_token"}


class Application(ThreadingHTTPServer):
    """Receives the portal's calls; `hold` keeps it from answering."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Receiver)
        self.calls, self.open = queue.Queue(), threading.Event()
        self.open.set()
        self.handler = f"http://127.0.0.1:{self.server_address[1]}/calls?a=1"

    def next(self, timeout=3):
        return self.calls.get(timeout=timeout)

    def silent(self):
        with pytest.raises(queue.Empty):
            self.next(0.15)
        return True


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
        self.server.open.wait(5)
        self.server.calls.put(dict(parse_qsl(body, keep_blank_values=True, strict_parsing=True)))
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.reset()
    yield server
    assert server.complaints() == []


@pytest.fixture(scope="module")
def listening():
    with Application() as made:
        threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def app(listening):
    listening.open.set()
    listening.calls = queue.Queue()
    return listening


def post(sandbox, method, **params):
    token = sandbox.tokens_for(1)["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{sandbox.portal_url}/rest/bizproc.{method}"
    return requests.post(address, json=params, headers=headers, timeout=5)


def register(sandbox, app, code="md5", **more):
    given = {
        "CODE": code, "HANDLER": app.handler, "NAME": "MD5", "USE_SUBSCRIPTION": "Y",
        "PROPERTIES": {"inputString": {"Name": "In"}, "who": {"Name": "W", "Multiple": "Y"},
                       "none": {"Name": "N"}},
        "RETURN_PROPERTIES": {"outputString": {"Name": "Out"}, "Second": {"Name": "2"}}, **more,
    }  # fmt: skip
    answer = post(sandbox, "activity.add", **given)
    assert answer.json().get("result") is True, answer.text
    return sandbox.ledger()[-1]["applied"]["type"]


def activity(kind, *children, name="A1_2_3_4", **properties):
    given = {"Title": "Шаг", **properties}
    return {"Type": kind, "Name": name, "Properties": given, "Children": list(children)}


def review(title):
    return activity("ReviewActivity", name="A9", Users=["user_1"], Name=title, ApproveType="any")


def template(sandbox, *steps):
    """Make a template of these steps and one person's task."""
    root = activity("SequentialWorkflowActivity", *steps, review("{=A1_2_3_4:outputString}!"))
    number = sandbox.add_template("T", document_type=["crm", "CCrmDocumentDeal", "DEAL"])
    number = number["id"] if isinstance(number, dict) else number
    sandbox.change_template(number, structure={**root, "Name": "Template"})
    return number


def start(sandbox, *steps, document=DEAL):
    number = template(sandbox, *steps)
    given = {"TEMPLATE_ID": number, "DOCUMENT_ID": document}
    return post(sandbox, "workflow.start", **given).json()["result"]


def task_names(sandbox, workflow):
    return [task["name"] for task in sandbox.tasks(workflow)]


def until(check, seconds=3):
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def test_a_step_calls_its_application_and_waits(sandbox, app):
    kind = register(sandbox, app)
    step = activity(
        kind, inputString="{=Document:ID} & Ж", who=["user_1", "user_2"],
        TimeoutDuration="2", TimeoutDurationType="m",
    )  # fmt: skip
    workflow = start(sandbox, step)
    call = app.next()
    expected = {
        "workflow_id": workflow, "code": "md5", "document_id[0]": "crm",
        "document_id[1]": "CCrmDocumentDeal", "document_id[2]": "DEAL_777",
        "document_type[0]": "crm", "document_type[1]": "CCrmDocumentDeal",
        "document_type[2]": "DEAL", "properties[inputString]": "DEAL_777 & Ж",
        "properties[who][0]": "user_1", "properties[who][1]": "user_2", "properties[none]": "",
        "use_subscription": "Y", "timeout_duration": "120",
    }  # fmt: skip
    assert {name: call.get(name) for name in expected} == expected
    assert abs(int(call["ts"]) - sandbox.now()) < 5
    told, _, signature = call["event_token"].rpartition(".")
    workflow_id, name, event = told.split("|")
    assert (workflow_id, name, len(event)) == (workflow, "A1_2_3_4", 32)
    assert len(signature) == 64
    key = f"bizprocsecret of {sandbox.portal.seed}".encode()
    assert hmac.new(key, told.encode(), hashlib.sha256).hexdigest() == signature
    auth = {key for key in call if key.startswith("auth[")}
    assert auth == {f"auth[{name}]" for name in KNOWN}
    assert call["auth[member_id]"] == sandbox.oauth["member_id"]
    held = sandbox.workflow(workflow)
    assert held["state_title"] == "Waiting for application response"
    assert held["ended"] is None
    assert task_names(sandbox, workflow) == []
    sandbox.advance(minutes=2, seconds=1)
    assert task_names(sandbox, workflow) == ["!"]
    assert sandbox.workflow(workflow)["outputs"]["A1_2_3_4"] == {"IsTimeout": 1}


def test_a_call_acts_for_whoever_was_resolved(sandbox, app):
    kind = register(sandbox, app, AUTH_USER_ID=1, PROPERTIES={})
    start(sandbox, activity(kind))
    start(sandbox, activity(kind, AuthUserId=["user_2"], SetStatusMessage="N"))
    first, second = app.next(), app.next()
    assert {name for name in first if "auth" in name} == {f"auth[{n}]" for n in TOKENS | KNOWN}
    assert not any(name.startswith("properties") for name in first)
    assert (first["auth[user_id]"], second["auth[user_id]"]) == ("1", "2")
    assert first["auth[application_token]"] == second["auth[application_token]"]
    asked = {"auth": second["auth[access_token]"]}
    mine = requests.post(second["auth[client_endpoint]"] + "profile", json=asked, timeout=5)
    assert mine.json()["result"]["ID"] == "2"
    assert first["auth[domain]"] == sandbox.portal_url.partition("//")[2]


@pytest.mark.parametrize(
    ("registered", "saved", "waits"),
    [("Y", None, True), ("N", None, False), ("", None, False), ("", "Y", True), ("Y", "N", False)],
)
def test_a_step_waits_as_its_template_or_else_its_definition_says(
    sandbox, app, registered, saved, waits
):
    kind = register(sandbox, app, USE_SUBSCRIPTION=registered)
    workflow = start(sandbox, activity(kind, **({"UseSubscription": saved} if saved else {})))
    assert app.next()["use_subscription"] == ("Y" if waits else "N")
    assert task_names(sandbox, workflow) == ([] if waits else ["!"])


def test_where_nothing_is_called_a_step_closes_or_faults(sandbox, app):
    kind = register(sandbox, app)
    sandbox.set_queue("unregistered")
    assert task_names(sandbox, start(sandbox, activity(kind))) == ["!"]
    sandbox.set_queue("registered")
    number = template(sandbox, activity(kind))
    later = start(sandbox, review("First"), activity(kind))
    post(sandbox, "activity.delete", CODE="md5")
    refused = post(sandbox, "workflow.start", TEMPLATE_ID=number, DOCUMENT_ID=DEAL).json()
    assert (refused["error"], kind in refused["error_description"]) == ("", True)
    sandbox.complete_task(sandbox.tasks(later)[0]["id"], 1, "ok")
    assert sandbox.workflow(later)["status"] == 4
    assert kind in sandbox.workflow(later)["state_title"]
    assert app.silent()


def test_an_application_that_hangs_blocks_no_call_and_gets_its_own_later(sandbox, app):
    kind = register(sandbox, app)
    app.open.clear()
    began = time.monotonic()
    number = template(sandbox, activity(kind))
    given = {"TEMPLATE_ID": number, "DOCUMENT_ID": DEAL}
    started = [post(sandbox, "workflow.start", **given).json()["result"] for _ in range(20)]
    assert time.monotonic() - began < 2
    assert app.silent()
    app.open.set()
    assert [app.next()["workflow_id"] for _ in started] == started
    until(lambda: [told["status"] for told in sandbox.deliveries()] == [500] * 20)


def test_calls_are_delayed_repeated_and_lost_when_a_fault_says_so(sandbox, app):
    kind = register(sandbox, app, code="Fault.Code")
    sandbox.fail_next("call_lost", method="Fault.Code")
    sandbox.fail_next("call_repeated")
    sandbox.fail_next("call_delayed", delay=600)
    lost, repeated, delayed, usual = (start(sandbox, activity(kind)) for _ in range(4))
    arrived = [app.next() for _ in range(3)]
    assert [call["workflow_id"] for call in arrived] == [repeated, repeated, usual]
    assert arrived[0]["event_token"] == arrived[1]["event_token"]
    assert app.silent()
    assert sandbox.faults() == []
    sandbox.advance(minutes=11)
    assert app.next()["workflow_id"] == delayed
    assert {told["error"] for told in sandbox.deliveries()} == {"call_lost", ""}
    assert sandbox.workflow(lost)["state_title"] == "Waiting for application response"


def test_a_call_is_overtaken_by_the_next_when_a_fault_says_so(sandbox, app):
    kind = register(sandbox, app, code="Late.Code")
    sandbox.fail_next("call_reordered", times=2, delay=600)
    first, second, third, fourth = (start(sandbox, activity(kind)) for _ in range(4))
    arrived = [app.next()["workflow_id"] for _ in range(4)]
    assert arrived.index(third) < min(arrived.index(first), arrived.index(second))
    assert sorted(arrived) == sorted([first, second, third, fourth])
    sandbox.fail_next("call_reordered", delay=600)
    alone = start(sandbox, activity(kind))
    assert app.silent()
    sandbox.advance(minutes=11)
    assert app.next()["workflow_id"] == alone


def test_the_demo_has_steps_that_wait_and_calls_that_wait_for_an_address(app):
    with Sandbox(scenario="demo") as demo:
        rows = demo.workflows()
        waiting = [row for row in rows if row["state_title"] == "Waiting for application response"]
        assert len(waiting) == 50  # ten more say nothing while they wait
        demo.advance(days=1)
        assert app.silent()
        assert demo.serve_actions(app.handler) == 50
        calls = [app.next() for _ in range(50)]
        assert {call["code"] for call in calls} == {
            "check_counterparty", "score_supplier", "tell_sales_bot"
        }  # fmt: skip
        assert len({call["event_token"] for call in calls}) == 50
        assert app.silent()
        assert demo.serve_actions(app.handler) == 0


def test_only_this_machine_is_called_unless_a_host_was_named(sandbox, app):
    # The system reads this name as this machine, which the sandbox must not try to find out.
    foreign = app.handler.replace("127.0.0.1", "127.1")
    start(sandbox, activity(register(sandbox, app, HANDLER=foreign)))
    (told,) = until(sandbox.deliveries)
    assert (told["address"], told["status"]) == (foreign, 0)
    assert told["error"] == "NotAllowed: 127.1 was not named as a host to call"
    with Sandbox(call_hosts=("127.1",)) as other:
        workflow = start(other, activity(register(other, app, HANDLER=foreign)))
        assert app.next()["workflow_id"] == workflow


def test_what_is_queued_outlives_a_restart(tmp_path, app):
    path = tmp_path / "portal.state"
    with Sandbox(state=path) as first:
        kind = register(first, app)
        first.fail_next("call_delayed", delay=3600)
        workflow = start(first, activity(kind, TimeoutDuration="2", TimeoutDurationType="h"))
    with Sandbox(state=path) as second:
        assert app.silent()
        second.advance(hours=1)
        assert app.next()["workflow_id"] == workflow
        second.advance(hours=1, seconds=1)
        assert task_names(second, workflow) == ["!"]


# -- answers ------------------------------------------------------------------------------------


def refusal(answer):
    body = answer.json()
    return answer.status_code, body["error"], body["error_description"]


def waiting(sandbox, app, *, document=DEAL, **more):
    """Start a workflow whose step waits; return its id and the token of the call."""
    kind = register(sandbox, app, **more)
    workflow = start(sandbox, activity(kind), document=document)
    return workflow, app.next()["event_token"]


def send(sandbox, token, **values):
    """Answer a step through the employee's webhook, as anybody may who has the token."""
    given = {"event_token": token, "return_values": values}
    return requests.post(sandbox.employee_webhook_url + "bizproc.event.send", json=given, timeout=5)


def effects(sandbox):
    lines = [line for line in sandbox.ledger() if line["method"] == "bizproc.event.send"]
    return [line["applied"]["effect"] for line in lines]


def modified(sandbox, workflow):
    return sandbox.workflow(workflow)["modified"]


@pytest.mark.parametrize("build", ["25", "26"])
def test_an_answer_closes_its_step_once_and_moves_modified_each_time(sandbox, app, build):
    workflow, token = waiting(sandbox, app)
    sandbox.set_build(build)
    sandbox.advance(minutes=1)
    before = modified(sandbox, workflow)
    answer = send(sandbox, token, OUTPUTSTRING="abc", second=[1, 2], other="x")
    assert (answer.status_code, answer.json()["result"]) == (200, True)
    assert task_names(sandbox, workflow) == ["abc!"]
    outputs = sandbox.workflow(workflow)["outputs"]["A1_2_3_4"]
    assert outputs == {"outputString": "abc", "Second": [1, 2], "IsTimeout": 0}
    assert modified(sandbox, workflow) >= before + 60
    (line,) = [line for line in sandbox.ledger() if line["method"] == "bizproc.event.send"]
    assert line["caller_id"] == 2
    assert line["applied"] == {
        "workflow_id": workflow, "activity": "A1_2_3_4", "effect": "closed",
        "values": {"outputString": "abc", "Second": [1, 2]}, "dropped": ["other"],
        "message": "Received application response",
    }  # fmt: skip
    sandbox.advance(minutes=1)
    before = modified(sandbox, workflow)
    assert send(sandbox, token, outputString="again").json()["result"] is True
    assert task_names(sandbox, workflow) == ["abc!"]
    assert modified(sandbox, workflow) >= before + 60
    assert effects(sandbox) == ["closed", "none"]


def test_a_token_that_this_portal_has_not_signed_is_refused(sandbox, app):
    workflow, token = waiting(sandbox, app)
    told, _, signature = token.rpartition(".")
    denied = (403, "ACCESS_DENIED", "Access denied!")
    for wrong in (f"{told}x.{signature}", f"{told}.{'0' * 64}", "", "a|b.c", None, [token]):
        assert refusal(send(sandbox, wrong)) == denied
        logged = post(sandbox, "activity.log", EVENT_TOKEN=wrong, LOG_MESSAGE="")
        assert refusal(logged) == denied
    assert effects(sandbox) == []
    assert sandbox.workflow(workflow)["ended"] is None


def test_a_newer_build_says_true_of_what_is_gone_and_an_older_one_tells(sandbox, app):
    workflow, token = waiting(sandbox, app)
    gone = (400, "404", "The business process is not found.")
    busy = (400, "423", "The workflow is hung or being executed")

    def log():
        return post(sandbox, "activity.log", EVENT_TOKEN=token, LOG_MESSAGE="Line")

    for prepare, told in ((sandbox.lock_workflow, busy), (sandbox.kill_workflow, gone)):
        prepare(workflow)
        sandbox.set_build("26")
        assert send(sandbox, token).json()["result"] is True
        assert refusal(log()) == told
        sandbox.set_build("25")
        assert refusal(send(sandbox, token)) == told
        assert refusal(log()) == told
        assert effects(sandbox) == []
        if told == busy:
            sandbox.unlock_workflow(workflow)


def test_an_answer_may_be_delivered_late(sandbox, app):
    workflow, token = waiting(sandbox, app)
    sandbox.set_build("26", event_delay=300)
    send(sandbox, token, outputString="abc")
    assert task_names(sandbox, workflow) == []
    sandbox.advance(minutes=6)
    assert task_names(sandbox, workflow) == ["abc!"]


def test_an_answer_reaches_its_step_without_another_call(sandbox, app):
    kind = register(sandbox, app)
    start(sandbox, activity(kind), activity(kind, name="B"))
    send(sandbox, app.next()["event_token"])
    assert app.next()["event_token"].split("|")[1] == "B"


def test_a_workflow_without_its_document_is_terminated_by_an_answer(sandbox, app):
    workflow, token = waiting(sandbox, app)
    sandbox.delete_document(DEAL)
    assert sandbox.workflow(workflow)["ended"] is None
    assert send(sandbox, token, outputString="abc").json()["result"] is True
    assert sandbox.workflow(workflow)["status"] == 4
    assert (effects(sandbox), task_names(sandbox, workflow)) == (["terminated"], [])
    again = post(sandbox, "workflow.start", TEMPLATE_ID=1, DOCUMENT_ID=DEAL)
    assert "error" in again.json()


def test_the_answer_to_a_deleted_action_loses_its_values_until_it_is_registered_again(sandbox, app):
    workflow, token = waiting(sandbox, app)
    second = start(sandbox, activity(sandbox.ledger()[0]["applied"]["type"]))
    other = app.next()["event_token"]
    post(sandbox, "activity.delete", CODE="md5")
    send(sandbox, token, outputString="abc")
    assert task_names(sandbox, workflow) == ["!"]
    register(sandbox, app)
    send(sandbox, other, outputString="abc")
    assert task_names(sandbox, second) == ["abc!"]
    lines = [line for line in sandbox.ledger() if line["method"] == "bizproc.event.send"]
    assert [line["applied"]["dropped"] for line in lines] == [["outputString"], []]


def test_a_line_of_the_log_closes_nothing_and_moves_modified(sandbox, app):
    workflow, token = waiting(sandbox, app)

    def log(message):
        return post(sandbox, "activity.log", EVENT_TOKEN=token, LOG_MESSAGE=message)

    assert refusal(log("")) == (400, "ERROR_EMPTY_LOG_MESSAGE", "Empty log message!")
    assert sandbox.ledger()[-1]["method"] == "bizproc.workflow.start"
    sandbox.advance(minutes=1)
    before = modified(sandbox, workflow)
    assert log("Half done").json()["result"] is True
    assert modified(sandbox, workflow) >= before + 60
    assert task_names(sandbox, workflow) == []
    send(sandbox, token)
    assert log("Late").json()["result"] is True
    lines = [line for line in sandbox.ledger() if line["method"] == "bizproc.activity.log"]
    assert [line["applied"]["written"] for line in lines] == [True, False]


# -- events of the application itself -----------------------------------------------------------


def event(sandbox, verb, *, user=1, **params):
    token = sandbox.tokens_for(user)["access_token"]
    address = f"{sandbox.portal_url}/rest/event.{verb}?auth={token}"
    return requests.post(address, json=params, timeout=5)


def test_an_application_learns_its_token_from_the_event_it_caused(sandbox, app):
    assert event(sandbox, "bind", EVENT="OnAppTest", HANDLER=app.handler).json()["result"] is True
    assert event(sandbox, "test", any={"Nonce": "Ж1"}).json()["result"] is True
    call = app.next()
    told = {"event": "ONAPPTEST", "data[QUERY][any][Nonce]": "Ж1", "data[LANGUAGE_ID]": "en",
            "auth[user_id]": "1", "auth[member_id]": sandbox.oauth["member_id"]}  # fmt: skip
    assert {name: call.get(name) for name in told} == told
    assert {name[5:-1] for name in call if name.startswith("auth[")} == TOKENS | KNOWN
    start(sandbox, activity(register(sandbox, app)))
    assert app.next()["auth[application_token]"] == call["auth[application_token]"]
    sandbox.announce_application("ONAPPUPDATE")
    assert app.silent()


def test_what_is_bound_is_listed_and_unbound_by_event_handler_and_person(sandbox, app):
    given = {"EVENT": "ONAPPUPDATE", "HANDLER": app.handler}
    event(sandbox, "bind", **given)
    event(sandbox, "bind", user=2, **given)
    bound = {"event": "ONAPPUPDATE", "handler": app.handler}
    both = [{**bound, "auth_type": "0"}, {**bound, "auth_type": "2"}]
    assert event(sandbox, "get").json()["result"] == both
    sandbox.announce_application("ONAPPUPDATE")
    assert [app.next()["auth[user_id]"] for _ in both] == ["1", "2"]
    assert event(sandbox, "unbind", AUTH_TYPE=0, **given).json()["result"] == {"count": 1}
    assert event(sandbox, "unbind", **given).json()["result"] == {"count": 1}
    assert event(sandbox, "get").json()["result"] == []


def test_what_cannot_be_bound_is_refused(sandbox, app):
    given = {"EVENT": "ONAPPTEST", "HANDLER": app.handler}
    event(sandbox, "bind", **given)
    for wrong, code in (
        ({"EVENT": ""}, "ERROR_ARGUMENT"),
        ({"HANDLER": ""}, "ERROR_ARGUMENT"),
        ({"EVENT": "ONNOTHING"}, "ERROR_EVENT_NOT_FOUND"),
        ({"HANDLER": "http://localhost/"}, "ERROR_WRONG_HANDLER_URL"),
        ({}, "ERROR_CORE"),
    ):
        assert refusal(event(sandbox, "bind", **{**given, **wrong}))[:2] == (400, code)
    other = event(sandbox, "bind", user=2, AUTH_TYPE=1, **given)
    assert refusal(other)[:2] == (403, "ACCESS_DENIED")
    assert refusal(event(sandbox, "unbind", user=2, **given))[:2] == (403, "ACCESS_DENIED")
    for verb in ("bind", "unbind", "get", "test"):
        by_webhook = requests.post(f"{sandbox.webhook_url}event.{verb}", json=given, timeout=5)
        assert refusal(by_webhook)[:2] == (403, "WRONG_AUTH_TYPE")
    assert [line["method"] for line in sandbox.ledger()] == ["event.bind"]


def test_a_removed_application_is_told_without_tokens_and_then_nothing(sandbox, app):
    for name in ("ONAPPUNINSTALL", "ONAPPINSTALL"):
        event(sandbox, "bind", EVENT=name, HANDLER=app.handler)
    sandbox.announce_application("ONAPPINSTALL")
    installed = app.next()
    assert (installed["event"], installed["data[VERSION]"]) == ("ONAPPINSTALL", "1")
    sandbox.remove_application()
    call = app.next()
    assert (call["event"], call["data[CLEAN]"]) == ("ONAPPUNINSTALL", "0")
    assert {name[5:-1] for name in call if name.startswith("auth[")} == KNOWN
    assert call["auth[application_token]"] == installed["auth[application_token]"]
    sandbox.change_application(installed=True)
    assert event(sandbox, "get").json()["result"] == []
