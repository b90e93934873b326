"""Everything that can go wrong between us and the server that gives out tokens.

::

    NotSent  ── TokenNotAsked    it was not asked: the pair we hold is as good as before
    NoAnswer ── TokenUnanswered  it may have renewed the pair, and the new one is lost
    BadAnswer ─ TokenUnreadable  an answer came that cannot be understood; the same holds
    Refused ─── TokenRefused     it said no: for good, or only for now

A refresh replaces the refresh token, so after TokenUnanswered and TokenUnreadable the old pair
may be spent: the next refresh tells, with `invalid_grant`.
"""

from collections.abc import Mapping
from typing import Final

from .errors import BadAnswer, NoAnswer, NotSent
from .refusals import Refused

_ASK_ADMINISTRATOR: Final = (
    "Bitrix24 refused our application's request for access. Nothing was changed. Signing in again "
    "does not help: an administrator must check the application's settings in the portal and here."
)
#: What is said for each code that no repetition changes (upper case).
_FOR_GOOD: Final[Mapping[str, str]] = {
    "INVALID_GRANT": (
        "The sign-in with Bitrix24 is no longer valid: it took too long, was used already, or is "
        "too old. Nothing was changed. Sign in with Bitrix24 again."
    ),
    "WRONG_CLIENT": (
        "Bitrix24 does not know our application. Nothing was changed. An administrator must check "
        "the application's client id here against the portal's."
    ),
    "INVALID_CLIENT": (
        "Bitrix24 does not accept our application's secret, or the application is not installed. "
        "Nothing was changed. An administrator must check both in the portal and here."
    ),
    "NOT_INSTALLED": (
        "Our application is not installed on the portal any more. Nothing was changed. A portal "
        "administrator must install it again, then sign in with Bitrix24 anew."
    ),
    "PAYMENT_REQUIRED": (
        "The portal's subscription has ended, so Bitrix24 gives no access. Nothing was changed. "
        "Renew the subscription, then sign in with Bitrix24 again."
    ),
    "INVALID_REQUEST": _ASK_ADMINISTRATOR,
    "INVALID_SCOPE": _ASK_ADMINISTRATOR,
    "INSUFFICIENT_SCOPE": _ASK_ADMINISTRATOR,
    "NO_AUTH_FOUND": _ASK_ADMINISTRATOR,
}
_SIGN_IN: Final = ("INVALID_GRANT",)


class TokenNotAsked(NotSent):
    """No byte of the request reached the token server; the pair we hold is as good as before."""

    people = (
        "Bitrix24's sign-in server could not be reached. Nothing was changed. It is tried again "
        "by itself; if this stays, an administrator must check that server's address."
    )


class TokenUnanswered(NoAnswer):
    """The token server may have renewed the pair, and no complete answer came back."""

    people = (
        "Bitrix24's sign-in server did not answer in time. The access may have been renewed "
        "without our learning of it. Try again; if that is refused, sign in with Bitrix24 again."
    )
    reading = ""


class TokenUnreadable(BadAnswer):
    """The token server's answer cannot be understood; it may have renewed the pair."""

    people = (
        "Bitrix24's sign-in server gave an answer that could not be understood. Try again; if "
        "this repeats, sign in with Bitrix24 again, or show the technical line to an administrator."
    )
    reading = ""


class TokenRefused(Refused):
    """The token server said no; the code tells, the status does not: some come with 200."""

    people = (
        "Bitrix24's sign-in server refused for the moment: {text}. Nothing was changed. Try again "
        "later; if this stays, show the technical line to an administrator."
    )

    @property
    def is_final(self) -> bool:
        """Tell whether asking again cannot help: somebody must act first."""
        return self._key in _FOR_GOOD and (self.status or 0) < 500

    @property
    def needs_sign_in(self) -> bool:
        """Tell whether the person can help by signing in again; else an administrator must act."""
        return self.is_final and self._key in _SIGN_IN

    @property
    def for_people(self) -> str:
        """Say what happened, what it means and what to do."""
        return _FOR_GOOD[self._key] if self.is_final else super().for_people

    @property
    def _key(self) -> str:
        return self.code.strip().upper()
