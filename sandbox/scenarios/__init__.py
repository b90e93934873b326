"""Scenarios: what a portal holds at the start. The same seed makes the same portal."""

from sandbox.gateway import keys
from sandbox.oauth import applications
from sandbox.scenarios import called_steps, demo, empty, huge
from sandbox.scenarios.templates import DEAL, add_template, change_structure
from sandbox.state.portal import Portal
from sandbox.state.records import DocumentId

__all__ = ["DEAL", "NAMES", "add_template", "change_structure", "load", "new_document"]

NAMES = ("empty", "demo", "huge")


def load(
    portal: Portal, scenario: str, *, workflows: int | None = None, seed: int | None = None
) -> None:
    """Replace everything in the portal by a scenario; its secrets stay."""
    if scenario not in NAMES:
        raise ValueError(f"There is no scenario {scenario!r}; there are {', '.join(NAMES)}.")
    seed = None if seed is None else int(seed)
    many = None if workflows is None else int(workflows)
    portal.scenario = scenario
    portal.clear()
    if seed is not None:
        portal.rng.seed(seed)
    if scenario == "demo":
        demo.build(portal, workflows=demo.WORKFLOWS if many is None else many)
    elif scenario == "huge":
        huge.build(portal, workflows=huge.WORKFLOWS if many is None else many)
    else:
        empty.build(portal)
    portal.make_webhooks()
    applications.make_first(portal)
    keys.make_first(portal)
    if scenario == "demo":
        share = (demo.WORKFLOWS if many is None else many) / demo.WORKFLOWS
        application = applications.named(portal, None)
        called_steps.build(portal, application, round(called_steps.WORKFLOWS * share))


def new_document(portal: Portal, kind: DocumentId) -> DocumentId:
    """Return the id of a fresh document of a type."""
    number = portal.next_number(f"document {kind[2]}")
    key = f"{kind[2]}_{number}" if kind[0] == "crm" else str(number)
    return kind[0], kind[1], key
