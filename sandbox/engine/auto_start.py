"""Templates that start by themselves when a document of their type is created or changed."""

from sandbox.engine import runner
from sandbox.refusals import Refusal
from sandbox.state.portal import Portal
from sandbox.state.records import AUTOMATION, Document

#: The bits of AUTO_EXECUTE.
ON_CREATION, ON_CHANGE = 1, 2


def start_all(portal: Portal, document: Document, moment: int, *, by: int) -> list[str]:
    """Start what starts at this moment and return the workflows' ids; what cannot is noted."""
    started = []
    for template in list(portal.templates):
        if template.document_type != document.type or template.auto_execute >= AUTOMATION:
            continue
        if template.auto_execute & moment:
            try:
                started.append(runner.start(portal, template, document.id, started_by=by).id)
            except Refusal as refusal:
                portal.complain("not started by itself", refusal.text, template=template.id)
    return started
