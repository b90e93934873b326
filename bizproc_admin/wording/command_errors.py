"""Why a command waits, ended as it did, or cannot be made: its code and values in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.models import Assignment, AuditEntry, Command, CommandState, WorkflowTask
from bizproc_admin.wording import portal_errors

SENTENCES = {
    # what a reading showed
    "already_ended": gettext_lazy(
        "The workflow had already ended on the portal. It was not stopped from here."
    ),
    "workflow_ended": gettext_lazy(
        "The workflow ended meanwhile, or its task was withdrawn: nobody is asked any more."
    ),
    "ended_at_once": gettext_lazy("The portal answered that it has started workflow %(number)s."),
    "timed_out": gettext_lazy("The time for an answer had run out."),
    "already_answered": gettext_lazy("Already answered by %(who)s: %(outcome)s."),
    "already_settled": gettext_lazy("Already settled: %(outcome)s."),
    "already_takes_part": gettext_lazy("%(who)s already takes part in it."),
    "already_delegated": gettext_lazy("The task is with %(who)s already."),
    "delegated_away": gettext_lazy("Delegated away: it waits for %(who)s now."),
    "ended_after_answer": gettext_lazy(
        "The workflow ended after the answer: by it, or because its document was deleted."
    ),
    "token_refused": gettext_lazy(
        "The portal does not take this token: it is not genuine, or was used before or is over."
    ),
    "token_refused_again": gettext_lazy(
        "The token was refused when the same was sent again: it was taken by the first send, or it "
        "is not valid."
    ),
    "workflow_gone": gettext_lazy("The workflow had ended before the answer came."),
    # why it was given up
    "taken_back": gettext_lazy("Taken back by %(by)s."),
    "changed_since_view": gettext_lazy(
        "The workflow has moved on since the page was read. "
        "Look at it again and repeat if it should still be stopped."
    ),
    "no_longer_allowed": gettext_lazy("The account may no longer do this."),
    "portal_unreachable": gettext_lazy("The portal could not be asked for too long."),
    "nobody_signed_in": gettext_lazy("Nobody signed in for it in a week."),
    "refused_alike": gettext_lazy(
        "The portal refused %(number)s in a row for the same reason, so that the rest waits for "
        "your word."
    ),
    "operation_stopped": gettext_lazy("The operation it was a part of was cancelled before."),
    # what befell it here
    "started_meanwhile": gettext_lazy(
        "Another workflow of this template has been started on this document meanwhile. "
        "Start it anew if it should run beside that one."
    ),
    "worker_lost": gettext_lazy(
        "The worker that was sending this stopped before it could record an answer."
    ),
    "illegal_move": gettext_lazy(
        "A fault of this console stopped it. The portal is read until it is clear what was done."
    ),
    # why none can be made
    "not_permitted": gettext_lazy("The account may not do this to it."),
    "target_busy": gettext_lazy("%(by)s already asked for something here that is not settled yet."),
    "workflow_has_ended": gettext_lazy(
        "This workflow has already ended: there is nothing to stop."
    ),
    "part_gone": gettext_lazy("This task no longer waits for %(who)s."),
    "no_such_answer": gettext_lazy("This task cannot be answered like that. Open it anew."),
    "receiver_works_no_more": gettext_lazy(
        "Tasks can be given to working employees only: %(who)s is none."
    ),
    "token_lost": gettext_lazy(
        "Sign in with Bitrix24 again: the portal no longer lets this console act for you."
    ),
    "key_is_of_another": gettext_lazy(
        "Through the gateway everything is done with its key, which stands for somebody else. An "
        "account that came by signing in with Bitrix24 acts with its own access alone: ask a "
        "portal administrator whose account was made in this console."
    ),
    "token_needed_to_answer": gettext_lazy(
        "The portal lets a task be answered only by the person it waits for. Sign in "
        "with Bitrix24 once, so that this console may act as you."
    ),
    "template_changed": gettext_lazy(
        "Somebody has changed the template since it was shown. Look at it again and repeat."
    ),
    "template_is_so": gettext_lazy("The template is so already."),
    "token_needed_for_templates": gettext_lazy(
        "Templates are written by the application through which people sign in: sign in with "
        "Bitrix24 as a portal administrator once, so that this console may act as you."
    ),
    "token_needed_for_actions": gettext_lazy(
        "Actions are registered by the application through which people sign in: sign in with "
        "Bitrix24 as a portal administrator once, so that this console may act as you."
    ),
    "other_application": gettext_lazy(
        "The portal's application has been replaced by another one since: what the earlier one "
        "registered only that one may change."
    ),
    "action_taken": gettext_lazy("The portal already has an action or rule of this code."),
    "code_of_other_kind": gettext_lazy(
        "The portal has this code as the other kind: one code cannot be an action and an "
        "automation rule."
    ),
    "action_gone": gettext_lazy(
        "The portal no longer has an action or rule of this code. Register it again."
    ),
    "accepted_only": gettext_lazy(
        "The portal said yes; it shows no definitions, so that no reading can agree."
    ),
    "document_not_through_gateway": gettext_lazy(
        "Through the gateway workflows start on deals, leads, contacts and companies alone. Start "
        "this one in the portal itself."
    ),
    "template_gone": gettext_lazy(
        "The portal lists this template no more: nothing can be started from it."
    ),
    "token_needed_to_start": gettext_lazy(
        "Sign in with Bitrix24 once, so that this console may start workflows as you: the portal "
        "decides which."
    ),
    "token_needed_to_delegate": gettext_lazy(
        "Sign in with Bitrix24 once, so that this console may delegate as you."
    ),
    "step_without_token": gettext_lazy(
        "No call of this step was received, so that nothing can be sent to it."
    ),
    "step_without_workflow": gettext_lazy(
        "The workflow of this step is not known here yet. It is when the portal is read next."
    ),
    "definition_unknown": gettext_lazy(
        "What this action gives back is not known here: it was registered by other means. Import "
        "its definition first."
    ),
    "file_in_every_answer": gettext_lazy(
        "This action gives back a file: such steps are answered one by one."
    ),
    "definition_missing": gettext_lazy(
        "The action is registered on the portal no more: every value of an answer would be "
        "dropped. Register it again first."
    ),
    "token_of_unknown_workflow": gettext_lazy(
        "The workflow of this token is not known here. It has started just now and was not read "
        "yet, has ended long ago, or is of another portal."
    ),
    "step_is_over": gettext_lazy("This step does not wait for an answer any more."),
    "token_needed_for_calls": gettext_lazy(
        "What the portal calls is set by the application through which people sign in: sign in "
        "with Bitrix24 as a portal administrator once, so that this console may act as you."
    ),
    "public_url_missing": gettext_lazy(
        "The operator has not said yet under which address the console is reached from the "
        "internet: PUBLIC_URL is not set."
    ),
    "public_url_unreadable": gettext_lazy(
        "PUBLIC_URL is not an address the portal can call: it looks like "
        "https://console.example.com, with nothing after the host."
    ),
    "public_url_without_dot": gettext_lazy(
        "The host of PUBLIC_URL has no dot: portals refuse to call such addresses."
    ),
    "public_url_not_https": gettext_lazy(
        "PUBLIC_URL must start with https://, so that what proves a call is not read on its way."
    ),
    "public_url_private": gettext_lazy(
        "PUBLIC_URL is an address that nobody reaches from the internet."
    ),
    "no_call_came": gettext_lazy(
        "The portal has taken the test, and no call came back within five minutes. Calls come from "
        "Bitrix24's queue servers on the internet, also those of portals on your own servers: "
        "PUBLIC_URL must be reached from there over https, with a certificate that is known "
        "everywhere, and without a list of allowed addresses, for theirs change."
    ),
    "others_act_on_it": gettext_lazy(
        "Others act on the same at this moment. Look at it again and repeat."
    ),
}
# what ends an intent that is not sent, or not again
GIVEN_UP = (
    "taken_back", "changed_since_view", "no_longer_allowed", "portal_unreachable",
    "nobody_signed_in", "operation_stopped", "started_meanwhile", "template_changed",
    "template_is_so", "action_taken", "code_of_other_kind", "action_gone", "step_is_over",
)  # fmt: skip


def command_error(command: Command) -> str:
    """Return why a command waits or ended as it did; an earlier version kept its own words."""
    if command.error_text:
        return command.error_text
    code, values = command.error_code, command.error_values or {}
    state = command.state
    return said(*of_step(command.target_kind, code, values, state=state), state=state)


def entry_error(entry: AuditEntry) -> str:
    """Return what an entry of a command says of an error; an earlier version kept its words."""
    if entry.detail.text:
        return entry.detail.text
    values, state = entry.detail.inputs.get("error") or {}, entry.outcome
    return said(*of_step(entry.target_kind, entry.error_code, values, state=state), state=state)


def of_step(
    kind: str, code: str, values: Mapping[str, Any], *, state: str
) -> tuple[str, Mapping[str, Any]]:
    """Return a code with its values, or what it says of a token where a step was to be answered."""
    is_certain = state == CommandState.REJECTED
    meant = {
        "access_denied": "token_refused" if is_certain else "token_refused_again",
        "workflow_gone": "workflow_gone",
    }
    own = meant.get(values.get("code", "")) if kind == "application_step" else None
    return (own, {}) if own else (code, values)


def said(code: str, values: Mapping[str, Any], *, state: str = "") -> str:
    """Return a code with its values in words, as they are true of a command in a state."""
    if not code:
        return ""
    if "code" in values:
        if state == CommandState.INTENT:
            return portal_errors.for_readers(values["code"], values)
        return portal_errors.for_people(values["code"], values)
    if code == "already_answered" and not values.get("who"):
        code = "already_settled"
    words = {
        "who": people_said(values.get("who", ())),
        "outcome": outcome_said(values),
        "by": values.get("by", ""),
        "number": values.get("number", ""),
    }
    # what waits for its turn has a code, too, and says so elsewhere
    sentences = [str(SENTENCES[code]) % words] if code in SENTENCES else []
    if reason := values.get("reason"):
        sentences.append(portal_errors.for_readers(reason["code"], reason))
    if state == CommandState.CANCELLED:
        sentences.append(_("Nothing was sent."))
    elif state == CommandState.NOT_APPLIED and code in GIVEN_UP:
        sentences.append(_("It was not sent again."))
    return " ".join(sentences)


def person_said(number: int | None, name: str) -> str:
    """Return a person's name, or what is said of one whom nobody has told us."""
    return name or _("Person %(number)s") % {"number": number}


def people_said(people: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(person_said(one["number"], one["name"]) for one in people)


def outcome_said(values: Mapping[str, Any]) -> str:
    """Return how a part was answered, or a task settled; an unknown number stays a number."""
    if "answer" in values:
        return str(dict(Assignment.Status.choices).get(values["answer"], values["answer"])).lower()
    outcome = values.get("outcome", "")
    return str(dict(WorkflowTask.Status.choices).get(outcome, outcome)).lower()
