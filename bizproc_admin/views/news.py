"""What became of what an account asked for: told wherever it is by then, until it is dismissed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from zlib import crc32

from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bizproc_admin.access.permissions import Capability, Request, may, requires
from bizproc_admin.htmx import tell, wants_part
from bizproc_admin.models import (
    BulkOperation,
    Command,
    CommandState,
    Revision,
    SeenOperation,
    SeenOutcome,
)
from bizproc_admin.models.commands import SETTLED, TAKEN_BACK, CommandQuerySet, receivers
from bizproc_admin.models.revisions import ACTS
from bizproc_admin.portals.tokens import ReconnectNeeded
from bizproc_admin.views.operation_news import OperationItem, told_of, word_of
from bizproc_admin.views.task_panels import taken_back_as
from bizproc_admin.wording import acts
from bizproc_admin.wording.commands import Outcome, outcome_of

# how long what was never dismissed is told, and how long ago what is only said may have happened
KEPT = timedelta(days=30)
JUST_NOW = timedelta(seconds=45)
MOST = 50
# seconds that an account is told nothing without looking, as long as nobody asked for anything
SILENT_FOR = 300
UNTOLD = CommandState.of_words("refused", "gone", "unknown")


@dataclass(frozen=True, kw_only=True)
class Item:
    """What became of one command; target is what it acts on, url where that is looked at."""

    outcome: Outcome
    target: str
    url: str

    @property
    def key(self) -> str:
        return f"{self.outcome.command.pk}-{self.outcome.command.state}"


@dataclass(frozen=True, kw_only=True)
class News:
    """What an account is told: items stay until dismissed, said are for the ear alone.

    to_take_back is what can still be taken back on the portal that is looked at, the newest first;
    is_awaited says that something of the account's is still under way.
    """

    items: list[Item]
    said: list[Item]
    to_take_back: list[dict[str, object]]
    is_awaited: bool
    operations: list[OperationItem] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return how much is told until it is dismissed."""
        return len(self.items) + len(self.operations)

    @cached_property
    def digest(self) -> str:
        """Give a short text that changes with what is told."""
        told = [(item.key, item.outcome.title, item.outcome.text) for item in self.items]
        told += [(item.key, item.title, item.text) for item in self.operations]
        return f"{crc32(repr((told, [i.key for i in self.said], self.is_awaited)).encode()):08x}"


@require_safe
@requires(Capability.COMPLETE_WORKFLOW_TASKS)
def news_list(request: Request) -> HttpResponse:
    """Give an open page what is told now, nothing where it tells that already."""
    news = news_of(request)
    if request.GET.get("told") == news.digest:
        return HttpResponse(status=204)
    return render(request, "components/news.html", {"news": news})


@require_POST
@requires(Capability.COMPLETE_WORKFLOW_TASKS)
def dismissal_creation(request: Request) -> HttpResponse:
    """Tell no more of what is named, as long as nothing else becomes of it."""
    keys = [int(key) for key in request.POST.getlist("command") if key.isdecimal()][:MOST]
    SeenOutcome.objects.bulk_create(
        [
            SeenOutcome(account=request.user, command=command, word=command.word)
            for command in Command.objects.filter(actor=request.user, pk__in=keys)
        ],
        ignore_conflicts=True,
    )
    named = [int(key) for key in request.POST.getlist("operation") if key.isdecimal()][:MOST]
    visible = BulkOperation.objects.visible_to(request.user)
    SeenOperation.objects.bulk_create(
        [
            SeenOperation(account=request.user, operation=one, word=word_of(one))
            for one in visible.filter(pk__in=named)
        ],
        ignore_conflicts=True,
    )
    if wants_part(request):
        return tell(HttpResponse(status=204), {"news-changed": True})
    return redirect("workflow_task_list")


# --- parts --------------------------------------------------------------------------------------


def news_of(request: Request) -> News:
    """Give what is told to the account of a request; nothing to one that can ask for nothing."""
    account, now = request.user, timezone.now()
    if not may(account, Capability.COMPLETE_WORKFLOW_TASKS):
        return News(items=[], said=[], to_take_back=[], is_awaited=False)
    key = silence_of(request)
    if cache.get(key):
        return News(items=[], said=[], to_take_back=[], is_awaited=False)
    news = news_now(request, now)
    if not (news.count or news.said or news.to_take_back or news.is_awaited):
        cache.set(key, 1, SILENT_FOR)
    return news


def silence_of(request: Request) -> str:
    """Return what it is kept by that nothing is told: time alone makes no news, only acts do."""
    account, acts_sign = request.user, Revision.objects.signs().get(ACTS, ())
    portals = [portal.pk for portal in getattr(request, "portals", [])]
    here = request.portal and request.portal.pk
    named = repr((account.pk, account.role and account.role.value, here, portals, acts_sign))
    return f"silence:{sha256(named.encode()).hexdigest()}"


def news_now(request: Request, now: datetime) -> News:
    account = request.user
    commands = list(recent(request, now))
    untold = [command for command in commands if is_untold(command)]
    seen = set()
    if untold:
        dismissals = SeenOutcome.objects.filter(account=account, command__in=untold)
        seen = set(dismissals.values_list("command", "word"))
    said = [one for one in commands if one.settled_at and one.settled_at > now - JUST_NOW]
    names = receivers(commands)
    return News(
        items=[item_of(c, request, names) for c in untold if (c.pk, c.word) not in seen],
        said=[item_of(one, request, names) for one in said if not is_untold(one)],
        to_take_back=taken_back_as(
            [c for c in commands if is_to_take_back(c, request, now)], request
        ),
        is_awaited=any(not command.is_settled for command in commands),
        operations=told_of(request, now, kept=KEPT),
    )


def recent(request: Request, now: datetime) -> CommandQuerySet:
    """Give the account's commands of which something may be told; one asked for anew is not."""
    anew = Command.objects.filter(
        actor=OuterRef("actor"),
        portal=OuterRef("portal"),
        target_kind=OuterRef("target_kind"),
        target_id=OuterRef("target_id"),
        effect=OuterRef("effect"),
        pk__gt=OuterRef("pk"),
    )
    return (
        Command.objects.filter(
            Q(state__in=UNTOLD, requested_at__gt=now - KEPT)
            | Q(state__in=SETTLED, settled_at__gt=now - JUST_NOW)
            | ~Q(state__in=SETTLED),
            actor=request.user,
            # those of an operation are told with it
            bulk=None,
            portal__in=getattr(request, "portals", []),
        )
        .exclude(Exists(anew))
        .select_related("task", "workflow")
        .latest_first()[:MOST]
    )


def is_untold(command: Command) -> bool:
    """Tell whether what became of a command is something its person did not ask for."""
    if command.state == CommandState.INTENT:
        return command.error_code == ReconnectNeeded.code
    return command.state in UNTOLD and command.error_code != TAKEN_BACK


def is_to_take_back(command: Command, request: Request, now: datetime) -> bool:
    """Tell whether the bar offers to take a command back: its time is not over."""
    return (
        command.portal_id == getattr(request.portal, "pk", None)
        and command.can_be_taken_back
        and command.not_before is not None
        and command.not_before > now
    )


def item_of(command: Command, request: Request, names: acts.Names) -> Item:
    task, workflow, what = command.task, command.workflow, acts.alone(command, names)
    if task is not None:
        target, url = str(task), reverse("workflow_task_detail", args=[task.pk])
    else:
        target, url = acts.target(command), ""
        if command.target_kind == "document":
            url = reverse("workflow_start_outcome", args=[command.pk])
        elif workflow is not None:
            url = reverse("workflow_detail", args=[workflow.pk])
    return Item(outcome=outcome_of(command, viewer=request.user, what=what), target=target, url=url)
