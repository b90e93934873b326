"""Everything that can go wrong between us and the server that gives out tokens.

::

    NotSent  ── TokenNotAsked    it was not asked: the pair we hold is as good as before
    NoAnswer ── TokenUnanswered  it may have renewed the pair, and the new one is lost
    BadAnswer ─ TokenUnreadable  an answer came that cannot be understood; the same holds
    Refused ─── TokenRefused     it said no: for good, or only for now

A refresh replaces the refresh token, so after TokenUnanswered and TokenUnreadable the old pair
may be spent: the next refresh tells, with `invalid_grant`.
"""

from typing import Final

from .errors import BadAnswer, NoAnswer, NotSent
from .refusals import Refused

#: What no repetition changes (upper case).
FOR_GOOD: Final = frozenset(
    {
        "INVALID_GRANT",
        "WRONG_CLIENT",
        "INVALID_CLIENT",
        "NOT_INSTALLED",
        "PAYMENT_REQUIRED",
        "INVALID_REQUEST",
        "INVALID_SCOPE",
        "INSUFFICIENT_SCOPE",
        "NO_AUTH_FOUND",
    }
)
_SIGN_IN: Final = ("INVALID_GRANT",)


class TokenNotAsked(NotSent):
    """No byte of the request reached the token server; the pair we hold is as good as before."""

    code = "token_not_asked"


class TokenUnanswered(NoAnswer):
    """The token server may have renewed the pair, and no complete answer came back."""

    code = "token_unanswered"


class TokenUnreadable(BadAnswer):
    """The token server's answer cannot be understood; it may have renewed the pair."""

    code = "token_unreadable"


class TokenRefused(Refused):
    """The token server said no; the code tells, the status does not: some come with 200.

    What holds for good has a code of its own for each word of the server's.
    """

    code = "token_refused"

    def __init__(
        self, vendor_code: str, text: str = "", *, status: int | None = None, method: str = ""
    ) -> None:
        super().__init__(vendor_code, text, status=status, method=method)
        key = vendor_code.strip().upper()
        #: Asking again cannot help: somebody must act first.
        self.is_final = key in FOR_GOOD and (status or 0) < 500
        if self.is_final:
            self.code = f"token_{key.lower()}"
        #: The person can help by signing in again; else an administrator must act.
        self.needs_sign_in = self.is_final and key in _SIGN_IN
