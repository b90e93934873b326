"""How a portal is reached through the VibeCode gateway instead of its own address."""

from django.db import models
from django.utils import timezone

from bizproc_admin.models.portals import Portal
from bizproc_admin.secrets.fields import EncryptedTextField


class GatewayConnection(models.Model):
    """A key of the gateway, and for an application's key the session of whoever signed in for it.

    url is the base of the gateway's addresses, without a slash at its end; hint is what a page may
    show of the key. A session ends at session_until and is not renewed. person_number is whom the
    key acts for, may_write whether it may do more than read, as last told; None where it was not.
    """

    portal = models.OneToOneField(Portal, models.CASCADE, related_name="gateway")
    url = models.CharField(max_length=200)
    key = EncryptedTextField()
    hint = models.CharField(max_length=40)
    needs_session = models.BooleanField(default=False)
    session = EncryptedTextField(null=True)
    session_until = models.DateTimeField(null=True)
    person_number = models.BigIntegerField(null=True)
    may_write = models.BooleanField(null=True)

    def __str__(self) -> str:
        return f"gateway of {self.portal_id}"

    @property
    def has_session(self) -> bool:
        """Return whether it can be used, as far as is known: a personal key needs no session."""
        if not self.needs_session:
            return True
        return bool(self.session) and (self.session_until or timezone.now()) > timezone.now()
