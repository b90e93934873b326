"""What became of commands, as far as those who asked for them have dismissed being told."""

from django.conf import settings
from django.db import models

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
