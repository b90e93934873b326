"""Starting workflows: never sent twice by itself, and settled by the workflow that came of it."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bizproc_admin import bitrix
from bizproc_admin.access.permissions import Capability
from bizproc_admin.actions.base import (
    Action,
    Item,
    NotPossible,
    Observation,
    Seen,
    Target,
    Verdict,
    administers,
    administrators_hands,
    own_hands,
    plain,
    send_window,
)
from bizproc_admin.bitrix.gateway import ENTITIES
from bizproc_admin.models import (
    Account,
    Command,
    Document,
    Person,
    Portal,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.models.commands import CommandQuerySet
from bizproc_admin.models.documents import Triple
from bizproc_admin.portals import clients, screens
from bizproc_admin.syncing import clocks, workflows
from bizproc_admin.syncing.names import Names

# the code of one that the portal says it has started, and of which nothing else is to be seen
ENDED_AT_ONCE = "ended_at_once"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What is known of a start that was sent.

    result is the workflow's id where the portal answered one. hands is the number of whoever the
    portal takes to have started it, None where that is not known; is_own says that nobody else
    uses the same hands, as others may a webhook's. ahead is how many seconds the portal's clock was
    ahead of ours just before. before are the workflows that ran already,
    not_ours those that a person has ruled out.
    """

    at: datetime
    result: str
    hands: int | None
    is_own: bool
    ahead: float
    before: frozenset[str]
    not_ours: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class StartWorkflow(Action):
    """Start a workflow of a template on a document.

    Calls bizproc.workflow.start, which has no key that would keep a second call from starting a
    second workflow: it is sent once, and what became of a lost answer is told by the workflow that
    came of it. parameters maps ids to values as the portal's engine takes them (docs/portal.md:
    Starting). beside are the ids of those that run already and that the person has seen; again is
    the number of the command that this one is a new try of. known is what is known here of the
    document, where the person may know it: its name stays with the command.
    """

    template: WorkflowTemplate
    document: Triple
    parameters: Mapping[str, Any]
    beside: tuple[str, ...] = ()
    again: int | None = None
    known: Document | None = field(default=None, compare=False)
    sent: Sent | None = field(default=None, compare=False)

    name = "workflow.start"
    label = _("Start")
    capability = Capability.START_WORKFLOWS
    method = "bizproc.workflow.start"

    @property
    def is_repeatable(self) -> bool:
        return False

    @property
    def portal(self) -> Portal:
        return self.template.portal

    @property
    def effect(self) -> str:
        asked = json.dumps([self.document, dict(self.parameters)], sort_keys=True)
        return f"start:{hashlib.sha256(asked.encode()).hexdigest()[:32]}"

    def permits(self, actor: Account) -> bool:
        offered = WorkflowTemplate.objects.offered_to(actor)
        return actor.reaches(self.portal) and (
            administers(actor) or offered.filter(pk=self.template.pk).exists()
        )

    def may_use(self, actor: Account, person: Person | None) -> bool:
        return super().may_use(actor, person) and (person is not None or administers(actor))

    def acts_as(self, actor: Account) -> Person | None:
        if administers(actor):
            return administrators_hands(actor, self.portal)
        person = own_hands(actor, self.portal)
        if person is None:
            raise NotPossible("token_needed_to_start")
        return person

    @property
    def target_id(self) -> str:
        return f"{self.template.remote_id}/{self.document[2]}"

    def target(self) -> Target:
        number = self.document[2]
        document = self.known or Document(document_id=number, kind=self.template.kind)
        return Target(
            kind="document",
            id=self.target_id,
            labels={
                "template": self.template.name,
                "template_number": self.template.remote_id,
                "document": document.name,
                "kind": document.kind,
                "number": document.number,
            },
        )

    def inputs(self) -> dict[str, Any]:
        return {
            "template": self.template.remote_id,
            "document": list(self.document),
            "parameters": dict(self.parameters),
            "beside": sorted(self.beside),
            "again": self.again,
        }

    def labels(self) -> dict[str, Any]:
        return {"parameters": self.template.parameter_names}

    @classmethod
    def from_command(cls, command: Command) -> Self:
        inputs, evidence = command.inputs, command.evidence
        module, entity, number = inputs["document"]
        sent = None
        if command.sends and command.sent_at:
            sent = Sent(
                at=command.sent_at,
                result=command.result,
                hands=command.as_person.remote_id if command.as_person else evidence.get("owner"),
                is_own=command.as_person is not None,
                ahead=evidence.get("ahead", command.portal.clock_offset),
                before=frozenset(evidence.get("before", ())),
                not_ours=frozenset(evidence.get("not_ours", ())),
            )
        return cls(
            template=WorkflowTemplate.objects.select_related("portal").get(
                portal=command.portal, remote_id=inputs["template"]
            ),
            document=(module, entity, number),
            parameters=inputs["parameters"],
            beside=tuple(inputs["beside"]),
            again=inputs["again"],
            sent=sent,
            reason=command.reason,
        )

    @classmethod
    def of_items(
        cls, portal: Portal, items: Sequence[Item], *, inputs: Mapping[str, Any], reason: str
    ) -> list[Self]:
        """Make one start for each document: a key is the template's, own are a command's inputs."""
        templates = WorkflowTemplate.objects.filter(portal=portal).select_related("portal")
        rows = templates.in_bulk({item.pk for item in items})
        starts = []
        for item in items:
            given = {**inputs, **item.own}
            module, entity, number = given["document"]
            starts.append(
                cls(
                    template=rows[item.pk],
                    document=(module, entity, number),
                    parameters=given["parameters"],
                    beside=tuple(given["beside"]),
                    reason=reason,
                )
            )
        return starts

    @classmethod
    def check_many(cls, actions: Sequence[Self]) -> dict[int, NotPossible]:
        keys = [action.template.pk for action in actions]
        there = set(
            WorkflowTemplate.objects.listed().filter(pk__in=keys).values_list("pk", flat=True)
        )
        gone = {
            place: NotPossible("template_gone")
            for place, action in enumerate(actions)
            if action.template.pk not in there
        }
        return gone | {
            place: NotPossible("document_not_through_gateway")
            for place, action in enumerate(actions)
            if action.portal.is_by_gateway and action.document[:2] not in ENTITIES
        }

    @classmethod
    def look_many(cls, reader: bitrix.Reader, targets: Sequence[str]) -> dict[str, Seen]:
        wanted: dict[int, list[str]] = defaultdict(list)
        for one in targets:
            template, document = one.split("/", 1)
            wanted[int(template)].append(document)
        seen: dict[str, Seen] = {}
        for number, documents in wanted.items():
            running = bitrix.Chunk.joined(reader.workflows.of_documents(number, documents))
            ahead = clocks.offset_of(running.time)
            told: tuple[bitrix.TaskRow, ...] = ()
            is_torn = bool(running.odd) or not (running.complete and running.proven)
            if reader.tells_tasks:
                tasks = bitrix.Chunk.joined(reader.workflow_tasks.of_documents(number, documents))
                told, is_torn = tasks.rows, is_torn or bool(tasks.odd)
            for document in documents:
                seen[f"{number}/{document}"] = Seen(
                    asked_at=running.sent_at,
                    beside=tuple(row for row in running.rows if row.document_id == document),
                    tasks=tuple(row for row in told if row.document_id == document),
                    ahead=ahead,
                    error=bitrix.BadAnswer("not all rows can be read") if is_torn else None,
                )
        return seen

    def judge(self, seen: Seen) -> Observation:
        if self.sent is None:
            return self.before_sending(seen)
        if self.sent.result:
            return self.of_the_answer(seen, self.sent)
        return self.of_the_evidence(seen, self.sent)

    def before_sending(self, seen: Seen) -> Observation:
        running = [row.id for row in seen.beside]
        snapshot = plain({"running": [row.raw for row in seen.beside]})
        if set(running) - set(self.beside):
            return Observation(
                verdict=Verdict.OVERTAKEN,
                asked_at=seen.asked_at,
                snapshot=snapshot,
                code="started_meanwhile",
            )
        return Observation(
            verdict=Verdict.UNTOUCHED,
            asked_at=seen.asked_at,
            snapshot=snapshot,
            evidence={
                "before": running,
                "owner": clients.owner_of(self.portal),
                "ahead": self.portal.clock_offset if seen.ahead is None else seen.ahead,
            },
        )

    def of_the_answer(self, seen: Seen, sent: Sent) -> Observation:
        """Judge a start whose id the portal told.

        One that neither runs nor has tasks has ended at once, or never was: the portal's word for
        it is all there is.
        """
        found = [row for row in self.rows_of(seen, sent) if row.id == sent.result]
        if found:
            return self.found(Verdict.DONE, seen, sent, found)
        return Observation(
            verdict=Verdict.ENDED,
            asked_at=seen.asked_at,
            code=ENDED_AT_ONCE,
            values={"number": sent.result},
        )

    def of_the_evidence(self, seen: Seen, sent: Sent) -> Observation:
        """Judge a start whose answer was lost by the workflows that have come since.

        That there is none proves nothing: it may have run and ended at once. What came of another
        start is no evidence; while what came of another is not known either, it may be the other's.
        """
        since, until = send_window(sent.at, ahead=sent.ahead)
        span = until - since
        others = self.others()
        of_others = set(others.exclude(result="").values_list("result", flat=True))
        found = [
            row
            for row in self.rows_of(seen, sent)
            if row.id not in sent.before | sent.not_ours | of_others
            and since <= (row.started or row.modified) <= until
            and sent.hands in (None, row.started_by)
        ]
        if not found:
            return Observation(verdict=Verdict.UNTOUCHED, asked_at=seen.asked_at)
        rivals = others.open().filter(
            Q(as_person=None) | Q(as_person__remote_id=sent.hands),
            result="",
            sent_at__range=(sent.at - span, sent.at + span),
        )
        # with a webhook others may start, too: that it was us is for a person to say
        is_evident = len(found) == 1 and sent.is_own and not rivals.exists()
        return self.found(Verdict.EVIDENT if is_evident else Verdict.UNCLEAR, seen, sent, found)

    def others(self) -> CommandQuerySet:
        """Return the other starts of the template on the document."""
        here = Command.objects.filter(portal=self.portal, action=self.name)
        return here.filter(target_id=self.target_id).exclude(effect=self.effect, result="")

    def rows_of(self, seen: Seen, sent: Sent) -> list[bitrix.WorkflowRow]:
        """Return the workflows of a look; of those that have ended, their tasks still tell."""
        rows = {row.id: row for row in seen.beside}
        for task in seen.tasks:
            if task.workflow_id not in rows:
                rows[task.workflow_id] = self.row(
                    task.workflow_id,
                    started=task.workflow_started or sent.at,
                    by=task.workflow_started_by,
                )
        return list(rows.values())

    def row(self, remote_id: str, *, started: datetime, by: int | None) -> bitrix.WorkflowRow:
        """Make the row that a workflow which has ended would have had."""
        module, entity, number = self.document
        return bitrix.WorkflowRow(
            id=bitrix.WorkflowId(remote_id),
            modified=started,
            owned_until=None,
            module=module,
            entity=entity,
            document_id=number,
            started=started,
            started_by=None if by is None else bitrix.UserId(by),
            template_id=bitrix.TemplateId(self.template.remote_id),
        )

    def found(
        self, verdict: Verdict, seen: Seen, sent: Sent, rows: Iterable[bitrix.WorkflowRow]
    ) -> Observation:
        running = {row.id for row in seen.beside}
        candidates = [
            {
                "id": row.id,
                "started": (row.started or row.modified).isoformat(),
                "started_by": row.started_by,
                "is_running": row.id in running,
            }
            for row in sorted(rows, key=lambda row: row.id)
        ]
        return Observation(
            verdict=verdict,
            asked_at=seen.asked_at,
            snapshot={"workflows": candidates},
            evidence={
                "before": sorted(sent.before),
                "not_ours": sorted(sent.not_ours),
                "owner": None if sent.is_own else sent.hands,
                "ahead": sent.ahead,
                "candidates": candidates,
            },
        )

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        return writer.workflows.start(
            template_id=self.template.remote_id,
            document_id=self.document,
            parameters=self.parameters,
        )

    def brought_forth(self, written: bitrix.Written) -> str:
        return str(written.result)[:64]

    def outcome(self, seen: Observation) -> dict[str, Any]:
        evidence = seen.evidence or {}
        found = [self.taken_in(one, seen.asked_at) for one in evidence.get("candidates", ())]
        fields: dict[str, Any] = {"evidence": evidence}
        if seen.verdict is not Verdict.UNCLEAR:
            fields |= {"workflow": found[0], "result": found[0].remote_id}
        return fields

    def taken_in(self, candidate: Mapping[str, Any], asked_at: datetime) -> Workflow:
        """Bring a workflow that was found into the mirror, ended where it does not run."""
        started = datetime.fromisoformat(candidate["started"])
        row = self.row(candidate["id"], started=started, by=candidate["started_by"])
        here = Workflow.objects.filter(portal=self.portal, remote_id=row.id)
        if not here.exists():
            observed_at = asked_at if candidate["is_running"] else min(started, asked_at)
            workflows.create(Names(self.portal), [row], observed_at=observed_at)
        if not candidate["is_running"]:
            workflows.end(self.portal, [row.id], observed_at=asked_at)
        return here.get()

    def apply(self, command: Command, seen: Observation) -> None:
        if command.workflow and command.workflow.is_running:
            screens.watch(command.workflow)
