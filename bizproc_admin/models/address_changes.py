"""Changes of a portal's address: proposed by a person, proven by reading, taken by a person."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models.portals import Portal


class AddressChange(models.Model):
    """A new address for a portal: asked -> proven | doubtful -> taken; the newest one counts.

    found is what the look at it showed: {"identity": true | false | null (could not be asked),
    "asked", "answered", "same": counts of known ids, "owner": the webhook's owner there,
    "samples": [{"kind", "id", "here", "there", "same"}]}. failure is the code of the error that
    kept it from being looked at so far, after `tries` tries.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Being compared")
        PROVEN = "proven", _("The same portal")
        DOUBTFUL = "doubtful", _("Not proven to be the same portal")
        TAKEN = "taken", _("Followed")

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="address_changes")
    address = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    found = models.JSONField(default=dict)
    failure = models.CharField(max_length=100, blank=True, default="")
    tries = models.PositiveIntegerField(default=0)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    looked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.portal_id} to {self.address}"

    @property
    def host(self) -> str:
        """Return host[:port] of the new address."""
        return self.address.split("://", 1)[-1]

    def counted(self, name: str) -> int:
        """Return one of the counts that were found, 0 before the look."""
        value: Any = self.found.get(name, 0)
        return int(value)
