"""What is said of workflow templates: how they start, whose they are, what is wrong with them."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.diagrams.mentions import Named, Where
from bizproc_admin.models import Person, WorkflowTemplate

STARTS = {
    "hand": gettext_lazy("by hand"),
    "creation": gettext_lazy("on creation"),
    "change": gettext_lazy("on change"),
    "both": gettext_lazy("on creation and change"),
}
# the portal's bit field, as far as templates that it lists have it
BITS = {"hand": 0, "creation": 1, "change": 2, "both": 3}
PLACES = {
    Where.STEP: gettext_lazy("the step itself"),
    Where.APPROVER: gettext_lazy("is asked"),
    Where.RECEIVER: gettext_lazy("receives"),
    Where.CONDITION: gettext_lazy("in a condition"),
    Where.SETTING: gettext_lazy("in its settings"),
    Where.PARAMETER: gettext_lazy("preset of a parameter"),
    Where.VARIABLE: gettext_lazy("preset of a variable"),
    Where.CONSTANT: gettext_lazy("value of a constant"),
}
KINDS = {
    Named.PERSON: gettext_lazy("Person"),
    Named.DEPARTMENT: gettext_lazy("Department"),
    Named.GROUP: gettext_lazy("Group"),
    Named.FIELD: gettext_lazy("Field of the document"),
    Named.TEMPLATE: gettext_lazy("Template it starts"),
    Named.STEP: gettext_lazy("Step"),
    Named.NOBODY: gettext_lazy("Asks nobody"),
    Named.UNKNOWN: gettext_lazy("Unknown action"),
}
OF_APPLICATION = re.compile(r"rest_app_(\d+)")


def start_of(template: WorkflowTemplate) -> str:
    """Say how workflows of a template begin."""
    if template.is_hidden:
        return _("by automation of the portal")
    for key, bits in BITS.items():
        if template.auto_execute & 3 == bits:
            return str(STARTS[key])
    return ""


def owner_of(template: WorkflowTemplate) -> str:
    """Say whose a template is, as far as the portal tells; only an application's is told apart."""
    found = OF_APPLICATION.fullmatch(template.system_code)
    if found:
        return _("of application %(number)s") % {"number": found[1]}
    return _("of the portal itself") if template.system_code else ""


def fault(
    kind: str,
    *,
    value: str,
    number: int | None,
    title: str,
    person: Person | None,
    action: str = "",
) -> str:
    """Say what is wrong with a step, so that it cannot go well; action is what its type is."""
    step = title or _("a step without a title")
    if kind == Named.NOBODY:
        return _("Asks nobody: “%(step)s”") % {"step": step}
    if kind == Named.UNKNOWN:
        return _("Unknown action %(type)s: “%(step)s”") % {"type": value, "step": step}
    if kind == Named.STEP:
        return _("The portal lacks the action %(action)s of the application: “%(step)s”") % {
            "action": action or value,
            "step": step,
        }
    if person is None:
        return _("Asks person %(number)s, whom the portal does not list: “%(step)s”") % {
            "number": number,
            "step": step,
        }
    return _("Asks %(who)s, who was dismissed: “%(step)s”") % {"who": person, "step": step}
