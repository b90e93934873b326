"""Making templates: short ways to write activities, and adding a template to a portal."""

import random
from typing import Any

from sandbox.state.portal import Portal
from sandbox.state.records import DocumentId, Template

DEAL: DocumentId = ("crm", "CCrmDocumentDeal", "DEAL")
Node = dict[str, Any]


def activity(kind: str, *children: Node, title: str = "", **properties: Any) -> Node:
    """Write one activity; its name is given when the template is added."""
    return {
        "Type": kind,
        "Activated": "Y",
        "Properties": {"Title": title or kind.removesuffix("Activity"), **properties},
        "Children": list(children),
    }


def sequence(*children: Node) -> Node:
    """Write a template's root."""
    return activity("SequentialWorkflowActivity", *children, title="Sequential workflow")


def steps(*children: Node) -> Node:
    """Write a group of activities in order."""
    return activity("SequenceActivity", *children)


def approve(name: str, users: Any, yes: list[Node], no: list[Node], **properties: Any) -> Node:
    """Write an approval with its two branches."""
    defaults = {"Users": users, "Name": name, "ApproveType": "all"}
    return activity(
        "ApproveActivity", steps(*yes), steps(*no), title=name, **{**defaults, **properties}
    )


def review(name: str, users: Any, **properties: Any) -> Node:
    """Write a review."""
    defaults = {"Users": users, "Name": name, "ApproveType": "all"}
    return activity("ReviewActivity", title=name, **{**defaults, **properties})


def request(name: str, users: Any, fields: list[dict[str, Any]], **properties: Any) -> Node:
    """Write a request for information."""
    defaults = {"Users": users, "Name": name, "RequestedInformation": fields}
    return activity("RequestInformationActivity", title=name, **{**defaults, **properties})


def state(text: str) -> Node:
    """Write a change of the state's title."""
    return activity("SetStateTitleActivity", title=text, TargetStateTitle=text)


def delay(*, until: Any = "", amount: Any = 0, unit: str = "d", title: str = "Pause") -> Node:
    """Write a pause, for a duration or until a moment."""
    if until:
        return activity("DelayActivity", title=title, TimeoutTime=until)
    return activity(
        "DelayActivity", title=title, TimeoutDuration=str(amount), TimeoutDurationType=unit
    )


def choice(*branches: Node) -> Node:
    """Write a branching; each branch is made by `branch`."""
    return activity("IfElseActivity", *branches, title="Condition")


def branch(*children: Node, when: list[Any] | None = None) -> Node:
    """Write a branch; without a condition it is always entered."""
    condition: dict[str, Any] = {"truecondition": "1"}
    if when is not None:
        condition = {"propertyvariablecondition": [when]}
    return activity("IfElseBranchActivity", *children, title="Branch", **condition)


def parallel(*branches: Node) -> Node:
    """Write branches that run side by side."""
    return activity("ParallelActivity", *branches, title="Parallel")


def notify(text: str, users: Any) -> Node:
    """Write a notification, which passes through."""
    return activity("IMNotifyActivity", title="Notify", MessageUserTo=users, MessageSite=text)


def parameter(name: str, kind: str, default: Any = "", **more: Any) -> dict[str, Any]:
    """Write the definition of a parameter, a variable or a constant."""
    definition = {
        "Name": name,
        "Description": "",
        "Type": kind,
        "Required": "0",
        "Multiple": "0",
        "Options": None,
        "Default": default,
    }
    return {**definition, **more}


def add_template(
    portal: Portal,
    *,
    name: str,
    document_type: Any,
    structure: Any = None,
    parameters: dict[str, Any] | None = None,
    auto_execute: int = 0,
    rng: random.Random | None = None,
    **more: Any,
) -> Template:
    """Add a template; activities without a name get one like the designer's."""
    number = int(more.pop("id", 0)) or portal.next_number("template")
    portal.reserve_number("template", number)
    tree = structure if isinstance(structure, list) else [structure or sequence()]
    name_activities(rng or portal.rng, tree[0])
    key = f"{number}.1"
    portal.structures.put(key, tree)
    more.setdefault("modified", int(portal.now()))
    template = Template(
        id=number,
        name=name,
        document_type=tuple(document_type),
        structure_key=key,
        parameters=parameters or {},
        auto_execute=auto_execute,
        **more,
    )
    portal.templates.put(number, template)
    return template


def change_structure(portal: Portal, template: Template, structure: Any, *, by: int) -> None:
    """Give a template another structure, as the designer does; running workflows keep theirs."""
    tree = structure if isinstance(structure, list) else [structure]
    name_activities(portal.rng, tree[0])
    number, _, version = template.structure_key.partition(".")
    template.structure_key = f"{number}.{int(version) + 1}"
    portal.structures.put(template.structure_key, tree)
    template.is_modified, template.user_id = True, by
    template.modified = int(portal.now())
    portal.templates.put(template.id, template)


def name_activities(rng: random.Random, root: Node) -> None:
    """Give activities without a name one like the designer's; the root is called Template."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if not node.get("Name"):
            four = "_".join(str(rng.randrange(10_000, 99_999)) for _ in range(4))
            node["Name"] = "Template" if node is root else f"A{four}"
        waiting.extend(reversed(node.get("Children") or []))
