"""What a row says of something that a template names: what it is, where, and in which step."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bizproc_admin.diagrams.kinds import kind_of
from bizproc_admin.diagrams.mentions import Named, Where
from bizproc_admin.models import (
    ApplicationAction,
    Department,
    Person,
    Portal,
    TemplateMention,
    WorkflowTemplate,
)
from bizproc_admin.wording.step_looks import LOOKS
from bizproc_admin.wording.templates import KINDS, PLACES


@dataclass(frozen=True, kw_only=True)
class MentionLine:
    """Something named in one place; named_url is empty where what is named has no page here."""

    mention: TemplateMention
    url: str
    kind: str
    named: str
    named_url: str
    place: str
    is_gone: bool

    @property
    def pk(self) -> int:
        return self.mention.pk

    @property
    def reads(self) -> object:
        return self.pk


def mention_lines(
    mentions: Sequence[TemplateMention], *, portal: Portal | None
) -> list[MentionLine]:
    """Return what rows of mentions of one portal say, in a query for each kind of name."""
    people = {
        one.remote_id: one
        for one in Person.objects.at(portal).filter(remote_id__in=numbers(mentions, Named.PERSON))
    }
    departments = dict(
        Department.objects.filter(
            portal=portal, remote_id__in=numbers(mentions, Named.DEPARTMENT)
        ).values_list("remote_id", "name")
    )
    templates = {
        one.remote_id: one
        for one in WorkflowTemplate.objects.filter(
            portal=portal, remote_id__in=numbers(mentions, Named.TEMPLATE)
        ).defer("parameters")
    }
    types = [one.value for one in mentions if one.kind == Named.STEP]
    actions = ApplicationAction.objects.at(portal).names_of(types, get_language() or "")
    return [
        mention_line(
            mention,
            action=actions.get(mention.value, ""),
            person=people.get(mention.number or 0),
            template=templates.get(mention.number or 0),
            department=departments.get(mention.number or 0, ""),
        )
        for mention in mentions
    ]


def numbers(mentions: Sequence[TemplateMention], kind: Named) -> list[int]:
    return [one.number for one in mentions if one.kind == kind and one.number is not None]


def mention_line(
    mention: TemplateMention,
    *,
    person: Person | None,
    template: WorkflowTemplate | None,
    department: str,
    action: str,
) -> MentionLine:
    named, named_url, is_gone = mention.value, "", False
    if mention.kind == Named.PERSON:
        named = str(person) if person else _("Person %(number)s") % {"number": mention.value}
        named_url = reverse("person_detail", args=[person.pk]) if person else ""
        is_gone = person is None or person.is_dismissed
    elif mention.kind == Named.DEPARTMENT:
        named = department or _("Department %(number)s") % {"number": mention.value}
    elif mention.kind == Named.TEMPLATE:
        named = str(template or _("Template %(number)s") % {"number": mention.value})
        named_url = reverse("workflow_template_detail", args=[template.pk]) if template else ""
        is_gone = template is None or template.gone_at is not None
    elif mention.kind == Named.STEP and (look := LOOKS.get(kind_of(mention.value))):
        named = action or str(look.text)
    url = reverse("workflow_template_detail", args=[mention.template_id])
    return MentionLine(
        mention=mention,
        url=url if mention.step is None else f"{url}?step={mention.step}",
        kind=str(KINDS[Named(mention.kind)]),
        named=named,
        named_url=named_url,
        place=str(PLACES[Where(mention.place)]),
        is_gone=is_gone,
    )
