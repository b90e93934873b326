"""Testing that the calls of a portal come in."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bizproc_admin import receiving
from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.actions import CallsTest
from bizproc_admin.forms.portals import CallsTestForm
from bizproc_admin.views.issuing import InTheWay, try_to_issue
from bizproc_admin.views.portals import reached
from bizproc_admin.wording import acts


@require_POST
@requires(Capability.MANAGE_PORTALS)
def portal_calls_test(request: Request, pk: int) -> HttpResponse:
    """Have the portal call the console, to learn whether it can and what proves its calls."""
    portal = reached(request, pk)
    form = CallsTestForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The page was too old. Test the calls once more."))
        return redirect("portal_detail", pk=pk)
    action = CallsTest(
        to_portal=portal,
        client_id=portal.client_id,
        handler=receiving.handler_of(portal),
        reason="",
    )
    made = try_to_issue(request, action, key=form.cleaned_data["key"])
    if isinstance(made, InTheWay):
        messages.error(request, acts.under_way(made.busy) if made.busy else made.problem)
    return redirect("portal_detail", pk=pk)
