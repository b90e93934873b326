"""What became of commands and operations, as far as their people have dismissed being told."""

from django.conf import settings
from django.db import models

from bizproc_admin.models.bulk_operations import BulkOperation
from bizproc_admin.models.commands import Command


class SeenOutcome(models.Model):
    """An account has dismissed what it was told of a command of its own.

    word is how the command stood then (Command.word): what becomes of it later is told anew.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    command = models.ForeignKey(Command, models.CASCADE, related_name="seen_outcomes")
    word = models.CharField(max_length=20)
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "command", "word"], name="one_dismissal_per_outcome"
            )
        ]

    def __str__(self) -> str:
        return f"{self.command_id} {self.word}"


class SeenOperation(models.Model):
    """An account has dismissed what it was told of an operation.

    word is how the operation stood then, and for a pause since when: another one is told anew.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    operation = models.ForeignKey(BulkOperation, models.CASCADE, related_name="+")
    word = models.CharField(max_length=40)
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "operation", "word"], name="one_dismissal_per_standing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.operation_id} {self.word}"
