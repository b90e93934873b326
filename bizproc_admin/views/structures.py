"""The structure of a workflow template as it was last read from the portal, with its words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from bizproc_admin.diagrams.reading import Unreadable, definitions, read, who
from bizproc_admin.diagrams.steps import Definition, Kind, Step
from bizproc_admin.models import ApplicationAction, Person, Portal, WorkflowTemplate
from bizproc_admin.models.template_versions import Structure, holding, opened, structure_of
from bizproc_admin.wording.template_steps import StepWords, people_named

# versions that are looked through for the steps of one workflow
MOST_VERSIONS = 20
# by the code of what cannot be read
PROBLEMS = {
    "empty": gettext_lazy("The portal told no steps of this template."),
    "too_many": gettext_lazy("This template has more than 20,000 steps: it is not drawn."),
    "too_deep": gettext_lazy(
        "The steps of this template lie more than 512 deep in each other: it is not drawn."
    ),
}


@dataclass(frozen=True, kw_only=True)
class ShownTemplate:
    """A template's steps and definitions with their words.

    root is None where no steps can be shown, problem says why. definitions are by source:
    "template", "variable", "constant".
    """

    root: Step | None
    problem: str
    words: StepWords
    definitions: Mapping[str, tuple[Definition, ...]]


def shown(
    template: WorkflowTemplate, structure: Structure | None, *, is_whole: bool
) -> ShownTemplate:
    """Return a template as it is shown: whole, or titles and who is asked alone."""
    if structure is not None:
        return shown_structure(template.portal, structure, is_whole=is_whole)
    known = Structure(template=None, parameters=template.parameters, variables=(), constants=())
    return shown_structure(template.portal, known, problem=why_unread(template), is_whole=is_whole)


def shown_structure(
    portal: Portal, structure: Structure, *, problem: str = "", is_whole: bool
) -> ShownTemplate:
    """Return a structure as it is shown, wherever it comes from; problem says why no step can be.

    See `shown`.
    """
    found = {
        "template": definitions(structure.parameters),
        "variable": definitions(structure.variables),
        "constant": definitions(structure.constants),
    }
    root = None
    if not problem:
        try:
            root = read(structure.template)
        except Unreadable as error:
            problem = str(PROBLEMS[error.code])
    people = people_of(portal, root, found["template"])
    types = [step.type.lower() for step in root.walk() if is_of_application(step)] if root else []
    words = StepWords(
        root=root,
        actions=ApplicationAction.objects.at(portal).names_of(types, get_language() or ""),
        people={number: str(person) for number, person in people.items()},
        dismissed=frozenset(number for number, one in people.items() if not one.is_active),
        definitions={source: {one.id: one for one in of} for source, of in found.items()},
        is_whole=is_whole,
    )
    return ShownTemplate(root=root, problem=problem, words=words, definitions=found)


def is_of_application(step: Step) -> bool:
    return step.kind is Kind.APPLICATION


def structure_run(
    template: WorkflowTemplate, started_at: datetime, names: set[str]
) -> tuple[Structure | None, bool]:
    """Return what a workflow runs on, and whether that is known: the version of its start.

    Where nobody can tell that one, it is the first since then that has the steps of these names,
    else the latest.
    """
    versions = list(template.versions.latest_first()[:MOST_VERSIONS])
    version = holding(versions, started_at)
    if version is not None and version.structure_id is not None:
        return opened(version), True
    since = [one for one in reversed(versions) if one.last_seen_at >= started_at]
    for one in since if names else []:
        structure = opened(one)
        if structure is not None and names <= names_in(structure):
            return structure, False
    return structure_of(template), False


def names_in(structure: Structure) -> set[str]:
    """Return the names of all steps of a structure."""
    try:
        return {step.name for step in read(structure.template).walk()}
    except Unreadable:
        return set()


def why_unread(template: WorkflowTemplate) -> str:
    """Return why nothing is known of a template's steps."""
    latest = template.versions.latest_first().first()
    if latest is not None and latest.is_too_large:
        return _("The steps of this template are more than the portal answers in one piece.")
    if template.is_hidden:
        return _("The portal does not show the steps of its automation.")
    if template.portal.is_by_gateway:
        return _("What templates are made of is not told through the gateway.")
    return _("The steps of this template were not read from the portal yet.")


def people_of(
    portal: Portal, root: Step | None, parameters: Iterable[Definition]
) -> dict[str, Person]:
    """Return the people a template and what is preset name, by the portal's numbers."""
    numbers = people_named(root) if root else set()
    for one in parameters:
        numbers |= {named.value for named in who(list(one.default)) if named.kind == "person"}
    known = {int(number) for number in numbers if len(number) < 18}
    people = Person.objects.filter(portal=portal, remote_id__in=known)
    return {str(person.remote_id): person for person in people}
