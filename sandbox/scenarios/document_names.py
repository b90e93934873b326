"""Names of the demo's documents: deals, leads, requests, letters and files."""

import random

from sandbox.state.portal import Portal
from sandbox.state.records import Document, DocumentId

_CLIENTS = (
    "ООО «Ромашка»", "АО «Северсталь-Метиз»", "ПАО «Уралмашзавод»", "ООО «Балтийский терминал»",
    "ИП Гаврилов А. С.", "ООО «ТехноСнаб»", "ЗАО «Полярная звезда»", "ООО «Агрокомплекс Юг»",
    "Müller Maschinenbau GmbH", "Hanseatische Werft AG", "Köhler & Söhne KG",
    "Brightwater Ltd", "Northgate Logistics plc", "Evergreen Foods Inc.", "ООО «Медтехника+»",
    "Фонд «Открытые возможности»", "ООО «Строймонтаж-2000»", "Rheinische Pumpenwerke GmbH",
)  # fmt: skip
_GOODS = (
    "Поставка насосного оборудования", "Монтаж вентиляции", "Годовое сопровождение",
    "Spare parts, framework agreement", "Lieferung von Förderbändern", "Аренда складских площадей",
    "Модернизация котельной", "Service contract renewal", "Пусконаладочные работы",
    "Поставка кабельной продукции", "Wartungsvertrag Kompressoren", "Laboratory equipment",
)  # fmt: skip
_LONG = (
    " (с учётом дополнительного соглашения № 7 о переносе сроков поставки, протокола разногласий и"
    " спецификаций №№ 12–18, включая шеф-монтаж, обучение персонала и гарантийное обслуживание)"
)
_LEADS = (
    "Заявка с сайта",
    "Входящий звонок",
    "Выставка «Металлообработка»",
    "Web form",
    "Messe Köln",
)
_LETTERS = (
    "Претензия",
    "Запрос документов",
    "Письмо налоговой инспекции",
    "Коммерческое предложение",
)
_TRIPS = ("Hamburg", "Санкт-Петербург", "München", "Екатеринбург", "Leipzig", "London", "Казань")
_THINGS = (
    "Ноутбук Lenovo ThinkPad",
    'Монитор 27"',
    "Сервер Dell R650",
    "Погрузчик Linde",
    "Принтер этикеток",
)
_FILES = (
    "Регламент охраны труда",
    "Политика информационной безопасности",
    "Handbuch Lager",
    "Price list",
)


def name(kind: DocumentId, rng: random.Random, *, number: int, starter: str) -> str:
    """Make a believable name for a document of a type."""
    client, goods = rng.choice(_CLIENTS), rng.choice(_GOODS)
    match kind[2]:
        case "DEAL":
            long = _LONG if rng.random() < 0.03 else ""
            return f"{goods} — {client}{long}"
        case "LEAD":
            return f"{rng.choice(_LEADS)}: {client}"
        case "iblock_31":
            return f"Отпуск: {starter}, {rng.choice((7, 14, 21, 28))} дн."
        case "iblock_32":
            return f"Dienstreise {rng.choice(_TRIPS)}, {starter}"
        case "iblock_33":
            return f"Счёт № {rng.randrange(100, 99_000)} от {client}"
        case "iblock_41":
            return f"{rng.choice(_LETTERS)}, вх. № {number}/{rng.randrange(1, 99)} ({client})"
        case "iblock_42":
            return client
        case "DYNAMIC_147":
            return f"{rng.choice(_THINGS)} — {starter}"
        case "DYNAMIC_152":
            return f"Reklamation {2024_000 + number}: {client}"
        case _:
            return f"{rng.choice(_FILES)} v{rng.randrange(1, 9)}.{rng.choice(('pdf', 'docx'))}"


def add(portal: Portal, kind: DocumentId, rng: random.Random, starter: int) -> Document:
    """Make a document of a type, owned by whoever starts a workflow on it."""
    number = portal.next_number("document")
    module, entity, place = kind
    key = f"{place}_{number}" if module == "crm" else str(number)
    title = name(kind, rng, number=number, starter=portal.users[starter].full_name)
    document = Document((module, entity, key), kind, title, starter, starter)
    portal.documents.put(document.id, document)
    return document
