"""How long a click waits to be kept while somebody asks for a thousand things at once."""

import multiprocessing
import time
import uuid

from django.db import connection
from django.utils import timezone

from benchmarks.measuring import Line, percentile
from benchmarks.portals import administrator, connected
from bizproc_admin import commands
from bizproc_admin.actions import Item, TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.commands import preparing
from bizproc_admin.models import Document, Portal, Workflow, WorkflowTemplate

MANY, CLICKS = 1_000, 400
LONGEST_MS = 100.0
PAUSE = 0.005


def measured() -> list[Line]:
    portal = connected("https://portal.example/rest/1/abcdefgh12345678/")
    by = By(account=administrator())
    rows = workflows(portal, 2 * MANY + 2 * CLICKS)
    alone = clicks(rows[: CLICKS // 4], by)
    lines = [Line(what="a click alone, p95", figure=f"{percentile(alone, 0.95):.0f} ms")]
    size = preparing.AT_ONCE
    for part, (at_once, target) in enumerate(((size, LONGEST_MS), (MANY, None))):
        preparing.AT_ONCE = at_once
        begin = CLICKS + part * (MANY + CLICKS // 2)
        waits, seconds = beside(rows[begin : begin + MANY], rows[begin + MANY :][: CLICKS // 2], by)
        slow = percentile(waits, 0.95)
        lines.append(
            Line(
                what=f"a click beside {MANY} intents, {at_once} at once, p95",
                figure=f"{slow:.0f} ms (the longest of {len(waits)} {max(waits):.0f} ms, "
                f"all kept in {seconds:.1f} s)",
                target=f"< {target:.0f} ms" if target else "",
                is_met=slow < target if target else None,
            )
        )
    preparing.AT_ONCE = size
    return lines


def workflows(portal: Portal, count: int) -> list[Workflow]:
    now = timezone.now()
    template = WorkflowTemplate.objects.create(portal=portal, remote_id=1, name="Approval")
    document = Document.objects.create(
        portal=portal, module="crm", entity="CCrmDocumentDeal", document_id="DEAL_1", kind="deal"
    )
    return Workflow.objects.bulk_create(
        Workflow(
            portal=portal,
            remote_id=f"bench.{number:06}",
            template=template,
            document=document,
            started_at=now,
            modified_at=now,
            observed_at=now,
        )
        for number in range(count)
    )


def ending(workflow: Workflow) -> TerminateWorkflow:
    return TerminateWorkflow(workflow=workflow, reason="It hangs.")


def beside(many: list[Workflow], few: list[Workflow], by: By) -> tuple[list[float], float]:
    """Ask for many at once and, all the while, click: give how long each click took."""
    connection.close()  # no process goes on with another's
    asking = multiprocessing.get_context("fork").Process(target=ask, args=(many, by))
    began = time.perf_counter()
    asking.start()
    waits = clicks(few, by, as_long_as=asking.is_alive)
    asking.join()
    return waits, time.perf_counter() - began


def ask(many: list[Workflow], by: By) -> None:
    operation = commands.freeze(
        TerminateWorkflow,
        portal=many[0].portal,
        items=[Item(pk=one.pk) for one in many],
        by=by,
        key=uuid.uuid4(),
        source={},
    )
    commands.confirm(operation, by=by, reason="They hang.")
    commands.prepare(operation.pk, worker="benchmark")


def clicks(rows: list[Workflow], by: By, *, as_long_as: object = None) -> list[float]:
    """Ask for one after another; give the milliseconds until each was kept."""
    waits = []
    for row in rows:
        began = time.perf_counter()
        commands.issue(ending(row), by=by, key=uuid.uuid4())
        waits.append((time.perf_counter() - began) * 1000)
        if callable(as_long_as) and not as_long_as():
            break
        time.sleep(PAUSE)
    return waits
