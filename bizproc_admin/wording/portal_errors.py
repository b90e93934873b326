"""What is said of an error between us and a portal: what happened, what it means, what to do.

An error is kept as its `code` and `values` (see `bitrix.errors`); its words are made here, for
whoever reads them. The portal's own text stays in the portal's language.
"""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

Value = str | int | float | bool | None

_APPLICATION_MISSING = _(
    "Our application is not installed on the portal any more. Nothing was changed. A portal "
    "administrator must install it again, then sign in with Bitrix24 anew."
)
_ASK_ADMINISTRATOR = _(
    "Bitrix24 refused our application's request for access. Nothing was changed. Signing in again "
    "does not help: an administrator must check the application's settings in the portal and here."
)
_BAD_ANSWER = _(
    "The portal gave an answer that could not be understood. Whether it did what was asked is not "
    "known. If this repeats, show the technical line to whoever looks after the portal."
)
_BAD_ANSWER_READ = _(
    "The portal gave an answer that could not be understood. It was only read: nothing was "
    "changed there. If this lasts, tell whoever looks after the portal."
)

#: What is said where something was sent, by the code of the error.
PEOPLE = {
    "bitrix_error": _("The portal could not be asked. Try again later."),
    # nothing left this machine
    "not_sent": _(
        "The portal could not be reached. Nothing was changed there. It is tried again by itself; "
        "if this lasts, check that the portal's address still works."
    ),
    "resting": _(
        "The portal does not answer. Nothing was sent. It is asked again by itself until it does, "
        "and what you asked for is sent then."
    ),
    "pace_exceeded": _(
        "The portal limits how often it may be asked, and that limit is used up for the moment. "
        "Nothing was sent. It will be tried again by itself."
    ),
    "not_connected": _("This portal is not connected. Connect it under Portals; nothing was sent."),
    "key_lost": _(
        "The portal's webhook cannot be read with the keys of this installation (FIELD_KEYS). "
        "Nothing was sent. Put the old key back, or connect the portal again under Portals."
    ),
    "secrets_unreadable": _(
        "What is kept encrypted here cannot be read with the keys of this installation "
        "(FIELD_KEYS). Nothing was sent. Put the old key back."
    ),
    "reconnect_needed": _(
        "The portal no longer lets this console act for this person. Nothing was sent, and nothing "
        "is lost: it goes on as soon as they sign in with Bitrix24 again."
    ),
    "application_broken": _(
        "The portal does not accept this console's application any more. Nothing was sent. A "
        "portal administrator looks after it under Portals."
    ),
    # no answer, or one that cannot be used
    "no_answer": _(
        "The portal did not answer in time. Whether it did what was asked is not known yet. "
        "Its data is read again to find out."
    ),
    "interrupted": _(
        "The connection to the portal broke before its answer was here. Whether it did what was "
        "asked is not known yet. Its data is read again to find out."
    ),
    "bad_answer": _BAD_ANSWER,
    "bad_answer_with_status": _(
        "The portal gave an answer that could not be understood (HTTP %(status)s). Whether it did "
        "what was asked is not known. If this repeats, show the technical line to whoever looks "
        "after the portal."
    ),
    "odd_row": _BAD_ANSWER,
    "too_long": _(
        "The portal's answer was too long to be taken in. Nothing was done with it. Show the "
        "technical line to whoever looks after the portal."
    ),
    "filter_ignored": _(
        "The portal ignored the filter it was given and returned other rows. Nothing was done with "
        "them. If this repeats, the portal's version handles filters differently: report it."
    ),
    "incomplete": _(
        "The portal counts more rows than it gives. What it left out is not known, so nothing was "
        "taken for ended. If this lasts, tell whoever looks after the portal."
    ),
    "not_administrator": _(
        "The connection no longer belongs to a portal administrator, so the portal shows it only "
        "a part. Nothing was changed. Give its owner administrator rights on the portal again, or "
        "replace the connection by one of an administrator."
    ),
    "moved": _(
        "The portal has moved: it answered with a redirect to %(host)s. Nothing was done. Follow "
        "it to its new address under Portals."
    ),
    "moved_at_home": _(
        "The portal answered with a redirect to a page of its own (HTTP %(status)s) instead of "
        "data: it may ask for https or for a sign-in, or be under maintenance. Nothing was done. "
        "Open the portal in a browser to see what it shows."
    ),
    "moved_astray": _(
        "The portal answered with a redirect that leads nowhere (HTTP %(status)s). Nothing was "
        "done. Open the portal in a browser to see what it shows."
    ),
    "cannot_be_checked": _(
        "It cannot be checked now: through the gateway a workflow is looked for among all that run "
        "by its template and starter, and those are too many or change too fast. It is looked for "
        "again by itself."
    ),
    "list_never_rests": _(
        "What runs changes faster than it can be read through the gateway. What was read is kept, "
        "nothing was taken for ended, and it is read again by itself."
    ),
    "workflow_gone": _(
        "The workflow whose step was to be answered had ended on the portal. Nothing was changed."
    ),
    "workflow_busy": _(
        "The portal is executing this workflow just now, or it hangs there. Nothing was changed. "
        "It is tried again by itself."
    ),
    # the gateway said no
    "other_portal": _(
        "The gateway leads to another portal, %(host)s. Nothing is read from there or sent there. "
        "Use a key of this portal, or sign in as one of its administrators."
    ),
    "key_refused": _(
        "The gateway does not accept the key: it was revoked, has run out, or has no portal. "
        "Nothing was changed. Make a new key at the gateway and put it in under Portals."
    ),
    "session_over": _(
        "The application's key has no session, or it is over. Nothing was sent, and nothing is "
        "lost: it goes on as soon as somebody signs in for the key, under Portals."
    ),
    "read_only_key": _(
        "The key of the gateway may only read. Nothing was changed. Connect the portal by a key "
        "that may write."
    ),
    "not_offered": _(
        "The gateway does not offer this. Nothing was sent. Do it in the portal itself, or connect "
        "the portal by a webhook."
    ),
    # the portal said no
    "refused": _("The portal refused: %(reason)s"),
    "rate_limited": _(
        "The portal was asked too often at once and refused for the moment. Nothing was changed. "
        "It will be tried again by itself."
    ),
    "method_exhausted": _(
        "The portal has blocked this kind of request until %(when)s UTC, because it has used up "
        "its computing time. Nothing was changed. It will be tried again by itself after that."
    ),
    "overloaded": _(
        "Bitrix24 has blocked this portal's REST interface because of overload. Nothing was "
        "changed, and nothing more is sent. Ask Bitrix24's support to lift the block."
    ),
    "expired_credentials": _(
        "The access to the portal has expired. Nothing was changed. It is renewed by itself; if "
        "this stays, sign in with Bitrix24 again, or connect the portal again."
    ),
    "invalid_credentials": _(
        "The portal does not accept our access any more: the webhook was deleted or its owner was "
        "dismissed. Nothing was changed. Create a new webhook and connect the portal again."
    ),
    "person_unauthorized": _(
        "The portal does not accept this person any more, perhaps because of a dismissal. Nothing "
        "was changed. Sign in with Bitrix24 again; if that fails, ask a portal administrator."
    ),
    "application_missing": _APPLICATION_MISSING,
    "access_denied": _(
        "The portal does not allow this to the person in whose name it is asked: %(reason)s. "
        "Nothing was changed. Ask somebody who may do it; where a webhook is used, it has to be "
        "the webhook of a portal administrator."
    ),
    "insufficient_scope": _(
        "Our access lacks a permission this needs. Nothing was changed. Edit the webhook or the "
        "application in the portal and tick the missing permission (for business processes: "
        "bizproc)."
    ),
    "no_application_access": _(
        "The portal does not let this person use our application. Nothing was changed. Ask a "
        "portal administrator to give the person access in the application's settings."
    ),
    "plan_required": _(
        "The portal's subscription does not allow this: %(reason)s. Nothing was changed. Renew "
        "the subscription, then try again."
    ),
    "portal_closed": _(
        "The portal is closed for maintenance. Nothing was changed. It is tried again by itself; "
        "if this lasts, ask whoever looks after the portal whether it still exists."
    ),
    "not_found": _(
        "The portal does not find it: %(reason)s. It may have ended or been deleted already."
    ),
    "method_not_found": _(
        "This portal does not offer that function, probably because its version is older. "
        "Nothing was changed. Update the portal, or do it in the portal itself."
    ),
    "task_not_found": _(
        "The portal does not find this task among the person's. It was passed on, closed by the "
        "answers of others, or ended with its workflow. It is read again to show what became of it."
    ),
    "action_not_found": _(
        "Our application has no action or automation rule of this code on the portal: it was "
        "deleted there, or is of the other kind. Nothing was changed. Register it again."
    ),
    "action_taken": _(
        "Our application has an action or automation rule of this code on the portal already; one "
        "code cannot be both. Nothing was changed. Choose another code, or change the one there is."
    ),
    "action_not_saved": _(
        "The portal could not keep it: %(reason)s. Nothing was changed. The code, the address that "
        "is called, or the properties are too long: shorten them and try again."
    ),
    "handler_refused": _(
        "The portal does not accept the address that is to be called: %(reason)s. Nothing was "
        "changed. It must begin with https:// or http://, and its host must contain a dot."
    ),
    "invalid_input": _(
        "The portal did not accept what was sent: %(reason)s. Nothing was changed. Correct it and "
        "try again."
    ),
    "user_invalid": _(
        "The portal does not know one of the people named: %(reason)s. Nothing was changed. "
        "Choose another person."
    ),
    "task_kind_closed": _(
        "The portal takes no answers from outside to this kind of task. Nothing was changed. Open "
        "the task in the portal and answer it there."
    ),
    "task_execution": _(
        "The task did not accept the answer: %(reason)s. Fill in what is missing and try again, "
        "or answer it in the portal."
    ),
    "task_completed": _("This task has already been answered. It is read again to show by whom."),
    "delegation_not_allowed": _(
        "The portal did not pass the task on: %(reason)s. Nothing was changed. Tasks differ in "
        "whom they may be given to: some to nobody at all, many only to subordinates."
    ),
    "server_fault": _(
        "The portal reported a fault of its own: %(reason)s. Whether it did what was asked is not "
        "known yet. Its data is read again to find out."
    ),
    # the server that gives out tokens
    "token_not_asked": _(
        "Bitrix24's sign-in server could not be reached. Nothing was changed. It is tried again "
        "by itself; if this stays, an administrator must check that server's address."
    ),
    "token_unanswered": _(
        "Bitrix24's sign-in server did not answer in time. The access may have been renewed "
        "without our learning of it. Try again; if that is refused, sign in with Bitrix24 again."
    ),
    "token_unreadable": _(
        "Bitrix24's sign-in server gave an answer that could not be understood. Try again; if "
        "this repeats, sign in with Bitrix24 again, or show the technical line to an administrator."
    ),
    "token_refused": _(
        "Bitrix24's sign-in server refused for the moment: %(reason)s. Nothing was changed. Try "
        "again later; if this stays, show the technical line to an administrator."
    ),
    "token_invalid_grant": _(
        "The sign-in with Bitrix24 is no longer valid: it took too long, was used already, or is "
        "too old. Nothing was changed. Sign in with Bitrix24 again."
    ),
    "token_wrong_client": _(
        "Bitrix24 does not know our application. Nothing was changed. An administrator must check "
        "the application's client id here against the portal's."
    ),
    "token_invalid_client": _(
        "Bitrix24 does not accept our application's secret, or the application is not installed. "
        "Nothing was changed. An administrator must check both in the portal and here."
    ),
    "token_not_installed": _APPLICATION_MISSING,
    "token_payment_required": _(
        "The portal's subscription has ended, so Bitrix24 gives no access. Nothing was changed. "
        "Renew the subscription, then sign in with Bitrix24 again."
    ),
    "token_invalid_request": _ASK_ADMINISTRATOR,
    "token_invalid_scope": _ASK_ADMINISTRATOR,
    "token_insufficient_scope": _ASK_ADMINISTRATOR,
    "token_no_auth_found": _ASK_ADMINISTRATOR,
}

#: What is said where nothing was sent, of errors that else leave open what was done.
READERS = PEOPLE | {
    "no_answer": _(
        "The portal did not answer in time. It was only read: nothing was changed there."
    ),
    "interrupted": _(
        "The connection to the portal broke before its answer was here. It was only read: nothing "
        "was changed there."
    ),
    "bad_answer": _BAD_ANSWER_READ,
    "bad_answer_with_status": _(
        "The portal gave an answer that could not be understood (HTTP %(status)s). It was only "
        "read: nothing was changed there. If this lasts, tell whoever looks after the portal."
    ),
    "odd_row": _BAD_ANSWER_READ,
    "too_long": _(
        "The portal's answer was too long to be taken in. It was only read: nothing was changed "
        "there. If this lasts, tell whoever looks after the portal."
    ),
    "server_fault": _(
        "The portal reported a fault of its own: %(reason)s. It was only read: nothing was changed."
    ),
}


def for_people(code: str, values: Mapping[str, Value]) -> str:
    """Return what is said of an error where something was sent."""
    return _said(PEOPLE, code, values)


def for_readers(code: str, values: Mapping[str, Value]) -> str:
    """Return what is said of an error where nothing was sent: nothing can have happened there."""
    return _said(READERS, code, values)


def of_code(code: str) -> str:
    """Return what is said of a reading that failed, where no more than the code was kept."""
    words = str(READERS.get(code, READERS["bitrix_error"]))
    return words if "%(" not in words else gettext("The portal reported a fault of its own.")


def technical_code(code: str, values: Mapping[str, Value]) -> str:
    """Return the code that a technical line names: the portal's own where it gave one."""
    return str(values.get("vendor_code") or code)


def _said(words: Mapping[str, object], code: str, values: Mapping[str, Value]) -> str:
    status = values.get("status")
    if code == "bad_answer" and status not in (None, 200):
        code = "bad_answer_with_status"
    moment = str(values.get("resets_at") or "")
    template = str(words.get(code) or words["bitrix_error"])
    return template % {
        "reason": _reason(values),
        "when": f"{datetime.fromisoformat(moment):%H:%M}" if moment else "",
        "host": values.get("host", ""),
        "status": status,
    }


def _reason(values: Mapping[str, Value]) -> str:
    text = str(values.get("text") or "").strip().rstrip(".!")
    return text or str(values.get("vendor_code") or "") or gettext("it gave no reason")
