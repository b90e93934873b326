"""bizproc.workflow.*: start, list, terminate and kill workflows.

https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-workflow-start
https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-workflow-instances
https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-workflow-terminate
https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-workflow-kill
"""

from typing import Any

from sandbox import php
from sandbox.engine import runner
from sandbox.lists import running_workflows
from sandbox.lists.filters import read
from sandbox.lists.listing import Page, by_offset, order, select
from sandbox.methods.registry import Caller, Params, method
from sandbox.refusals import access_denied, nameless, wrong_workflow
from sandbox.state import documents, overriding
from sandbox.state.portal import Portal
from sandbox.state.records import Workflow

_SCOPE = ("bizproc",)


@method("bizproc.workflow.start", scopes=_SCOPE, changes=True)
def start(portal: Portal, caller: Caller, params: Params) -> str:
    """Start a workflow and return its id."""
    if php.is_empty(params.get("TEMPLATE_ID")):
        raise wrong_workflow("Empty TEMPLATE_ID")
    template = portal.templates.get(php.intval(params.get("TEMPLATE_ID")))
    if template is None:
        raise wrong_workflow("Template not found")
    in_query = params.query.get("DOCUMENT_ID")
    given = in_query if php.is_array(in_query) else params.get("DOCUMENT_ID")
    document = documents.read_id(given)
    if document is None or not documents.exists(portal, document):
        raise nameless("Wrong DOCUMENT_ID!")
    kind = documents.type_of(portal, document, hint=template.document_type)
    if kind is None:
        raise nameless("Incorrect document type!")
    if kind != template.document_type:
        raise nameless("Template type and DOCUMENT_ID mismatch!")
    if not caller.is_admin and not documents.open_to_everybody(kind):
        raise access_denied()
    documents.remember(portal, document, kind)
    values = params.get("PARAMETERS")
    workflow = runner.start(
        portal,
        template,
        document,
        started_by=caller.id,
        parameters=dict(php.items(values)) if php.is_array(values) else None,
    )
    return workflow.id


@method("bizproc.workflow.instances", "bizproc.workflow.instance.list", scopes=_SCOPE)
def instances(portal: Portal, caller: Caller, params: Params) -> Page:
    """List unfinished workflows."""
    caller.must_be_admin()
    fields = select(
        params.get("SELECT"), running_workflows.FIELDS, ["ID", "MODIFIED", "OWNED_UNTIL"]
    )
    ordering = order(params.get("ORDER"), running_workflows.FIELDS, {"MODIFIED": True})
    narrowing = read(
        params.get("FILTER"),
        running_workflows.FIELDS,
        now=portal.now(),
        newer=portal.newer_filters,
        zone=portal.clock.zone,
    )
    for key in narrowing.dropped:
        portal.complain("filter key dropped", key, method="bizproc.workflow.instances")
    found = running_workflows.find(portal, narrowing.conditions, ordering)
    return by_offset(found, params.start, lambda key: _shown(portal, key, fields))


def _shown(portal: Portal, key: str, fields: list[str]) -> dict[str, Any]:
    workflow = portal.workflows[key]
    row: dict[str, Any] = {}
    for name in fields:
        value = running_workflows.value_of(workflow, name)
        if running_workflows.FIELDS[name] == "datetime":
            value = portal.clock.iso(value)
        row[name] = value if value is None else str(value)
    return overriding.shown(portal, "workflow", key, row)


@method("bizproc.workflow.terminate", scopes=_SCOPE, changes=True)
def terminate(portal: Portal, caller: Caller, params: Params) -> bool:
    """Abort a workflow; its finished tasks stay."""
    caller.must_be_admin()
    workflow_id = params.get("ID")
    if php.is_empty(workflow_id):
        raise wrong_workflow("Empty workflow instance ID")
    if not isinstance(workflow_id, str):
        raise wrong_workflow("Invalid workflow instance ID (string expected)")
    status = params.get("STATUS")
    title = status if isinstance(status, str) else ""
    runner.terminate(portal, _unfinished(portal, workflow_id), title=title)
    return True


@method("bizproc.workflow.kill", scopes=_SCOPE, changes=True)
def kill(portal: Portal, caller: Caller, params: Params) -> bool:
    """Delete a workflow with all its data."""
    caller.must_be_admin()
    workflow_id = params.get("ID")
    if php.is_empty(workflow_id):
        raise wrong_workflow("Empty workflow instance ID")
    workflow = _unfinished(portal, php.text(workflow_id))
    runner.remove(portal, workflow)
    return True


def _unfinished(portal: Portal, workflow_id: str) -> Workflow:
    workflow = portal.workflows.get(workflow_id)
    if workflow is None or workflow.ended is not None:
        raise nameless(portal.say("not found"))
    return workflow
