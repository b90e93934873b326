"""Descriptions and forms of the demo's questions: marked up, long, hostile, of every type."""

from typing import Any

BBCODE = """[b]Проверьте сумму и реквизиты[/b] по документу [i]{=Document:NAME}[/i].
Что сделать:
[list]
[*]сверить сумму с [url=https://nordwind.example/contracts/184]договором[/url];
[*]уточнить срок у [user=21]Галины Романовой[/user];
[*][s]позвонить поставщику[/s] [u]уже сделано[/u].
[/list]
Вопросы: [url]https://nordwind.example/help[/url]"""

HTML = """<p>Bitte <b>bis heute Abend</b> entscheiden, <i>{=Document:NAME}</i>:</p>
<ul><li>Hotel: <u>zwei</u> Nächte</li><li>Bahn <s>1. Klasse</s> 2. Klasse</li></ul>
<ol><li>Budget prüfen</li><li>freigeben</li></ol>
<p>Fragen an <a href="/company/personal/user/53/">Stefan Müller</a>,
siehe <a href="https://nordwind.example/reisen?jahr=2026&amp;ort=HH">Richtlinie</a>.<br>Danke!</p>"""

HOSTILE = """The customer wrote: <script>alert('from the description')</script>
<img src=x onerror="alert(1)"> <a href="javascript:alert(2)">photo of the leak</a>
[url=javascript:alert(3)]second photo[/url] [img]https://nordwind.example/x" onerror="alert(4)[/img]
<a href="https://nordwind.example/" onmouseover="alert(5)" style="position:fixed;inset:0">click</a>
<iframe src="https://nordwind.example/"></iframe> <svg onload=alert(6)> </td></tr></table></div>
[b]unclosed [i]tags <b>of both <i>kinds & an & sign, "quotes", 'quotes' \u202e reversed"""

_CLAUSE = (
    "{n}. Стороны договорились изложить пункт {n}.{n} договора в новой редакции: поставка "
    "осуществляется партиями по согласованному графику, изменение которого возможно не позднее "
    "чем за десять рабочих дней до даты отгрузки; приёмка производится по количеству и качеству в "
    "соответствии с приложением № {n}, а расчёты — в течение тридцати календарных дней после "
    "подписания универсального передаточного документа."
)
LONG = (
    "[b]Дополнительное соглашение № 7[/b] к «{=Document:NAME}»\n\n"
    + "\n\n".join(_CLAUSE.format(n=number) for number in range(1, 13))
    + "\n\nОченьДлинноеСловоБезПробелов" * 3
    + "_" * 200
)


def _asked(key: str, title: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "Name": key,
        "Title": title,
        "Type": kind,
        "Required": "0",
        "Multiple": "0",
        "Description": "",
        "Default": "",
        "Options": None,
        **more,
    }


_SEGMENTS = {"a": "Крупный", "b": "Средний", "c": "Малый"}
_CHANNELS = {"mail": "Почта", "phone": "Телефон", "visit": "Визит", "fair": "Выставка"}
_BOUND = {"LEAD": "N", "CONTACT": "Y", "COMPANY": "Y", "DEAL": "N", "DYNAMIC_147": "N"}

#: Every type of field the portal has, and one that no client can know.
CARD = [
    _asked("Budget", "Бюджет клиента", "double", Required="1", Description="В рублях, без НДС"),
    _asked("Urgent", "Срочно", "bool", Default="N"),
    _asked("Start", "Начало работ", "date", Required="1"),
    _asked("Meeting", "Встреча", "datetime", Default="2027-02-01T10:00:00+03:00"),
    _asked("Units", "Количество", "int", Default="1", Required="1"),
    _asked("Segment", "Сегмент", "select", Options=_SEGMENTS, Default="b", Required="1"),
    _asked("Channels", "Каналы связи", "select", Options=_CHANNELS, Multiple="1"),
    _asked("Number", "Номер договора", "string", Description="Как в бухгалтерии"),
    _asked("Aliases", "Другие названия", "string", Multiple="1", Default=["Ромашка", "ROMASHKA"]),
    _asked("Need", "Потребность", "text", Required="1"),
    _asked("Manager", "Ответственный", "user", Default="user_6", Required="1"),
    _asked("Watchers", "Наблюдатели", "user", Multiple="1"),
    _asked("Scan", "Скан договора", "file"),
    _asked("Photos", "Фотографии объекта", "file", Multiple="1"),
    _asked("Client", "Клиент", "E:ECrm", Options=_BOUND, Default=["C_607"]),
    _asked("Address", "Адрес объекта", "UF:address"),
]
DISCOUNT = [
    _asked("Percent", "Процент скидки", "int", Required="1", Default="5"),
    _asked("Until", "Действует до", "date"),
    _asked("Reason", "Обоснование", "text"),
]
CLAIM = [
    _asked("Wish", "What the customer wants", "select", Required="1",
           Options={"repair": "Repair", "replace": "Replacement", "refund": "Refund"}),
    _asked("Amount", "Amount in EUR", "double"),
    _asked("Photos", "Photos", "file", Multiple="1"),
    _asked("Seen", "Seen on site", "bool", Required="1"),
]  # fmt: skip
MODEL = [
    _asked("Model", "Model", "string", Required="1"),
    _asked("Price", "Price", "double", Required="1"),
    _asked("Shop", "Link to the shop", "string", Default="https://"),
]
