"""The difference between two structures of a template, as a page shows it."""

from bizproc_admin.diagrams.differences import definition_changes, step_changes
from bizproc_admin.models import Portal
from bizproc_admin.models.template_versions import Structure
from bizproc_admin.views.structures import shown_structure
from bizproc_admin.wording.template_changes import ChangeLine, definition_lines, step_line


def changes_between(portal: Portal, before: Structure, after: Structure) -> list[ChangeLine] | None:
    """Return what differs, steps first; None where one of the two cannot be read."""
    old = shown_structure(portal, before, is_whole=True)
    new = shown_structure(portal, after, is_whole=True)
    if old.root is None or new.root is None:
        return None
    lines = [
        step_line(change, before=old.words, after=new.words)
        for change in step_changes(old.root, new.root)
    ]
    for source, definitions in new.definitions.items():
        changes = definition_changes(old.definitions[source], definitions)
        lines += definition_lines(source, changes)
    return lines
