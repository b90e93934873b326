"""Steps that wait for an application, in words: their states, their times, what they were given."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from bizproc_admin.diagrams.mentions import PERSON, Named
from bizproc_admin.models import (
    ApplicationAction,
    ApplicationStep,
    Command,
    Person,
    Portal,
    StepState,
    TemplateMention,
)
from bizproc_admin.models.application_definitions import ActionDefinition, DefinedProperty
from bizproc_admin.wording.looks import LOOKS, Look, look_of
from bizproc_admin.wording.times import moment

STATES = {
    StepState.UNVERIFIED: Look(text=gettext_lazy("Not verified"), icon="shield-x", tone="warn"),
    StepState.PRESUMED: Look(
        text=gettext_lazy("Not known"), icon="circle-question-mark", tone="unknown"
    ),
    StepState.WAITING: Look(text=gettext_lazy("Waiting"), icon="clock"),
    StepState.PASSED: Look(text=gettext_lazy("Did not wait"), icon="circle-dashed"),
    StepState.DELIVERED: LOOKS["delivered"],
    StepState.CONFIRMED: LOOKS["confirmed"],
    StepState.TIMED_OUT: Look(text=gettext_lazy("Timed out"), icon="clock", tone="warn"),
    StepState.ELSEWHERE: Look(text=gettext_lazy("Went on without us"), icon="circle-dot"),
    StepState.ENDED: Look(text=gettext_lazy("Workflow ended"), icon="circle-dashed"),
}
MEANS = {
    StepState.UNVERIFIED: gettext_lazy(
        "Whether this is a call of the portal is not known: it may be anybody's. Nothing can be "
        "done on it."
    ),
    StepState.PRESUMED: gettext_lazy(
        "No call was received. By its template the workflow may wait for this; nothing else is "
        "known that it waits for."
    ),
    StepState.PASSED: gettext_lazy("It called the console and went on at once."),
    StepState.DELIVERED: gettext_lazy(
        "The portal took the answer. Whether it had an effect is not known before the next step is "
        "seen."
    ),
    StepState.CONFIRMED: gettext_lazy("The workflow went on after the answer."),
    StepState.TIMED_OUT: gettext_lazy("Its time was over, and the portal went on without it."),
    StepState.ELSEWHERE: gettext_lazy("The workflow went on, and not by an answer from here."),
    StepState.ENDED: gettext_lazy("Its workflow has ended."),
}


@dataclass(frozen=True, kw_only=True)
class Given:
    """One value a step was given: its name, and what it is; raw is set where that says more."""

    name: str
    value: str
    raw: str = ""


class StepNames:
    """What steps and their actions are called, looked up for many at once."""

    def __init__(self, steps: Iterable[ApplicationStep], portal: Portal | None) -> None:
        steps = list(steps)
        templates = {one.workflow.template_id for one in steps if one.workflow}
        found = TemplateMention.objects.filter(
            template__in=templates, kind=Named.STEP, name__in={one.name for one in steps}
        )
        self.titles: dict[tuple[int, str], str] = {
            (template, name): title
            for template, name, title in found.values_list("template", "name", "title")
        }
        codes = {one.code for one in steps}
        actions = ApplicationAction.objects.at(portal).filter(code__in=codes)
        self.actions = {(one.client_id, one.code): one for one in actions}

    def title(self, step: ApplicationStep) -> str:
        """Return what a step is called in its template, else what its action is."""
        key = (step.workflow.template_id if step.workflow else 0, step.name)
        return self.titles.get(key) or self.action(step)

    def action(self, step: ApplicationStep) -> str:
        """Return what the action of a step is called, else its code."""
        found = self.actions.get((step.client_id, step.code))
        named = definition_of(found).named_in(get_language() or "") if found else ""
        return named or step.code or _("an application's action (unknown)")


def definition_of(action: ApplicationAction | None) -> ActionDefinition:
    """Return what an action was registered with; an empty one where that is not known here."""
    return ActionDefinition.from_api(action.definition if action else None)


def state_look(step: ApplicationStep, answer: Command | None) -> Look:
    """Return how a step's state is said; one that is being answered says how far that is."""
    if answer is not None and not answer.is_settled:
        return look_of(answer.state, answer.error_code)
    return STATES[StepState(step.state)]


def meaning_of(step: ApplicationStep, now: datetime) -> str:
    """Return what a step's state means; now is the portal's."""
    if step.state == StepState.WAITING and step.is_over_time_at(now):
        return _("Its time is over; the portal has not been seen to go on.")
    if step.state == StepState.WAITING and step.is_pasted and step.received_at is None:
        if step.portal.is_by_gateway:
            return _(
                "Its token was brought by a person. Whether it is genuine, and not used yet, is "
                "told when something is sent by it."
            )
        return _("Its token was brought by a person. Whether it was used before is not known.")
    means = MEANS.get(StepState(step.state))
    return str(means) if means else ""


def until_said(step: ApplicationStep, now: datetime) -> str:
    """Return until when a step waits, or what became of its wait; now is the portal's."""
    match step.state:
        case StepState.CONFIRMED:
            return _("next step seen")
        case StepState.DELIVERED:
            return _("no next step seen yet")
        case StepState.TIMED_OUT:
            return _("went on without it")
        case StepState.PRESUMED:
            return _("no limit known")
        case StepState.UNVERIFIED:
            return _("may be anybody's call")
    if step.state != StepState.WAITING:
        return ""
    if step.is_over_time_at(now):
        return _("its time is over")
    if step.until_at is not None:
        return _("until %(moment)s") % {"moment": moment(step.until_at, now)}
    return _("no limit") if step.called_at is not None else _("no limit known")


def given_of(step: ApplicationStep, action: ApplicationAction | None) -> list[Given]:
    """Return what a step was given, by its action's names, people by theirs."""
    declared = {one.id: one for one in definition_of(action).properties}
    language = get_language() or ""
    values = step.properties or {}
    people = people_named(step.portal, values)
    return [
        given(
            declared[key].named_in(language) if key in declared else key,
            value,
            declared.get(key),
            people,
        )
        for key, value in values.items()
    ]


def given(
    name: str, value: Any, declared: DefinedProperty | None, people: Mapping[int, str]
) -> Given:
    options = dict(declared.options) if declared else {}
    texts = [str(one) for one in texts_of(value)]
    said = [worded(text, declared, options, people) for text in texts]
    raw = ", ".join(texts) if said != texts else ""
    return Given(name=name, value=", ".join(filter(None, said)) or "—", raw=raw)


def worded(
    text: str,
    declared: DefinedProperty | None,
    options: Mapping[str, str],
    people: Mapping[int, str],
) -> str:
    if found := PERSON.fullmatch(text.strip()):
        return people.get(int(found[1])) or text
    if declared is not None and declared.type == "bool" and text in ("Y", "N"):
        return _("Yes") if text == "Y" else _("No")
    return options.get(text, text)


def texts_of(value: Any) -> list[Any]:
    """Return the plain values within one that was sent, however it is nested."""
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in texts_of(one)]
    if isinstance(value, (list, tuple)):
        return [text for one in value for text in texts_of(one)]
    return ["" if value is None else value]


def people_named(portal: Portal, values: Mapping[str, Any]) -> dict[int, str]:
    """Return the names of the people that some values name."""
    found = (PERSON.fullmatch(str(one).strip()) for one in texts_of(values))
    numbers = {int(one[1]) for one in found if one}
    if not numbers:
        return {}
    people = Person.objects.filter(portal=portal, remote_id__in=numbers)
    return {person.remote_id: str(person) for person in people}
