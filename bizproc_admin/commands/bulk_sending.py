"""Carrying out operations in batches: many targets looked at, written to and settled at once.

A round is one reading, of what was sent before and of what is to be sent next, and the batches
that follow it. What is judged, claimed and recorded is judged, claimed and recorded as for one.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from bizproc_admin import actions, bitrix
from bizproc_admin.access.permissions import may
from bizproc_admin.actions import Action, Observation
from bizproc_admin.actions.base import Seen
from bizproc_admin.commands.attempts import Answer, claim_many, take_answers
from bizproc_admin.commands.holding import held_up, hold, hold_for, pause_where_refused_alike
from bizproc_admin.commands.sending import followed, is_to_be_sent, writer_for
from bizproc_admin.commands.settling import conclude, look_later
from bizproc_admin.commands.transitions import cancel, fetched
from bizproc_admin.commands.waiting import reader_for, try_later
from bizproc_admin.models import BulkOperation, Command, CommandState
from bizproc_admin.models.commands import BULK
from bizproc_admin.portals import clients, pacing, tokens
from bizproc_admin.secrets.fields import UnreadableSecret

log = logging.getLogger(__name__)

# seconds that a batch may take: a request is over after 60, and a click may wait for it
LONGEST_BATCH = 15.0
# how many are in the first batches, before it is known how long one takes
FIRST_BATCH = 10
# so many are looked at before they are sent, and so many to settle them, in one reading
LOOKED_AT_ONCE = SETTLED_AT_ONCE = 100
# seconds after which no batch follows a reading any more
LOOK_LASTS = 20.0
# what the portal said of the actor's token is enough for so long
TRUSTED_FOR: Final = timedelta(seconds=30)
# a command that a round has taken is taken by another after this, should its worker have died
HELD_FOR = timedelta(seconds=300)

# a command with what it is to do
Pair = tuple[Command, Action]
# a pair that may be sent, and what its target was just before
Ready = tuple[Command, Action, Observation]


def goes_in_batches(command: Command) -> bool:
    """Tell whether a command is sent together with others of its operation."""
    at_once = actions.ACTIONS[command.action].most_at_once
    is_alone = command.portal.is_by_gateway or bitrix.refers(command.inputs)
    return command.bulk_id is not None and at_once > 1 and not is_alone


def carry_on(first: Command, *, worker: str, is_called: Callable[[], bool]) -> None:
    """Do a round for the operation of a command that is taken already.

    Between two batches is_called tells whether people's own commands wait.
    """
    taken = taken_with(first, worker=worker)
    try:
        Round(taken, worker=worker, is_called=is_called).run()
    finally:
        here = Command.objects.open().filter(pk__in=taken, taken_by=worker[:100])
        here.update(taken_by="", taken_until=None)


def taken_with(first: Command, *, worker: str) -> list[int]:
    """Take what a round is about: what is to be settled, and the next of one operation."""
    now = timezone.now()
    here = Command.objects.filter(portal=first.portal_id, origin=BULK).exclude(bulk=None)
    due = here.due(now)
    checks = due.exclude(state=CommandState.INTENT).order_by("next_check_at", "pk")
    pks = list(checks.values_list("pk", flat=True)[:SETTLED_AT_ONCE])
    intents = due.filter(state=CommandState.INTENT)
    is_intent = first.state == CommandState.INTENT
    one = first if is_intent else intents.order_by("requested_at", "pk").first()
    if one is not None and goes_in_batches(one):
        same = intents.filter(bulk=one.bulk_id).exclude(pk=first.pk).order_by("pk")
        pks += same.values_list("pk", flat=True)[: LOOKED_AT_ONCE - is_intent]
    free = here.filter(pk__in=pks).filter(Q(taken_until=None) | Q(taken_until__lte=now))
    free.update(taken_by=worker[:100], taken_until=now + HELD_FOR)
    mine = Command.objects.filter(pk__in=[*pks, first.pk], taken_by=worker[:100])
    return list(mine.values_list("pk", flat=True))


def size_for(command: Command) -> int:
    """Return how many commands like this go in a batch, by how long the portal takes for one."""
    action = actions.ACTIONS[command.action]
    seconds = pacing.seconds_of_one(command.portal_id, action.method_of(command.inputs))
    if not seconds:
        return min(FIRST_BATCH, action.most_at_once)
    return max(1, min(int(LONGEST_BATCH / seconds), action.most_at_once))


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A command with its action, and its target as it was read or why it could not be."""

    command: Command
    action: Action
    seen: Seen | bitrix.BitrixError

    def judged(self) -> Observation:
        """Return what was seen; raises what kept it from being seen."""
        if isinstance(self.seen, bitrix.BitrixError):
            raise self.seen
        return self.action.judge(self.seen.clear())


class Round:
    """One reading and the batches that follow it."""

    def __init__(self, taken: Sequence[int], *, worker: str, is_called: Callable[[], bool]) -> None:
        self.worker = worker
        self.is_called = is_called
        rows = fetched().filter(pk__in=taken, taken_by=worker[:100]).order_by("pk")
        self.pairs = [(command, actions.load(command)) for command in rows]
        self.began = time.monotonic()

    def run(self) -> None:
        """Settle what was sent before, then send what may be sent."""
        intents = [pair for pair in self.pairs if pair[0].state == CommandState.INTENT]
        operation = intents[0][0].bulk if intents else None
        if operation is not None and not self.may_go_on(operation, *intents[0]):
            operation = None
        wanted = self.pairs if operation else [one for one in self.pairs if one not in intents]
        self.began = time.monotonic()
        looks = list(look_at(wanted))
        self.settle([one for one in looks if one.command.state != CommandState.INTENT])
        if operation is not None:
            fresh = [one for one in looks if one.command.state == CommandState.INTENT]
            self.send(operation, list(self.ready(operation, fresh)))

    def settle(self, looks: Sequence[Looked]) -> None:
        """Conclude what can be concluded of commands in doubt."""
        touched: dict[int, tuple[BulkOperation, list[Command]]] = {}
        for one in looks:
            try:
                conclude(one.command, one.action, one.judged())
            except bitrix.BitrixError as error:
                look_later(one.command, error)
            if one.command.bulk is not None:
                touched.setdefault(one.command.bulk.pk, (one.command.bulk, []))[1].append(
                    one.command
                )
        for operation, handled in touched.values():
            pause_where_refused_alike(operation, handled)

    def may_go_on(self, operation: BulkOperation, command: Command, action: Action) -> bool:
        """Tell whether anything of an operation may be sent now; it is paused where not."""
        actor = followed(operation.actor_id)
        if not (may(actor, action.capability) and action.may_use(actor, command.as_person)):
            hold(operation, "no_longer_allowed")
            return False
        if command.as_person and tokens.is_lost(command.as_person):
            hold_for(operation, tokens.ReconnectNeeded())
            return False
        return operation.is_carried_out(timezone.now())

    def ready(self, operation: BulkOperation, looks: Sequence[Looked]) -> Iterator[Ready]:
        """Return those whose targets are as they were asked for; the others are settled."""
        actor = followed(operation.actor_id)
        for one in looks:
            if bitrix.refers(one.command.inputs):
                continue  # it is sent alone
            if not one.action.permits(actor):
                cancel(one.command, "no_longer_allowed")
                continue
            try:
                seen = one.judged()
            except bitrix.BitrixError as error:
                if not error.is_of_target:
                    hold_for(operation, error)  # nothing of them was read
                    return
                try_later(one.command, error)
                continue
            if is_to_be_sent(one.command, one.action, seen):
                yield one.command, one.action, seen

    def send(self, operation: BulkOperation, ready: list[Ready]) -> None:
        """Send them in batches, as long as what was seen is fresh and nobody waits."""
        while ready:
            size = size_for(ready[0][0])
            batch, ready = ready[:size], ready[size:]
            if not self.send_batch(operation, batch):
                return
            if time.monotonic() - self.began > LOOK_LASTS or self.is_called():
                return

    def send_batch(self, operation: BulkOperation, batch: Sequence[Ready]) -> bool:
        """Claim and send one batch, once; False where nothing should follow it unlooked."""
        command, action, _seen = batch[0]
        try:
            writer = writer_for(command, action, trusts_for=TRUSTED_FOR)
        except bitrix.BitrixError as error:
            hold_for(operation, error)
            return False
        try:
            # the portal may just have said that the person is no administrator any more
            operation.refresh_from_db()
            if not self.may_go_on(operation, command, action):
                return False
            looks = [(command, seen) for command, _action, seen in batch]
            claimed = {one.pk for one in claim_many(looks, worker=self.worker)}
            pairs = [(one, act) for one, act, _seen in batch if one.pk in claimed]
            return bool(pairs) and write(operation, pairs, writer)
        finally:
            writer.release()


def look_at(pairs: Sequence[Pair]) -> Iterator[Looked]:
    """Read the targets of commands, those of one kind of action in one reading."""
    kinds: dict[str, list[Pair]] = {}
    for pair in pairs:
        kinds.setdefault(pair[0].action, []).append(pair)
    for name, group in kinds.items():
        targets = list(dict.fromkeys(action.looked_at for _command, action in group))
        seen: dict[str, Seen] | bitrix.BitrixError
        try:
            reader = reader_for(*group[0], bitrix.Purpose.BULK)
            seen = actions.ACTIONS[name].look_many(reader, targets)
        except bitrix.BitrixError as error:
            seen = error
        for command, action in group:
            shown = seen if isinstance(seen, bitrix.BitrixError) else seen[action.looked_at]
            yield Looked(command=command, action=action, seen=shown)


def write(operation: BulkOperation, pairs: Sequence[Pair], writer: bitrix.Writer) -> bool:
    """Make the writes of claimed commands in one request and record what the answer proves.

    Gives whether all were accepted.
    """
    began = time.monotonic()
    outcomes: Sequence[bitrix.Written | bitrix.BitrixError]
    whole: bitrix.BitrixError | None = None
    try:
        outcomes = bitrix.write_many(writer, [action.send for _command, action in pairs])
    except (bitrix.BitrixError, UnreadableSecret) as error:
        # an unreadable token of a step is found before anything is sent
        whole = clients.SecretsUnreadable() if isinstance(error, UnreadableSecret) else error
        outcomes = [whole] * len(pairs)
        if pairs[0][0].as_person is not None:
            tokens.doubt(pairs[0][0].as_person)
    took = time.monotonic() - began
    pacing.learn_seconds_of_one(
        operation.portal_id, pairs[0][1].method_of(pairs[0][0].inputs), took / len(pairs),
        is_certain=whole is None or took > LONGEST_BATCH,
    )  # fmt: skip
    proofs = proofs_of(operation, outcomes, is_whole=whole is not None)
    answers = [
        Answer(
            command=command,
            epoch=command.epoch,
            outcome=outcome,
            proof=proof,
            result=(action.brought_forth(outcome) if isinstance(outcome, bitrix.Written) else ""),
        )
        for (command, action), outcome, proof in zip(pairs, outcomes, proofs, strict=True)
    ]
    told = take_answers(answers, check_after=0)
    accepted = sum(command.state == CommandState.ACCEPTED for command in told)
    log.info(
        "batch_sent operation=%s action=%s count=%s accepted=%s ms=%.0f",
        operation.pk, operation.action, len(pairs), accepted, 1000 * took,
    )  # fmt: skip
    pause_where_refused_alike(operation, told)
    return accepted == len(pairs)


def proofs_of(
    operation: BulkOperation,
    outcomes: Sequence[bitrix.Written | bitrix.BitrixError],
    *,
    is_whole: bool,
) -> list[bitrix.Classification]:
    """Return what outcomes prove; the operation is held once for each kind that is of no target.

    is_whole tells that they are one failure, of the whole request.
    """
    held: dict[tuple[str, bitrix.Classification], bitrix.Classification] = {}
    proofs = []
    for outcome in outcomes:
        proof = bitrix.classify(outcome)
        if isinstance(outcome, bitrix.BitrixError):
            kind = (outcome.code, proof)
            if kind not in held:
                held[kind] = held_up(operation, outcome, proof, is_whole=is_whole)
            proof = held[kind]
        proofs.append(proof)
    return proofs
