"""Repeats of an audit entry that are counted instead of written one by one."""

from django.conf import settings
from django.db import models

from bizproc_admin.models.portals import Portal


class AuditRepeat(models.Model):
    """How often the same was tried again since its line was written, at began_at.

    key is who and what: the same account or address, and the same act. values are the further
    fields of the entry. When the time is over the count is written as one more line, and the row
    goes.
    """

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=20)
    portal = models.ForeignKey(Portal, models.CASCADE, null=True, related_name="+")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    values = models.JSONField(default=dict)
    count = models.PositiveIntegerField(default=0)
    began_at = models.DateTimeField(db_index=True)
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
