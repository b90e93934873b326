"""Whether a portal answers at all: what a transport tells of each of its calls."""

from typing import Protocol

from .errors import BitrixError


class Health(Protocol):
    """Take note of how the calls of one portal go."""

    def answered(self) -> None:
        """Take note that an answer in good form came; it may have been a refusal."""

    def failed(self, error: BitrixError) -> None:
        """Take note of a call that brought no value: no answer, no data, or a refusal."""


class Indifferent:
    """Take note of nothing: for scripts and tests."""

    def answered(self) -> None:
        """Do nothing."""

    def failed(self, error: BitrixError) -> None:
        """Do nothing."""
