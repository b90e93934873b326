"""bizproc.workflow.template.add, update and delete: templates of an application, from files.

https://apidocs.bitrix24.com/api-reference/bizproc/template/bizproc-workflow-template-add
https://apidocs.bitrix24.com/api-reference/bizproc/template/bizproc-workflow-template-update
https://apidocs.bitrix24.com/api-reference/bizproc/template/bizproc-workflow-template-delete
"""

import base64
import hashlib
import json
import re
from typing import Any

from sandbox import php
from sandbox.bpt import NotATemplateFile
from sandbox.engine import importing
from sandbox.engine.importing import ActivitiesInvalid, Imported
from sandbox.methods.registry import Caller, Params, Written, method
from sandbox.refusals import Refusal, nameless
from sandbox.state import document_fields, documents
from sandbox.state.portal import Portal
from sandbox.state.records import Application, Template

_SCOPE = ("bizproc",)
_STRAY = re.compile(r"[^A-Za-z0-9+/]+")
_WRONG_FILE = "Incorrect workflow template"
_MOMENTS = ("0", "1", "2", "3")


@method("bizproc.workflow.template.add", scopes=_SCOPE, changes=True)
def add(portal: Portal, caller: Caller, params: Params) -> Written:
    """Add a template from a file and return its id; it belongs to the calling application."""
    application = caller.administered_application()
    kind = documents.read_type(params.get("DOCUMENT_TYPE"))
    if kind is None:
        raise _invalid("Incorrect field DOCUMENT_TYPE!")
    name = _name(params.get("NAME"))
    auto_execute = _auto_execute(portal, params.get("AUTO_EXECUTE"))
    data = _file(params.get("TEMPLATE_DATA"))
    try:
        imported = importing.read(portal, data)
    except NotATemplateFile as error:
        raise nameless(_WRONG_FILE) from error
    except ActivitiesInvalid as error:
        raise nameless(str(error)) from error
    number = portal.next_number("template")
    template = Template(
        number,
        name,
        kind,
        f"{number}.0",
        description=_text(params.get("DESCRIPTION")),
        auto_execute=auto_execute,
        modified=int(portal.now()),
        user_id=caller.id,
        system_code=_code(application),
    )
    changed = importing.put(portal, template, imported)
    return Written(result=number, applied=_told(template, imported, changed))


@method("bizproc.workflow.template.update", scopes=_SCOPE, changes=True)
def update(portal: Portal, caller: Caller, params: Params) -> Written:
    """Change fields of a template of the calling application and return its id."""
    application = caller.administered_application()
    given = dict(php.items(params.get("FIELDS")))
    if not given:
        raise _invalid("No fields to update.")
    fields = {name: value for name, value in given.items() if value is not None}
    template = _template(portal, params)
    if template.system_code != _code(application):
        raise Refusal(
            "ERROR_TEMPLATE_NOT_OWNER",
            "You can update ONLY templates created by current application",
        )
    changes: dict[str, Any] = {}
    if "NAME" in fields:
        changes["name"] = _name(fields["NAME"])
    if "DESCRIPTION" in fields:
        changes["description"] = _text(fields["DESCRIPTION"])
    if "AUTO_EXECUTE" in fields:
        changes["auto_execute"] = _auto_execute(portal, fields["AUTO_EXECUTE"])
    imported = None
    if "TEMPLATE_DATA" in fields:
        imported = _imported_anew(portal, _file(fields["TEMPLATE_DATA"]))
    if not changes and imported is None:
        return Written(result=template.id, applied={"template_id": template.id})
    for field, value in changes.items():
        setattr(template, field, value)
    template.modified, template.user_id = int(portal.now()), caller.id
    portal.templates.put(template.id, template)
    changed = document_fields.Changed([], [])
    if imported is not None:
        template.is_modified = True
        changed = importing.put(portal, template, imported)
    return Written(result=template.id, applied=_told(template, imported, changed))


@method("bizproc.workflow.template.delete", scopes=_SCOPE, changes=True)
def delete(portal: Portal, caller: Caller, params: Params) -> Written:
    """Delete a template of the calling application that no workflow runs by; answers null."""
    application = caller.administered_application()
    template = _template(portal, params)
    if template.system_code != _code(application):
        raise nameless("You can delete ONLY templates created by current application")
    if any(w.template_id == template.id and w.ended is None for w in portal.workflows):
        raise nameless(portal.say("template in use"))
    portal.templates.drop(template.id)
    return Written(result=None, applied={"template_id": template.id})


def _code(application: Application) -> str:
    return f"rest_app_{application.id}"


def _template(portal: Portal, params: Params) -> Template:
    template = portal.templates.get(php.intval(params.get("ID")))
    if template is None:
        raise Refusal("ERROR_TEMPLATE_NOT_FOUND", "Workflow template not found.")
    return template


def _name(given: Any) -> str:
    name = _text(given).strip()
    if php.is_empty(name):
        raise _invalid("Empty template name!")
    return name


def _text(given: Any) -> str:
    return "" if php.is_array(given) else php.text(given)


def _auto_execute(portal: Portal, given: Any) -> int:
    """Read when a template starts by itself; the module compares texts and knows no numbers."""
    if given is None:
        return 0
    if type(given) is int and not portal.strict_auto_execute:
        given = str(given)
    if not isinstance(given, str) or given not in _MOMENTS:
        raise _invalid("Incorrect field AUTO_EXECUTE!")
    return int(given)


def _file(given: Any) -> bytes:
    """Return what was uploaded: base64, alone or after a name; stray characters are passed over."""
    if php.is_array(given):
        given = dict(php.items(given)).get("1")
    letters = _STRAY.sub("", given) if isinstance(given, str) else ""
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    data = base64.b64decode(letters + "=" * (-len(letters) % 4))
    if not data:
        raise _invalid("Incorrect field TEMPLATE_DATA!")
    return data


def _imported_anew(portal: Portal, data: bytes) -> Imported:
    """Read the file of an update, whose faults the portal does not wrap as those of an addition."""
    try:
        return importing.read(portal, data)
    except NotATemplateFile as error:
        raise Refusal("ERROR_ARGUMENT", _WRONG_FILE, argument="") from error
    except ActivitiesInvalid as error:
        raise Refusal("ERROR_CORE", str(error)) from error


def _invalid(text: str) -> Refusal:
    return Refusal("ERROR_TEMPLATE_VALIDATION_FAILURE", text)


def _told(
    template: Template, imported: Imported | None, changed: document_fields.Changed
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "template_id": template.id,
        "name": template.name,
        "document_type": list(template.document_type),
        "auto_execute": template.auto_execute,
    }
    if imported is not None:
        written = json.dumps(imported.structure, sort_keys=True).encode()
        told["structure_sha256"] = hashlib.sha256(written).hexdigest()
        told["fields_created"] = changed.created
        told["fields_rewritten"] = changed.rewritten
    return told
