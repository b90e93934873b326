"""The tokens people gave by signing in through their portal: each acts as one person."""

from typing import Self

from django.db import models

from bizproc_admin.models.people import Person
from bizproc_admin.secrets.fields import EncryptedTextField


class PersonTokenQuerySet(models.QuerySet["PersonToken"]):
    def lost(self) -> Self:
        """Narrow to the dead ones: their people must sign in again."""
        return self.exclude(lost_at=None)


class PersonToken(models.Model):
    """A person's OAuth tokens, encrypted (docs/portal.md: Tokens).

    expired_at is set when the portal said that the access token has expired; only then is it
    refreshed. refreshing_until is the lease of whoever refreshes: a refresh token works once.
    lost_at is set when the refresh token is dead, lost_code is the error that said so: the person
    must sign in again, and what needs this token waits until then. version counts the pairs.
    """

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, related_name="token")
    access_token = EncryptedTextField()
    refresh_token = EncryptedTextField()
    version = models.PositiveIntegerField(default=1)
    given_at = models.DateTimeField()
    proven_at = models.DateTimeField(null=True)
    expired_at = models.DateTimeField(null=True)
    refreshing_until = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    lost_code = models.CharField(max_length=100, blank=True, default="", db_default="")

    objects = PersonTokenQuerySet.as_manager()

    def __str__(self) -> str:
        return f"token of {self.person_id}"
