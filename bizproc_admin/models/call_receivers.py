"""What is known of the applications whose calls come in, and of how their calls are proven."""

import hashlib
from datetime import datetime, timedelta

from django.db import models
from django.utils.crypto import salted_hmac

from bizproc_admin.models.portals import Portal
from bizproc_admin.secrets.fields import EncryptedTextField

# a call that brings the nonce back later proves nothing
NONCE_LIVES = timedelta(minutes=5)


class CallReceiver(models.Model):
    """What one application of a portal proves its calls by, and what came of them.

    token is its application_token, learnt_at when it was learnt; both are empty until a connection
    test succeeded. nonce is the digest of what the last test sent out, asked_at when, empty once
    it came back. last_call_at is when a call last came that was proven, to a few seconds;
    rejected counts those whose proof was wrong, rejected_at is when the last of them came.
    event is what the portal last told of the application itself (ONAPPINSTALL ...), told_at when,
    and event_due_at when it is to be compared with what the portal answers, None once it was.
    removed_at is when the application was found to be gone, None while it is there.
    """

    portal = models.ForeignKey(Portal, models.CASCADE, related_name="call_receivers")
    client_id = models.CharField(max_length=100)
    token = EncryptedTextField(null=True)
    learnt_at = models.DateTimeField(null=True)
    nonce = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField(null=True)
    last_call_at = models.DateTimeField(null=True)
    rejected = models.PositiveIntegerField(default=0)
    rejected_at = models.DateTimeField(null=True)
    event = models.CharField(max_length=40, blank=True)
    told_at = models.DateTimeField(null=True)
    event_due_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "client_id"], name="one_call_receiver")
        ]

    def __str__(self) -> str:
        return f"calls of {self.client_id}"

    def expects_nonce_at(self, now: datetime) -> bool:
        """Return whether a call that brings the nonce back would still prove something."""
        return bool(self.nonce) and self.asked_at is not None and now < self.asked_at + NONCE_LIVES


def nonce_digest(nonce: str) -> str:
    """Return what a nonce is known by; whoever reads it here cannot bring it back."""
    return hashlib.sha256(nonce.encode()).hexdigest()


def sender_digest(application_token: str) -> str:
    """Return what an application_token nobody knows yet is remembered by."""
    return salted_hmac("bizproc_admin.calls", application_token, algorithm="sha256").hexdigest()
