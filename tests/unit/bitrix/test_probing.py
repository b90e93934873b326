"""What the first look at a portal says when something is not in order."""

import pytest

from bizproc_admin import bitrix
from bizproc_admin.wording.findings import said_of

from .test_objects import TASK, WORKFLOW

FINE = {
    "profile": {"ID": "1", "ADMIN": True, "NAME": "", "LAST_NAME": ""},
    "user.admin": True,
    "user.current": {"ID": "1", "USER_TYPE": "employee"},
    "scope": ["bizproc", "user", "department"],
    "app.info": {"SCOPE": [], "LICENSE": ""},
    "server.time": "2026-01-01T00:00:00+03:00",
    "bizproc.workflow.instances": [],
    "bizproc.task.list": [TASK],
    "bizproc.workflow.template.list": [],
    "user.get": [],
    "department.get": [],
}


@pytest.fixture
def portal(stub):
    answers = dict(FINE)

    def answer(handler):
        path, body, _ = handler.server.seen[-1]
        method = path.rsplit("/", 1)[1].removesuffix(".json")
        if method == "batch":
            handler.reply({"result": together(body["cmd"])})
            return
        result = result_of(method, body)
        if isinstance(result, dict) and "error" in result:
            handler.reply(result, status=403)
        else:
            handler.reply(
                {"result": result, "total": len(result) if result != [] else 0}
                if isinstance(result, list)
                else {"result": result}
            )

    def result_of(method, body):
        result = answers[method]
        return result(body) if callable(result) else result

    def together(commands):
        inner = {}
        for key, command in commands.items():
            method, _, query = command.partition("?")
            # what asks for an id that does not exist finds nothing, whatever there is
            inner[key] = result_of(method, {}) if "no-such-workflow" not in query else []
            if "no-such-workflow" in query and isinstance(answers[method], dict):
                inner[key] = answers[method]
        is_error = {k: isinstance(v, dict) and "error" in v for k, v in inner.items()}
        return {
            "result": {k: v for k, v in inner.items() if not is_error[k]},
            "result_error": {k: v for k, v in inner.items() if is_error[k]},
        }

    stub.fallback = answer
    return answers


def found(reader, name):
    findings = bitrix.probe(reader)
    return next(one for one in findings.findings if one.name == name), findings


def refuse(code):
    return {"error": code, "error_description": "no"}


def test_a_portal_without_workflows_is_usable_and_says_what_could_not_be_tried(portal, reader):
    finding, findings = found(reader, "date-filters")
    assert finding.ok
    assert "could not be tried" in said_of(finding.code, finding.values)
    assert findings.usable


def test_a_portal_that_drops_date_filters_is_not_usable(portal, reader):
    portal["bizproc.workflow.instances"] = [WORKFLOW]
    finding, findings = found(reader, "date-filters")
    assert not finding.ok
    assert "ignored the filter" in said_of(finding.code, finding.values)
    assert not findings.usable


def test_a_date_filter_that_brings_nothing_where_something_is_known_is_not_in_order(portal, reader):
    portal["bizproc.workflow.instances"] = lambda body: [] if "filter" in body else [WORKFLOW]
    finding, findings = found(reader, "date-filters")
    assert not finding.ok
    assert not findings.usable


def test_a_portal_that_cannot_list_without_counting_is_named(portal, reader):
    portal["bizproc.workflow.instances"] = lambda body: [] if body["start"] < 0 else [WORKFLOW]
    finding, _ = found(reader, "uncounted")
    assert not finding.ok


def test_a_portal_that_fails_without_counting_is_named(portal, reader):
    portal["bizproc.workflow.instances"] = lambda body: (
        refuse("ERROR_X") if body["start"] < 0 else [WORKFLOW]
    )
    finding, _ = found(reader, "uncounted")
    assert not finding.ok


@pytest.mark.parametrize(
    ("method", "name", "needed"),
    [
        ("user.admin", "administrator", True),
        ("scope", "scopes", True),
        ("server.time", "clock", True),
        ("app.info", "licence", False),
        ("bizproc.workflow.instances", "workflows", True),
        ("bizproc.task.list", "workflow-tasks", True),
        ("bizproc.workflow.template.list", "templates", True),
        ("user.get", "people", True),
        ("department.get", "departments", False),
    ],
)
def test_what_is_refused_is_found_not_in_order(portal, reader, method, name, needed):
    portal[method] = refuse("ACCESS_DENIED")
    finding, findings = found(reader, name)
    assert not finding.ok
    assert findings.usable is not needed


def test_a_plan_without_rest_is_named_as_such(portal, reader):
    portal["profile"] = refuse("PAYMENT_REQUIRED")
    finding, _ = found(reader, "plan")
    assert "subscription" in said_of(finding.code, finding.values)


@pytest.mark.parametrize(
    ("time", "side"),
    [("2020-01-01T00:00:00+00:00", "behind"), ("2199-01-01T00:00:00Z", "ahead of")],
)
def test_a_clock_that_differs_is_said_and_does_no_harm(portal, reader, time, side):
    portal["server.time"] = time
    finding, findings = found(reader, "clock")
    assert side in said_of(finding.code, finding.values)
    assert findings.usable
