"""The shape of the house, read from the syntax trees: one door for writes, one for the audit."""

import ast
import re
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver

from bizproc_admin.access.permissions import ROLES, Capability
from bizproc_admin.actions import ACTIONS, CheckToken
from bizproc_admin.bitrix.catalogue import METHODS, Access

BASE = Path(__file__).resolve().parents[2]
PACKAGE = BASE / "bizproc_admin"
WRITERS_OF_AUDIT = {
    "access/accounts.py",
    "access/second_factor.py",
    "access/disclosures.py",
    "commands/operations.py",
    "commands/preparing.py",
    "commands/issuing.py",
    "commands/transitions.py",
    "access/permissions.py",
    "access/roles.py",
    "access/shared_views.py",
    "access/portal_sign_in.py",
    "access/allauth_adapter.py",
    "portals/connections.py",
    "portals/gateways.py",
    "management/commands/administrator.py",
    "management/commands/link_demo_people.py",
}


def modules():
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(("sandbox/", "migrations/")):
            yield name, ast.parse(path.read_text())


def calls(tree):
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def test_only_the_clients_of_portals_make_a_writer():
    makers = {
        name
        for name, tree in modules()
        if calls(tree) & {"bitrix.Writer", "Writer"} and not name.startswith("bitrix/")
    }
    assert makers == {"portals/clients.py"}


def test_only_commands_asks_for_a_writer():
    assert {n for n, tree in modules() if "clients.writer" in calls(tree)} == {
        "commands/sending.py"
    }


def test_only_the_appointed_modules_write_the_audit_history():
    found = {
        name
        for name, tree in modules()
        if {"audit.record", "audit.record_commands", "audit.record_once"} & set(calls(tree))
    }
    assert found == WRITERS_OF_AUDIT


def test_only_the_audit_module_makes_audit_entries():
    makers = {name for name, tree in modules() if {"AuditEntry", "AuditDetail"} & calls(tree)}
    assert makers == {"audit/recording.py"}


def test_only_the_doorbell_enqueues():
    words = ("apply_async", "delay", "send_task")
    ringers = {
        name
        for name, tree in modules()
        if any(call.rsplit(".", 1)[-1] in words for call in calls(tree))
    }
    assert ringers == {"doorbell.py"}


def test_no_view_form_or_template_tag_can_reach_the_portal():
    for name, tree in modules():
        if name.startswith(("views/", "lists/", "templatetags/")):
            used = calls(tree)
            assert not any(call.startswith(("clients.", "syncing.")) for call in used), name


def test_nothing_imports_inside_a_function():
    allowed = {"apps.py"}
    for name, tree in modules():
        if name in allowed:
            continue
        for function in ast.walk(tree):
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
                inner = [
                    n for n in ast.walk(function) if isinstance(n, (ast.Import, ast.ImportFrom))
                ]
                assert not inner, f"{name}: {function.name}"


def test_every_write_the_program_makes_belongs_to_one_action():
    # a check of a token is a line of the log that the portal refuses to write
    methods = [action.method for name, action in ACTIONS.items() if name != CheckToken.name]
    assert len(methods) == len(set(methods))
    for method in methods:
        assert METHODS[method].access is Access.WRITE


def test_every_action_names_itself_and_a_capability():
    for name, action in ACTIONS.items():
        assert action.name == name
        assert isinstance(action.capability, Capability)
        assert str(action.label)


def test_an_administrator_may_everything_and_an_auditor_changes_nothing():
    changing = {c for c in Capability if c.split("_")[0] not in ("see",)}
    by_name = {role.value: capabilities for role, capabilities in ROLES.items()}
    assert by_name["portal administrator"] == set(Capability)
    assert not by_name["auditor"] & changing


def test_every_variable_of_the_settings_is_in_the_example():
    settings = (BASE / "config" / "settings.py").read_text()
    used = set(re.findall(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"", settings))
    example = (BASE / ".env.example").read_text()
    listed = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    assert used == listed


def test_the_name_of_an_address_is_the_name_of_its_view():
    def patterns(resolver):
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                yield from patterns(pattern)
            elif isinstance(pattern, URLPattern):
                yield pattern

    for pattern in patterns(get_resolver()):
        if not pattern.name.startswith(("account_log", "account_reauth", "mfa_")):
            assert pattern.callback.__name__ == pattern.name
