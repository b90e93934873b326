"""Why a panel offers somebody nothing to do: an open task that waits for other people."""

from django.utils.translation import gettext as _

from bizproc_admin.access.permissions import Capability, Request, may
from bizproc_admin.actions.base import own_hands
from bizproc_admin.forms.delegations import waiting_people
from bizproc_admin.lists.task_lines import TaskLine


def bystander_text(request: Request, line: TaskLine) -> str:
    """Say why an account can do nothing about an open task that is not theirs to answer."""
    viewer, task = request.user, line.task
    if not may(viewer, Capability.DELEGATE_WORKFLOW_TASKS):
        return _("Your role reads workflow tasks and does not answer or delegate them.")
    if not task.portal.is_connected:
        return _("The portal is not connected: nothing can be answered or delegated from here.")
    if not line.waits:
        return _("Everybody who was asked has answered: there is nothing left to do here.")
    if viewer.person_at(task.portal) is None:
        return _(
            "The task waits for somebody else, and your account stands for nobody on the portal, "
            "so it can neither answer nor delegate. Ask a portal administrator to link it to your "
            "person there, then sign in with Bitrix24 once."
        )
    if not waiting_people(task, viewer):
        return _(
            "The task waits for somebody whose part you may not give away: only their head or a "
            "portal administrator may."
        )
    if own_hands(viewer, task.portal) is None:
        return _(
            "The task waits for somebody else. To delegate it you act as yourself on the portal: "
            "sign in with Bitrix24 once, then it is offered here."
        )
    return ""
