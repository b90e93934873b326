"""Templates of the demo that show what templates can hold; nobody of the company starts them.

They come after the catalogue's, numbered in their order from 15, and are made with randomness of
their own: what the company does stays the same with them and without.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.scenarios.templates import (
    DEAL,
    Node,
    activity,
    add_template,
    approve,
    delay,
    notify,
    parameter,
    sequence,
    state,
)
from sandbox.state.portal import Portal
from sandbox.state.records import DocumentId


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A template: its number, what it is called, how it is built and what it may be given."""

    number: int
    name: str
    document_type: DocumentId
    structure: Callable[[], Node]
    description: str
    parameters: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    days_old: int = 30


def _every_parameter() -> Node:
    told = "Изделие «{=Template:Article}», {=Template:Quantity} шт., срок {=Template:Due}."
    return sequence(
        state("Заявка проверяется"),
        approve(
            "Проверить заявку на изделие", ["{=Template:Engineer}", "{=Template:Team}"],
            [state("Заявка принята"), delay(amount=30, title="Изготовление")],
            [state("Заявка отклонена")], Description=told, ApproveType="any",
        ),
    )  # fmt: skip


#: Yes and no are written in the three ways that templates in the wild have.
EVERY_PARAMETER: dict[str, dict[str, Any]] = {
    "Article": parameter("Артикул", "string", Required="1", Description="Как в спецификации"),
    "Purpose": parameter("Назначение", "text", "Для клиента", Options=""),
    "Urgent": parameter("Срочно", "bool", "N", Required="Y"),
    "Quantity": parameter("Количество", "int", "1", Required=True, Multiple=False),
    "Price": parameter("Цена, ₽", "double", "0"),
    "Kind": parameter(
        "Вид изделия", "select", "s", Required="1",
        Options={"s": "Серийное", "u": "Единичное", "0": "Опытный образец"},
    ),
    "Workshops": parameter(
        "Цеха", "select", ["1"], Multiple="1",
        Options={"1": "Механический", "2": "Сборочный", "3": "Покрасочный"},
    ),
    "Due": parameter("Срок", "date", Required="1"),
    "Meeting": parameter("Совещание", "datetime"),
    "Engineer": parameter("Конструктор", "user", ["user_44"], Required="1"),
    "Team": parameter("Рабочая группа", "user", ["user_45", "user_47"], Multiple="Y"),
    "Drawing": parameter("Чертёж", "file", None),
    "Client": parameter(
        "Клиент", "E:ECrm", None,
        Options={"LEAD": "N", "CONTACT": "Y", "COMPANY": "Y", "DEAL": "N"}, Multiple="0",
    ),
    "Place": parameter("Адрес монтажа", "UF:address", None),
    "Budget": parameter("Бюджет", "S:Money", "", Settings={"currency": "RUB"}),
}  # fmt: skip


def _without_waiting() -> Node:
    number = "D-{=Document:ID}/{=System:Date}"
    return sequence(
        activity("SetVariableActivity", title="Make the number", VariableValue={"Number": number}),
        activity(
            "SetFieldActivity", title="Write it into the deal",
            FieldValue={"UF_CRM_CONTRACT": "{=Variable:Number}"}, ModifiedBy=["author"],
        ),
        notify("The contract number is {=Variable:Number}", ["author"]),
        state("Number assigned"),
    )  # fmt: skip


SHOWN = (
    Shown(
        number=15, name="Заявка на изделие: параметры всех видов", document_type=DEAL,
        structure=_every_parameter, parameters=EVERY_PARAMETER, days_old=12,
        description="Спрашивает при запуске по одному значению каждого вида.",
    ),
    Shown(
        number=16, name="Assign a contract number", document_type=DEAL,
        structure=_without_waiting, days_old=95,
        variables={"Number": parameter("Number", "string")},
        description="Waits for nobody and nothing: it has ended when the start is answered.",
    ),
)  # fmt: skip


def add_templates(portal: Portal) -> None:
    """Add the templates that show something."""
    rng = random.Random(f"showcase of {portal.seed}")
    for shown in SHOWN:
        with portal.at(portal.now() - shown.days_old * 86400):
            add_template(
                portal,
                id=shown.number,
                name=shown.name,
                document_type=shown.document_type,
                structure=shown.structure(),
                parameters=shown.parameters,
                variables=shown.variables,
                constants=shown.constants,
                description=shown.description,
                rng=rng,
            )
