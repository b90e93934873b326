"""Templates of the demo that show what templates can hold; the company itself starts none of them.

They come after the catalogue's, numbered in their order from 15, and are made with randomness of
their own: what the company does stays the same with them and without.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.scenarios import structures
from sandbox.scenarios.catalogue import CLAIM, INVOICE, LEAD, SUPPLIER
from sandbox.scenarios.people import LEAVER
from sandbox.scenarios.templates import DEAL, Node, add_template, parameter
from sandbox.state.portal import Portal
from sandbox.state.records import ACTIVITY, Action, DocumentId

_REGIONS = {**{region: region for region in structures.REGIONS}, "x": "Another"}


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


SHOWN = (
    Shown(
        number=15,
        name="Заявка на изделие: параметры всех видов",
        document_type=DEAL,
        structure=structures.every_parameter,
        parameters=structures.EVERY_PARAMETER,
        days_old=12,
        description="Спрашивает при запуске по одному значению каждого вида.",
    ),
    Shown(
        number=16,
        name="Assign a contract number",
        document_type=DEAL,
        structure=structures.without_waiting,
        days_old=95,
        variables={"Number": parameter("Number", "string")},
        description="Waits for nobody and nothing: it has ended when the start is answered.",
    ),
    Shown(
        number=17,
        name="Продажа оборудования",
        document_type=DEAL,
        structure=structures.sale,
        days_old=39,
        description="Шесть статусов: от новой заявки до подписанного договора.",
    ),
    Shown(
        number=18,
        name="Bestellung nachfassen",
        document_type=SUPPLIER,
        structure=structures.follow_up,
        variables={
            "Confirmed": parameter("Bestätigt", "bool", "N"),
            "Delivery": parameter("Liefertermin", "date"),
            "Round": parameter("Runde", "int", "0"),
            "Positions": parameter("Positionen", "string", ["10", "20", "30"], Multiple="1"),
        },
        description="Fragt nach, bis der Lieferant den Termin bestätigt hat.",
        days_old=64,
    ),
    Shown(
        number=19,
        name="Рекламация: схема с возвратом",
        document_type=CLAIM,
        structure=structures.claim,
        variables={"Defect": parameter("Дефект", "text")},
        days_old=8,
        description="Узлы и связи вместо дерева: юрист возвращает рекламацию автору.",
    ),
    Shown(
        number=20,
        name="Закрытие месяца",
        document_type=INVOICE,
        structure=structures.closing,
        days_old=140,
        description="Двести шагов по участкам бухгалтерии.",
    ),
    Shown(
        number=21,
        name="Определение тарифа",
        document_type=LEAD,
        structure=structures.tariff,
        days_old=400,
        parameters={"Volume": parameter("Объём", "int", "1000", Required="1")},
        variables={"Tariff": parameter("Тариф", "string")},
        description="Шестьдесят вложенных условий.",
    ),
    Shown(
        number=22,
        name="Route deals by region",
        document_type=DEAL,
        structure=structures.routing,
        days_old=77,
        parameters={"Region": parameter("Region", "select", "Berlin", Options=_REGIONS)},
        constants={
            "Dispatcher": parameter(
                "Dispatcher", "user", ["user_42", f"user_{LEAVER}"], Multiple="1"
            ),
            "Key": parameter("Key of the dispatcher's service", "string", "sk-live-71c2f0a9d3"),
        },
        description="Twelve ways by region; the last one calls the dispatcher's service.",
    ),
    Shown(
        number=23,
        name="Выгрузка в 1С",
        document_type=DEAL,
        structure=structures.to_accounting,
        days_old=510,
        parameters={
            "Checker": parameter(
                "Кто проверяет", "user", [f"user_{LEAVER}", "user_23"], Multiple="1"
            ),
            "Sum": parameter("Сумма", "UF:money", "", Required="1"),
        },
        variables={"Exported": parameter("Выгружено", "string")},
        description="Исполняет код PHP и вызывает адрес склада.",
    ),
)


def add_templates(portal: Portal) -> None:
    """Add the templates that show something."""
    key = structures.FOREIGN_ACTION
    portal.actions.put(key, Action(key, "another application", "order", ACTIVITY))
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
