"""What is said to somebody who is not let in through a portal: why, and what to do."""

from django.utils.translation import gettext_lazy as _

_FOREIGN = _("This answer did not come from the portal you chose. Nothing was accepted from it.")

WORDS = {
    "foreign_domain": _FOREIGN,
    "foreign_portal": _FOREIGN,
    "not_pinned": _(
        "Nobody has signed in through this portal yet. Its administrator signs in first; then you "
        "can."
    ),
    "guest": _(
        "Guests of the portal are not let in here: its people see one another's names. Answer "
        "your tasks in Bitrix24."
    ),
    "few_admitted": _(
        "This portal lets only its administrators and heads of departments in here. Ask a portal "
        "administrator to let everybody in, or to make you an account."
    ),
    "deactivated": _(
        "Your account here is deactivated. A portal administrator can activate it again."
    ),
    "operator": _(
        "You are linked to an operator's account, which sees every portal: no portal may open it. "
        "Sign in with its password; or have the link removed under Accounts, then this sign-in "
        "makes you an account of your own."
    ),
    "not_admitted": _(
        "Your role on the portal no longer lets you in here. Ask a portal administrator."
    ),
    "state": _("This sign-in was begun elsewhere or too long ago. Begin it again."),
    "no_code": _("The portal did not let you in, or its application was removed. Try again."),
}


def said_of(code: str) -> str:
    """Return why somebody is not let in."""
    return str(WORDS[code])
