"""`migrate` as Django has it, and the guards of the history with it."""

from typing import Any

from django.core.management.commands import migrate


class Command(migrate.Command):
    """Bring the database to this version; what looks at its guards comes afterwards."""

    def check(self, *args: Any, **options: Any) -> None:
        """Look at everything but the database: what is wrong there is mended by this command."""
        super().check(*args, **{**options, "databases": None})
