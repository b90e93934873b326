"""Steps of the demo that wait for the application: two actions and a rule, and who stands at them.

Most have a call in the queue that waits until the application says where it is served; the calls of
some were lost. Each workflow takes the place of one of the company's that waits for a moment.
"""

import random
from typing import Any

from sandbox.engine import runner
from sandbox.engine.application_steps import WAIT
from sandbox.scenarios import document_names
from sandbox.scenarios.approvers import is_of_inbox
from sandbox.scenarios.catalogue import INVOICE, SUPPLIER
from sandbox.scenarios.people import FINANCE, PROCUREMENT, SALES, members
from sandbox.scenarios.templates import (
    DEAL,
    Node,
    activity,
    add_template,
    approve,
    notify,
    parameter,
    sequence,
    state,
)
from sandbox.state.portal import DAY, Portal
from sandbox.state.records import (
    ACTIVITY,
    AUTOMATION,
    ROBOT,
    TASK_RUNNING,
    Action,
    Application,
    Workflow,
    action_key,
)

WORKFLOWS, _LOST = 60, 10
#: Where the application would be served; a call to it waits until an address is told.
HANDLER = "https://console.example.com/calls/"
_CHECK, _SCORE, _TELL = "check_counterparty", "score_supplier", "tell_sales_bot"
_RESULTS = {"clean": "Чисто", "remarks": "Есть замечания", "blocked": "Заблокирован"}
_NEVER = 10 * 365 * DAY


def _property(title: Any, kind: str, *, required: bool = False, **more: Any) -> dict[str, Any]:
    given = {"NAME": title, "TYPE": kind, "REQUIRED": "Y" if required else "N", "MULTIPLE": "N"}
    return {**given, **more}


_ACTIONS: tuple[dict[str, Any], ...] = (
    {
        "code": _CHECK,
        "kind": ACTIVITY,
        "name": {"ru": "Проверить контрагента", "en": "Check the counterparty"},
        "description": {"ru": "Коннектор 1С проверяет контрагента", "en": "1C connector"},
        "properties": {
            "Company": _property({"ru": "Компания", "en": "Company"}, "string", required=True),
            "VatId": _property({"ru": "ИНН", "en": "VAT id"}, "string"),
            "Amount": _property({"ru": "Сумма", "en": "Amount"}, "double"),
            "AskedBy": _property({"ru": "Кто просит", "en": "Asked by"}, "user"),
        },
        "return_properties": {
            "Result": _property(
                {"ru": "Результат", "en": "Result"}, "select", required=True, OPTIONS=_RESULTS
            ),
            "Score": _property({"ru": "Балл", "en": "Score"}, "int"),
            "ValidUntil": _property({"ru": "Действует до", "en": "Valid until"}, "date"),
        },
        "document_type": list(INVOICE),
    },
    {
        "code": _SCORE,
        "kind": ACTIVITY,
        "name": {"de": "Lieferanten bewerten", "en": "Score the supplier"},
        "properties": {
            "Supplier": _property({"de": "Lieferant", "en": "Supplier"}, "string", required=True),
            "Countries": _property(
                {"de": "Länder", "en": "Countries"}, "string", MULTIPLE="Y", DEFAULT=["DE"]
            ),
            "Urgent": _property({"de": "Eilig", "en": "Urgent"}, "bool", DEFAULT="N"),
        },
        "return_properties": {
            "Rating": _property({"de": "Bewertung", "en": "Rating"}, "double", required=True),
            "Reasons": _property({"de": "Gründe", "en": "Reasons"}, "text", MULTIPLE="Y"),
        },
    },
    {
        "code": _TELL,
        "kind": ROBOT,
        "name": {"ru": "Сообщить боту продаж", "en": "Tell the sales bot"},
        "properties": {
            "Message": _property({"ru": "Сообщение", "en": "Message"}, "text", required=True),
            "At": _property({"ru": "Когда", "en": "When"}, "datetime"),
        },
        "return_properties": {"Reply": _property({"ru": "Ответ", "en": "Reply"}, "text")},
        "document_type": list(DEAL),
    },
)


def build(portal: Portal, application: Application, count: int) -> None:
    """Register what the application has, add the templates that use it, and start workflows."""
    rng = random.Random(f"called steps of {portal.seed}")
    for number, given in enumerate(_ACTIONS, 1):
        key = action_key(application.client_id, given["code"])
        action = Action(
            key,
            application.client_id,
            handler=HANDLER,
            auth_user_id=1,
            use_subscription="Y",
            id=number,
            **given,
        )
        portal.actions.put(key, action)
        portal.reserve_number("action", number)
    templates = _add_templates(portal, application, rng)
    idle = _idle(portal, rng)
    waiting = []
    for number in range(min(count, len(idle))):
        runner.remove(portal, idle[number])
        waiting.append(_start(portal, rng, templates[number % len(templates)]))
    _lose(portal, waiting[:: max(1, len(waiting) // _LOST)][:_LOST])


def serve(portal: Portal, address: str, client_id: str | None = None) -> int:
    """Serve the actions whose calls wait for it at an address; return how many calls go there."""
    for action in list(portal.actions):
        if action.handler == HANDLER and client_id in (None, action.client_id):
            action.handler = address
            portal.actions.put(action.key, action)
    calls = [
        call
        for call in portal.outgoing
        if call.address == HANDLER and client_id in (None, call.client_id)
    ]
    for call in calls:
        call.address, call.due = address, portal.now()
        portal.outgoing.put(call.id, call)
    portal.stirred.set()
    return len(calls)


def _add_templates(portal: Portal, application: Application, rng: random.Random) -> list[int]:
    def step(code: str, title: str, **properties: Any) -> Node:
        kind = f"rest_{action_key(application.client_id, code)}"
        return activity(kind, title=title, UseSubscription="Y", **properties)

    invoice = sequence(
        state("Проверка контрагента"),
        step(
            _CHECK, "Проверить контрагента", TimeoutDuration="{=Template:Days}",
            TimeoutDurationType="d", Company="{=Document:NAME}", VatId="7707083893",
            Amount="{=Template:Amount}", AskedBy="{=Template:TargetUser}",
        ),
        approve(
            "Утвердить счёт после проверки", [f"user_{members(portal, FINANCE)[0]}"],
            [state("К оплате")], [state("Отклонён")], Description="{=Document:NAME}",
        ),
    )  # fmt: skip
    supplier = sequence(
        step(_SCORE, "Score the supplier", Supplier="{=Document:NAME}", Countries=["DE", "AT"]),
        approve(
            "Admit the supplier", [f"user_{members(portal, PROCUREMENT)[0]}"],
            [notify("The supplier is admitted", ["author"])], [state("Not admitted")],
            Description="{=Document:NAME}",
        ),
    )  # fmt: skip
    deal = sequence(
        step(
            _TELL, "Сообщить боту продаж", Message="Сделка «{=Document:NAME}» без движения",
            At="{=System:Now}", SetStatusMessage="N",
        ),
        state("Бот ответил"),
    )  # fmt: skip
    amounts = {
        "Amount": parameter("Сумма", "double", "0", Required="1"),
        "Days": parameter("Дней на ответ", "int", "0"),
    }
    rows: tuple[tuple[str, Any, Node, dict[str, Any], int], ...] = (
        ("Проверка контрагента перед оплатой", INVOICE, invoice, amounts, 0),
        ("Supplier scoring", SUPPLIER, supplier, {}, 0),
        ("Сделка без движения", DEAL, deal, {}, AUTOMATION),
    )
    numbers = []
    for name, kind, structure, parameters, auto_execute in rows:
        with portal.at(portal.now() - rng.uniform(30, 90) * DAY):
            template = add_template(
                portal,
                name=name,
                document_type=kind,
                structure=structure,
                parameters=parameters,
                auto_execute=auto_execute,
                rng=rng,
            )
        numbers.append(template.id)
    # Half of what waits is an invoice, a third a supplier, the rest a deal of the rule.
    invoices, suppliers, deals = numbers
    return [invoices, suppliers, invoices, deals, invoices, suppliers]


def _start(portal: Portal, rng: random.Random, number: int) -> Workflow:
    template = portal.templates[number]
    starter = rng.choice(members(portal, SALES))
    document = document_names.add(portal, template.document_type, rng, starter)
    # What waits longer than it may has gone on: only short waits have a limit.
    days = 24 * rng.random() ** 3
    limit = rng.choice((0, int(days) + 1, int(days) + 5))
    with portal.at(portal.now() - 300 - days * DAY):
        workflow = runner.start(
            portal, template, document.id,
            started_by=0 if template.auto_execute == AUTOMATION else starter,
            parameters={"Amount": str(rng.randrange(900, 2_000_000)), "Days": str(limit)}
            if "Amount" in template.parameters else {},
        )  # fmt: skip
    for call in list(portal.outgoing):
        if call.form.get("workflow_id") == workflow.id:
            call.due = portal.now() + _NEVER
            portal.outgoing.put(call.id, call)
    return workflow


def _lose(portal: Portal, workflows: list[Workflow]) -> None:
    lost = {workflow.id for workflow in workflows}
    for call in list(portal.outgoing):
        if call.form.get("workflow_id") in lost:
            portal.outgoing.drop(call.id)


def _idle(portal: Portal, rng: random.Random) -> list[Workflow]:
    """Return the workflows that wait for a moment alone, in an order by chance."""
    busy = {task.workflow_id for task in portal.tasks if task.status == TASK_RUNNING}
    idle = [
        workflow
        for workflow in portal.workflows
        if workflow.ended is None
        and workflow.owned_until is None
        and workflow.started_by
        and workflow.id not in busy
        and not is_of_inbox(workflow)
        and not any(wait["kind"] == WAIT for wait in workflow.waits.values())
    ]
    return rng.sample(idle, len(idle))
