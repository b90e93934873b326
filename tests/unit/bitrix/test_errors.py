"""Every error has a code, values and a log line; which class it is says what it proves."""

import ast
import inspect
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix import errors, refusals, token_errors
from bizproc_admin.bitrix.refusals import refusal
from bizproc_admin.wording.portal_errors import for_people

TREES = [errors, refusals, token_errors]
KINDS = [
    kind
    for module in TREES
    for _, kind in inspect.getmembers(module, inspect.isclass)
    if issubclass(kind, bitrix.BitrixError) and kind.__module__ == module.__name__
]


def make(kind):
    if issubclass(kind, bitrix.MethodExhausted):
        return kind("OPERATION_TIME_LIMIT", "text", resets_at=datetime.now(UTC), wait=1)
    if issubclass(kind, bitrix.Refused):
        return kind("CODE", "the portal's own words", status=400, method="profile")
    if kind is bitrix.Moved:
        return kind(location="https://new.example/", status=302)
    return kind("a detail", method="profile")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_speaks_to_logs_and_keeps_plain_values(kind):
    error = make(kind)
    assert json.loads(json.dumps(error.values)) == error.values
    assert kind.__name__ in error.for_logs
    assert "\n" not in error.for_logs
    assert str(error) == error.for_logs


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_code_of_an_error_is_the_name_of_its_class(kind):
    assert kind.code == re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def test_the_client_holds_no_sentence():
    """What is said to people is not said here; a fault in the code may name itself."""
    for path in Path(bitrix.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text())
        own = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
        own += [
            node
            for fault in ast.walk(tree)
            if isinstance(fault, ast.Raise)
            and isinstance(fault.exc, ast.Call)
            and ast.unparse(fault.exc.func) in ("ValueError", "TypeError")
            for node in ast.walk(fault)
        ]
        for node in set(ast.walk(tree)) - set(own):
            said = str(node.value) if isinstance(node, ast.Constant) else ""
            assert not re.search(r"[a-z)]\.( |$)", said) or " " not in said, (path.name, said)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_is_drawn_in_the_tree_and_exported(kind):
    assert re.search(rf"\b{kind.__name__}\b", sys.modules[kind.__module__].__doc__)
    assert getattr(bitrix, kind.__name__) is kind


@pytest.mark.parametrize(
    ("code", "kind", "advice"),
    [
        ("expired_token", bitrix.ExpiredCredentials, "sign in with Bitrix24 again"),
        ("invalid_token", bitrix.ExpiredCredentials, "sign in with Bitrix24 again"),
        ("authorization_error", bitrix.PersonUnauthorized, "Sign in with Bitrix24 again"),
        ("user_access_error", bitrix.NoApplicationAccess, "give the person access"),
        ("ERROR_OAUTH", bitrix.ApplicationMissing, "install it again"),
        ("APPLICATION_NOT_FOUND", bitrix.ApplicationMissing, "install it again"),
        ("NOT_INSTALLED", bitrix.ApplicationMissing, "install it again"),
        ("PAYMENT_REQUIRED", bitrix.PlanRequired, "Renew the subscription"),
        ("ERROR_TASK_NOT_FOUND", bitrix.TaskNotFound, "read again"),
        ("ERROR_TASK_COMPLETED", bitrix.TaskCompleted, "read again"),
        ("ERROR_TASK_TYPE", bitrix.TaskKindClosed, "answer it there"),
        ("ERROR_TASK_EXECUTION", bitrix.TaskExecution, "Поле «Заметки»"),
        ("ERROR_TASK_VALIDATION", bitrix.InvalidInput, "Correct it"),
        ("ERROR_DELEGATION_NOT_ALLOWED", bitrix.DelegationNotAllowed, "Поле «Заметки»"),
        ("ERROR_INVALID_USER_ID", bitrix.UserInvalid, "Choose another person"),
    ],
)
def test_a_code_has_its_class_which_advises_and_keeps_the_portals_text(code, kind, advice):
    error = refusal(code, "Поле «Заметки» обязательно.", status=400)
    assert type(error) is kind
    assert advice in for_people(error.code, error.values)
    assert error.text == "Поле «Заметки» обязательно."


@pytest.mark.parametrize(
    ("status", "kind", "advice"),
    [
        (401, bitrix.PlanRequired, "Renew the subscription"),
        (403, bitrix.AccessDenied, "webhook of a portal administrator"),
        (None, bitrix.AccessDenied, "webhook of a portal administrator"),
    ],
)
def test_a_lapsed_plan_is_told_from_a_missing_right_by_its_status(status, kind, advice):
    error = refusal("ACCESS_DENIED", "REST is available only by subscription.", status=status)
    assert type(error) is kind
    assert advice in for_people(error.code, error.values)


def test_a_closed_portal_is_under_maintenance_and_not_deleted():
    error = refusal("PORTAL_DELETED", "Portal was deleted", status=403)
    said = for_people(error.code, error.values)
    assert "maintenance" in said
    assert "deleted" not in said


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("https://new.bitrix24.com/rest/1/•••/x?a=b", "moved"),
        ("https://acme.bitrix24.com/auth/", "a page of its own (HTTP 302)"),
        ("https://ACME.bitrix24.com:443", "a page of its own (HTTP 302)"),
        ("/auth/?backurl=x", "a page of its own (HTTP 302)"),
        ("", "leads nowhere (HTTP 302)"),
        ("https://ev\\il/", "leads nowhere (HTTP 302)"),
    ],
)
def test_only_a_redirect_to_another_host_is_a_move(location, said):
    error = bitrix.Moved(location=location, status=302, asked="https://acme.bitrix24.com")
    assert said in for_people(error.code, error.values)
    assert error.is_elsewhere is (said == "moved")


def test_a_long_text_of_the_portal_is_cut():
    assert len(bitrix.Refused("", "x" * 100_000).text) == 2_000


def test_a_log_line_stays_one_line_whatever_the_portal_says():
    error = bitrix.Refused("a\nb", "first\r\nERROR forged", status=400)
    assert "\n" not in error.for_logs
    assert "\r" not in error.for_logs


def test_all_public_names_are_there_and_sorted():
    assert all(hasattr(bitrix, name) for name in bitrix.__all__)
    assert len(set(bitrix.__all__)) == len(bitrix.__all__)
