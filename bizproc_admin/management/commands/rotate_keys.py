"""Encrypt every stored secret anew with the first key of FIELD_KEYS, so that old keys can go."""

from typing import Any

from django.core.management.base import BaseCommand

from bizproc_admin.secrets.key_rotation import rotate


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret with the first key of FIELD_KEYS. Put the new key in front, "
        "restart all processes, run this, then remove the old keys. It may run while the program "
        "works, and again after it was interrupted: what is done already is left alone."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        rotation = rotate()
        self.stdout.write(
            f"{rotation.rotated} encrypted anew, {rotation.current} were already, "
            f"{rotation.lost} unreadable."
        )
        if rotation.lost:
            self.stderr.write(
                "The unreadable ones were written with a key that is not in FIELD_KEYS. Put it "
                "back and run this again, or connect and sign in anew."
            )
            raise SystemExit(1)
