"""What the page of a bulk operation shows: what became of its targets, how fast, what it needs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from bizproc_admin import commands
from bizproc_admin.actions import ACTIONS, AnswerStep, NotPossible
from bizproc_admin.audit import AuditAction
from bizproc_admin.commands.freezing import actions_of
from bizproc_admin.commands.operations import FAILED
from bizproc_admin.lists.operation_filters import KINDS
from bizproc_admin.lists.operation_lines import OperationLine
from bizproc_admin.models import (
    AuditEntry,
    BulkOperation,
    BulkState,
    Command,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.models.bulk_operations import APPROVAL_LASTS
from bizproc_admin.portals.pacing import held_until, slowed_to
from bizproc_admin.wording import acts, command_errors, operation_states
from bizproc_admin.wording.operation_states import Said
from bizproc_admin.wording.times import about, moment, to_the_second

TONES = {
    "confirmed": "ok", "delivered": "accent", "refused": "danger", "changed": "warn",
    "gone": "warn", "unknown": "unknown", "under_way": "", "not_sent": "",
}  # fmt: skip
# what an operation waits for that is no limit of the portal
SHORT_OF_BREATH = ("not_sent", "no_answer", "interrupted", "server_fault", "bad_answer")
# waits that are over before anybody has read of them
BRIEF = timedelta(seconds=8)
# reasons that are told in a line, and looked up at all
TOLD, LOOKED_UP = 3, 12
# so many of the left out are shown; all of them stand in the file
MOST_LEFT_OUT = 100
# and of the frozen list, before there are commands
MOST_FROZEN = 50


@dataclass(frozen=True, kw_only=True)
class Number:
    """How many targets came to one thing; note says more of it."""

    key: str
    label: str | Promise
    count: int
    tone: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why some targets were refused: code as commands keep it."""

    code: str
    text: str
    count: int


class Standing(OperationLine):
    """An operation as its own page shows it: what changes while it goes on."""

    @classmethod
    def of(cls, operation: BulkOperation) -> "Standing":
        return cls(operation=operation, progress=commands.progress(operation))

    @cached_property
    def numbers(self) -> list[Number]:
        """Return what the targets came to; the counts add up to all of them."""
        told_apart = self.operation.action == AnswerStep.name or self.progress.delivered
        kinds = [key for key in KINDS if key != "delivered" or told_apart]
        notes = {
            "refused": " · ".join(f"{one.count:,} {one.text}" for one in self.reasons[:TOLD]),
            "changed": _("nothing was sent"),
            "under_way": _("not confirmed yet"),
            "not_sent": _("frozen list %(digest)s") % {"digest": self.digest_shown},
        }
        return [
            Number(
                key=key,
                label=KINDS[key],
                count=(count := getattr(self.progress, key)),
                tone=TONES[key] if count else "",
                note=notes.get(key, ""),
            )
            for key in kinds
        ]

    @property
    def digest_shown(self) -> str:
        return f"{self.operation.digest[:4]}…{self.operation.digest[-2:]}"

    @cached_property
    def reasons(self) -> list[Reason]:
        """Return why targets were refused, the most frequent first; left out ones come last."""
        counts = sorted(self.progress.reasons.items(), key=lambda pair: -pair[1])
        found: list[Reason] = []
        for code, count in counts:
            sample = None
            if len(found) < LOOKED_UP:
                refused = self.operation.commands.filter(commands.among(self.operation, "refused"))
                sample = refused.filter(error_code=code).first()
            text = operation_states.refusal(code, sample)
            found.append(Reason(code=code, text=text, count=count))
        if left_out := self.operation.left_out_count:
            text = _("left out before anything was sent")
            found.append(Reason(code="left_out", text=text, count=left_out))
        return found

    @cached_property
    def left_out(self) -> list[tuple[str, str]]:
        """Return the first of those without a command: what it is, and what stood in its way."""
        if not self.operation.left_out_count:
            return []
        return [
            (
                acts.target_said(one["labels"]) if one["labels"] else one["target"],
                command_errors.said(one["code"], one["values"]),
            )
            for one in self.operation.left_out[:MOST_LEFT_OUT]
        ]

    @cached_property
    def frozen(self) -> list[tuple[str, str]]:
        """Return the first targets of the list while they have no commands: name and address."""
        if self.operation.state not in (BulkState.AWAITING, BulkState.PREPARING):
            return []
        part = self.operation.parts.order_by("place").first()
        if part is None or self.operation.prepared:
            return []
        part.items = part.items[:MOST_FROZEN]
        try:
            targets = [action.target() for action in actions_of(self.operation, part)]
        except NotPossible:
            return []
        return [(acts.target_said(one.labels), page_of(one.task, one.workflow)) for one in targets]

    @cached_property
    def rate(self) -> float | None:
        if self.operation.state != BulkState.READY:
            return None
        return commands.rate(self.operation, timezone.now())

    @property
    def pace(self) -> str:
        """Return how many targets are settled in what time; empty where that is not known."""
        if self.rate is None:
            return ""
        if self.rate >= 1:
            return _("%(count)d a second") % {"count": round(self.rate)}
        return _("%(count)d a minute") % {"count": max(1, round(self.rate * 60))}

    @property
    def time_left(self) -> str:
        """Return about how long it still takes at the present pace; empty where not known."""
        waiting = self.progress.not_sent + self.progress.under_way
        if not self.rate or not waiting:
            return ""
        seconds = waiting / self.rate
        if seconds < 55:
            # in steps, so that it does not flicker
            return _("about %(count)d s left") % {"count": max(5, round(seconds / 5) * 5)}
        return _("about %(span)s left") % {"span": about(timedelta(seconds=seconds + 30))}

    @cached_property
    def throttled(self) -> str:
        """Return that the portal holds it up, and until when, while that is so."""
        if self.operation.state != BulkState.READY:
            return ""
        portal, kind = self.operation.portal, ACTIONS[self.operation.action]
        held, waits = held_until(portal, kind.method), self.operation.waits_until
        until = max((one for one in (held, waits) if one is not None), default=None)
        if until and until > timezone.now() + BRIEF:
            if self.operation.waits_code in SHORT_OF_BREATH:
                text = _("The portal does not answer well; it is tried again at %(when)s.")
                return text % {"when": to_the_second(until)}
            return _("Throttled by Bitrix24 until %(when)s.") % {"when": moment(until)}
        if pace := slowed_to(portal):
            return _(
                "Slowed by Bitrix24: others use its limit, too; %(count)s requests a minute."
            ) % {"count": round(pace * 60)}
        return ""

    @cached_property
    def paused(self) -> Said | None:
        is_paused = self.operation.state == BulkState.PAUSED
        return operation_states.why_paused(self.operation) if is_paused else None

    @property
    def why_stopped(self) -> str:
        return operation_states.why_stopped(self.operation)

    @property
    def approve_until(self) -> datetime | None:
        asked = self.operation.confirmed_at
        is_asked = self.operation.state == BulkState.AWAITING and asked is not None
        return asked + APPROVAL_LASTS if is_asked and asked else None

    @cached_property
    def failed_count(self) -> int:
        """Return how many surely did nothing: once it is over they may be asked for anew."""
        if self.operation.state != BulkState.FINISHED:
            return 0
        return self.operation.commands.filter(state__in=FAILED).count()

    @property
    def sent_open(self) -> int:
        """Return how many were sent and are not settled."""
        return self.progress.under_way + self.progress.unknown

    @property
    def declined_because(self) -> str:
        """Return what an administrator wrote who did not approve it."""
        if self.operation.pause_code != "declined":
            return ""
        lines = AuditEntry.objects.filter(
            target_kind="operation", target_id=str(self.pk), action=AuditAction.BULK_DECLINED
        )
        entry = lines.select_related("detail").first()
        return entry.detail.reason if entry else ""

    @property
    def said(self) -> tuple[str, str]:
        """Return what is said for the ear, with a key: once a state, and once a quarter."""
        progress, quarter = self.progress, 0
        if self.operation.state == BulkState.READY and progress.total:
            quarter = 4 * progress.done // progress.total
        text = _("%(state)s: %(done)s of %(total)s done") % {
            "state": self.look.text, "done": f"{progress.done:,}", "total": f"{progress.total:,}",
        }  # fmt: skip
        return f"operation-{self.pk}-{self.word}-{quarter}", text

    @property
    def reads(self) -> object:
        return (
            self.word, self.progress, self.pace, self.time_left, self.throttled, self.paused,
            self.operation.left_out_count,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ItemLine:
    """A command of an operation in a row: its target, and what the portal said of it."""

    command: Command

    @property
    def pk(self) -> int:
        return self.command.pk

    @property
    def target(self) -> str:
        return acts.target(self.command)

    @property
    def url(self) -> str:
        """Return the address of the target's own page, where it has one."""
        return page_of(self.command.task, self.command.workflow)

    @property
    def why(self) -> str:
        return command_errors.command_error(self.command)

    @property
    def said(self) -> str:
        """Return the same in few words, where a reason has some."""
        code = self.command.error_code
        return operation_states.refusal(code, self.command) if code else self.why

    @property
    def at(self) -> datetime | None:
        return self.command.settled_at or self.command.sent_at

    @property
    def reads(self) -> object:
        return self.command.state, self.command.error_code, self.at


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the list of an operation came from, in words, and the address to see it again."""

    text: str
    url: str = ""

    @classmethod
    def of(cls, operation: BulkOperation) -> "Source | None":
        source = operation.source
        if pk := source.get("operation"):
            text = _("what operation %(number)s did not reach") % {"number": pk}
            return cls(text=text, url=reverse("operation_detail", args=[pk]))
        if source.get("recipe") == "leaver":
            url = reverse("hand_over", args=[source["person"]])
            return cls(text=_("what somebody left behind"), url=url)
        if source.get("recipe") == "stale":
            name = source.get("name")
            text = _("the recipe “%(name)s”") % {"name": name} if name else _("stale workflows")
            return cls(text=text, url=f"{reverse('workflow_list')}?{source['query']}")
        return cls.of_list(source) if "list" in source else None

    @classmethod
    def of_list(cls, source: dict[str, object]) -> "Source":
        try:
            url = reverse(f"{source['list']}_list")
        except NoReverseMatch:
            return cls(text=str(source["list"]))
        query = str(source.get("query") or "").lstrip("?")
        text = _("all that matched these filters") if source.get("whole") else _("chosen by hand")
        return cls(text=text, url=f"{url}?{query}" if query else url)


def page_of(task: WorkflowTask | None, workflow: Workflow | None) -> str:
    """Return the address of a target's own page, where it has one."""
    if task is not None:
        return reverse("workflow_task_detail", args=[task.pk])
    return reverse("workflow_detail", args=[workflow.pk]) if workflow is not None else ""
