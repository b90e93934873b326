"""The fourteen templates of the demo's company, and what is needed to start each believably.

Every template asks people first and then waits for a moment given by its parameter `RemindAt`, so
that the scenario decides which workflows wait for people and which for a timer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.scenarios import people
from sandbox.scenarios.templates import (
    DEAL,
    Node,
    add_template,
    approve,
    branch,
    choice,
    delay,
    notify,
    parallel,
    parameter,
    request,
    review,
    sequence,
    state,
    steps,
)
from sandbox.state.documents import DRIVE, FEED, LISTS
from sandbox.state.portal import Portal
from sandbox.state.records import AUTOMATION, DocumentId

LEAD: DocumentId = ("crm", "CCrmDocumentLead", "LEAD")
_DYNAMIC = "Bitrix\\Crm\\Integration\\BizProc\\Document\\Dynamic"
EQUIPMENT: DocumentId = ("crm", _DYNAMIC, "DYNAMIC_147")
CLAIM: DocumentId = ("crm", _DYNAMIC, "DYNAMIC_152")
VACATION: DocumentId = ("lists", FEED, "iblock_31")
TRIP: DocumentId = ("lists", FEED, "iblock_32")
INVOICE: DocumentId = ("lists", FEED, "iblock_33")
MAIL: DocumentId = ("lists", LISTS, "iblock_41")
SUPPLIER: DocumentId = ("lists", LISTS, "iblock_42")
FILE: DocumentId = ("disk", DRIVE, "STORAGE_12")

_APPROVER = ["{=Template:Approver}"]
_DEADLINE: dict[str, Any] = {"OverdueDate": "{=Template:Deadline}"}


@dataclass(frozen=True)
class Kind:
    """A template of the demo: how often it is started, and who approves."""

    name: str
    document_type: DocumentId
    structure: Callable[[], Node]
    weight: int
    starters: int | None
    approvers: int
    parameters: dict[str, Any]
    auto_execute: int = 0
    description: str = ""


def _wait(text: str) -> list[Node]:
    return [state(text), delay(until="{=Template:RemindAt}", title=text)]


def _contract() -> Node:
    return sequence(
        state("Договор на согласовании"),
        parallel(
            steps(
                approve(
                    "Согласовать договор: юрист", _APPROVER, [], [state("Отклонён юристом")],
                    Description="Проверьте условия договора «{=Document:NAME}».", **_DEADLINE,
                )
            ),
            steps(
                review(
                    "Проверить платёжные условия", ["{=Template:Controller}"],
                    Description="Сумма договора: {=Template:Amount}", **_DEADLINE,
                )
            ),
        ),
        choice(
            branch(
                approve(
                    "Договор свыше 1 000 000: решение директора", ["user_3"], [],
                    [state("Отклонён директором")], CommentRequired="YR", **_DEADLINE,
                ),
                when=["Amount", ">", "1000000", 0],
            ),
            branch(notify("Договор согласован", _APPROVER)),
        ),
        *_wait("Ожидание подписанного оригинала"),
    )  # fmt: skip


def _discount() -> Node:
    yes = [notify("Скидка согласована", ["author"]), *_wait("Скидка действует")]
    return sequence(
        approve(
            "Согласовать скидку {=Template:Percent} %", _APPROVER, yes, [state("Скидка отклонена")],
            Description="{=Document:NAME}", TaskButton1Message="Согласовать",
            TaskButton2Message="Отклонить", **_DEADLINE,
        )
    )  # fmt: skip


def _lead() -> Node:
    fields: list[dict[str, Any]] = [
        {"Name": "Budget", "Title": "Бюджет клиента", "Type": "double", "Required": "1"},
        {"Name": "Need", "Title": "Потребность", "Type": "text", "Required": "0"},
        {
            "Name": "Segment", "Title": "Сегмент", "Type": "select", "Required": "1",
            "Options": {"a": "Крупный", "b": "Средний", "c": "Малый"}, "Default": "b",
        },
    ]  # fmt: skip
    asked = request("Квалифицировать лид", _APPROVER, fields, **_DEADLINE)
    return sequence(state("Квалификация"), asked, *_wait("Повторный контакт"))


def _simple(title: str, waiting: str, refused: str, **properties: Any) -> Callable[[], Node]:
    def build() -> Node:
        return sequence(
            approve(
                title, _APPROVER, _wait(waiting), [state(refused)],
                **{"Description": "{=Document:NAME}", **_DEADLINE, **properties},
            )
        )  # fmt: skip

    return build


def _reading(title: str, waiting: str, **properties: Any) -> Callable[[], Node]:
    def build() -> Node:
        return sequence(review(title, _APPROVER, **{**_DEADLINE, **properties}), *_wait(waiting))

    return build


def _robot(text: str) -> Callable[[], Node]:
    return lambda: sequence(*_wait(text), notify("Напоминание", ["author"]))


def _parameters(**more: dict[str, Any]) -> dict[str, Any]:
    return {
        "Approver": parameter("Approver", "user", ["user_3"], Required="1", Multiple="1"),
        "Deadline": parameter("Deadline", "datetime"),
        "RemindAt": parameter("Remind at", "datetime"),
        **more,
    }


_AMOUNT = {"Amount": parameter("Сумма", "double", "0", Required="1")}
_TIMER_ONLY = {"RemindAt": parameter("Remind at", "datetime")}
_DAYS = parameter("Дней", "int", "14")
_PRIORITY = parameter("Priority", "select", "n", Options={"h": "High", "n": "Normal", "l": "Low"})

KINDS = (
    Kind(
        "Согласование договора", DEAL, _contract, 17, people.SALES, people.LEGAL,
        _parameters(
            **_AMOUNT, Controller=parameter("Финансовый контролёр", "user", ["user_24"])
        ),
        description="Юрист и финансовый контролёр параллельно, свыше миллиона — директор.",
    ),
    Kind(
        "Согласование скидки", DEAL, _discount, 9, people.SALES, people.SALES,
        _parameters(Percent=parameter("Процент скидки", "double", "10", Required="1")),
    ),
    Kind(
        "Lead qualification", LEAD, _lead, 12, people.MARKETING, people.SALES, _parameters(),
        auto_execute=1, description="Asks the responsible manager about budget and need.",
    ),
    Kind(
        "Заявка на отпуск", VACATION,
        _simple("Согласовать отпуск", "Отпуск согласован", "В отпуске отказано", ApproveType="any"),
        9, None, people.PERSONNEL, _parameters(Days=_DAYS),
    ),
    Kind(
        "Dienstreiseantrag", TRIP,
        _simple(
            "Dienstreise genehmigen", "Genehmigt, Abrechnung ausstehend", "Abgelehnt",
            TaskButton1Message="Genehmigen", TaskButton2Message="Ablehnen",
        ),
        5, people.BERLIN, people.BERLIN,
        _parameters(Budget=parameter("Budget in EUR", "double", "500")),
    ),
    Kind(
        "Счёт на оплату", INVOICE,
        _simple(
            "Утвердить счёт на {=Template:Amount} ₽", "Ожидает оплаты", "Счёт отклонён",
            CommentRequired="YR", CommentLabelMessage="Причина отказа",
        ),
        13, None, people.FINANCE, _parameters(**_AMOUNT),
        description="Утверждение счетов поставщиков бухгалтерией.",
    ),
    Kind(
        "Входящая корреспонденция", MAIL,
        _reading("Ознакомиться с письмом", "На исполнении", ApproveType="all"),
        8, people.MANAGEMENT, people.LEGAL, _parameters(),
    ),
    Kind(
        "Supplier onboarding", SUPPLIER,
        _simple("Approve the supplier", "Waiting for documents", "Supplier rejected"),
        5, people.PROCUREMENT, people.PROCUREMENT,
        _parameters(Category=parameter("Category", "string", "Spare parts")),
        description="Checks a new supplier before the first order.",
    ),
    Kind(
        "Заявка на оборудование", EQUIPMENT,
        _simple("Согласовать закупку оборудования", "Закупка", "Отклонено"),
        6, None, people.IT, _parameters(**_AMOUNT),
    ),
    Kind(
        "Reklamation / Claim handling", CLAIM,
        _simple("Decide on the claim", "Waiting for the goods", "Claim refused"),
        5, people.BERLIN, people.LOGISTICS, _parameters(Priority=_PRIORITY),
    ),
    Kind(
        "Ознакомление с документом", FILE,
        _reading("Прочитать документ", "Документ действует", TaskButtonMessage="Ознакомлен"),
        4, people.PERSONNEL, people.LOGISTICS, _parameters(),
    ),
    Kind(
        "Напоминание по сделке", DEAL, _robot("Ждём ответа клиента"), 4, None, people.SALES,
        _TIMER_ONLY, auto_execute=AUTOMATION,
    ),
    Kind(
        "Обработка лида: возврат в работу", LEAD, _robot("Пауза перед повторным звонком"), 2,
        None, people.SALES, _TIMER_ONLY, auto_execute=AUTOMATION | 1,
    ),
    Kind(
        "Контроль гарантийного срока", EQUIPMENT, _robot("Гарантия"), 1, None, people.IT,
        _TIMER_ONLY, auto_execute=AUTOMATION,
    ),
)  # fmt: skip


def add_templates(portal: Portal) -> None:
    """Add the templates, numbered in their order; most were changed long ago."""
    for kind in KINDS:
        with portal.at(portal.now() - portal.rng.uniform(30, 700) * 86400):
            add_template(
                portal,
                name=kind.name,
                document_type=kind.document_type,
                structure=kind.structure(),
                parameters=kind.parameters,
                auto_execute=kind.auto_execute,
                description=kind.description,
                user_id=1 if portal.rng.random() < 0.7 else 44,
                is_modified=portal.rng.random() < 0.3,
            )
