"""What is said of a first look at a portal: one sentence for each thing looked at."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from bizproc_admin.wording import portal_errors

WORDS = {
    "acts_as": _("The portal answers; we act as %(name)s."),
    "acts_as_nameless": _("The portal answers; we act as user %(person)s."),
    "gateway_answers": _("The gateway answers; it does not say whom the key acts for."),
    "gateway_acts_as": _("The gateway answers; we act as %(name)s."),
    "gateway_acts_as_nameless": _("The gateway answers; we act as user %(person)s."),
    "key_has_permission": _("The key has the permission %(permission)s."),
    "key_lacks_permission": _(
        "The key lacks the permission %(permission)s. Add it in your account at the gateway."
    ),
    "key_of_no_administrator": _(
        "The key does not act for a portal administrator, so the portal will not show its "
        "workflows. Use a key of an administrator."
    ),
    "key_reads_only": _("The key may only read: nothing can be started, ended or answered."),
    "of_administrator": _("The webhook belongs to a portal administrator."),
    "of_no_administrator": _(
        "The webhook does not belong to a portal administrator, so the portal will not show its "
        "workflows. Create the webhook as an administrator."
    ),
    "has_permission": _("The webhook has the permission %(permission)s."),
    "lacks_permission": _(
        "The webhook lacks the permission %(permission)s. Edit it in the portal and tick it."
    ),
    "licence": _("The portal's licence is %(licence)s."),
    "licence_not_named": _("The portal's licence is not named."),
    "clock_agrees": _("The portal's clock agrees with ours."),
    "clock_ahead": _("The portal's clock is %(seconds)s seconds ahead of ours; ages follow its."),
    "clock_behind": _("The portal's clock is %(seconds)s seconds behind ours; ages follow its."),
    "lists_workflows": _("The portal lists %(count)s workflows."),
    "lists_workflow_tasks": _("The portal lists its workflow tasks (%(count)s)."),
    "lists_workflow_templates": _("The portal lists its workflow templates (%(count)s)."),
    "lists_people": _("The portal lists its people (%(count)s)."),
    "lists_departments": _("The portal lists its departments (%(count)s)."),
    "uncounted_agrees": _("Lists can be read without counting them."),
    "uncounted_differs": _(
        "Reading a list without counting it gives other rows than reading it counted."
    ),
    "date_filters_honoured": _("Filters by date are honoured."),
    "date_filters_untried": _("Filters by date could not be tried: no workflow is running."),
}


def said_of(code: str, values: Mapping[str, portal_errors.Value]) -> str:
    """Return the sentence of a finding; where an error stood in the way, the error's."""
    if code in WORDS:
        return str(WORDS[code]) % values
    return portal_errors.for_readers(code, values)
