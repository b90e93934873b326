"""Workflows that a call asks to be read again."""

from django.db import models

from bizproc_admin.models.portals import Portal


class CalledWorkflow(models.Model):
    """A workflow that calls ask to be read, once for all that come within a few seconds.

    It need not be known here yet. due_at is when it is to be read, None once it was; read_at when
    it was last read because of a call.
    """

    portal = models.ForeignKey(Portal, models.CASCADE, related_name="called_workflows")
    remote_id = models.CharField(max_length=64)
    due_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["portal", "remote_id"], name="one_called_workflow")
        ]
        indexes = [models.Index(fields=["portal", "due_at"], name="called_workflow_due")]

    def __str__(self) -> str:
        return self.remote_id
