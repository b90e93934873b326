"""Structures that show what templates can hold: states, loops, nodes, size, code.

Who has left is named in seven of them, and a step that only they could take in one.
"""

from typing import Any

from sandbox.scenarios.people import FINANCE, LEAVER, LEGAL, SALES
from sandbox.scenarios.templates import (
    Node,
    activity,
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

_LEAVER = f"user_{LEAVER}"
_SALES, _FINANCE, _LEGAL = f"group_d{SALES}", f"group_dr{FINANCE}", f"group_d{LEGAL}"


def every_parameter() -> Node:
    """Write an approval that shows some of what the start was given."""
    told = "Изделие «{=Template:Article}», {=Template:Quantity} шт., срок {=Template:Due}."
    return sequence(
        state("Заявка проверяется"),
        approve(
            "Проверить заявку на изделие",
            ["{=Template:Engineer}", "{=Template:Team}"],
            [state("Заявка принята"), delay(amount=30, title="Изготовление")],
            [state("Заявка отклонена")],
            Description=told,
            ApproveType="any",
        ),
    )


#: Yes and no are written in the three ways that templates in the wild have.
EVERY_PARAMETER: dict[str, dict[str, Any]] = {
    "Article": parameter("Артикул", "string", Required="1", Description="Как в спецификации"),
    "Purpose": parameter("Назначение", "text", "Для клиента", Options=""),
    "Urgent": parameter("Срочно", "bool", "N", Required="Y"),
    "Quantity": parameter("Количество", "int", "1", Required=True, Multiple=False),
    "Price": parameter("Цена, ₽", "double", "0"),
    "Kind": parameter(
        "Вид изделия",
        "select",
        "s",
        Required="1",
        Options={"s": "Серийное", "u": "Единичное", "0": "Опытный образец"},
    ),
    "Workshops": parameter(
        "Цеха",
        "select",
        ["1"],
        Multiple="1",
        Options={"1": "Механический", "2": "Сборочный", "3": "Покрасочный"},
    ),
    "Due": parameter("Срок", "date", Required="1"),
    "Meeting": parameter("Совещание", "datetime"),
    "Engineer": parameter("Конструктор", "user", ["user_44"], Required="1"),
    "Team": parameter("Рабочая группа", "user", ["user_45", "user_47"], Multiple="Y"),
    "Drawing": parameter("Чертёж", "file", None),
    "Client": parameter(
        "Клиент",
        "E:ECrm",
        None,
        Options={"LEAD": "N", "CONTACT": "Y", "COMPANY": "Y", "DEAL": "N"},
        Multiple="0",
    ),
    "Place": parameter("Адрес монтажа", "UF:address", None),
    "Budget": parameter("Бюджет", "S:Money", "", Settings={"currency": "RUB"}),
}


def without_waiting() -> Node:
    """Write a template that ends at once."""
    number = "D-{=Document:ID}/{=System:Date}"
    return sequence(
        activity("SetVariableActivity", title="Make the number", VariableValue={"Number": number}),
        activity(
            "SetFieldActivity",
            title="Write it into the deal",
            FieldValue={"UF_CRM_CONTRACT": "{=Variable:Number}"},
            ModifiedBy=["author"],
        ),
        notify("The contract number is {=Variable:Number}", ["author"]),
        state("Number assigned"),
    )


# -- states -------------------------------------------------------------------------------------


def _state(name: str, title: str, *parts: Node) -> Node:
    permission = {"W": ["responsible"], "R": [_SALES]}
    return {**activity("StateActivity", *parts, title=title, Permission=permission), "Name": name}


def _command(title: str, users: list[str], *then: Node) -> Node:
    wait = activity("HandleExternalEventActivity", title=title, Name=title, Permission=users)
    return activity("EventDrivenActivity", wait, *then, title=title)


def _after(days: int, *then: Node) -> Node:
    wait = delay(amount=days, title=f"{days} дней без ответа")
    return activity("EventDrivenActivity", wait, *then, title=f"Через {days} дней")


def _go(target: str, title: str) -> Node:
    return activity("SetStateActivity", title=title, TargetStateName=target)


def sale() -> Node:
    """Write a state machine of six states."""
    won, lost = _go("S_won", "Выиграно"), _go("S_lost", "Проиграно")
    entering = activity(
        "StateInitializationActivity",
        notify("Новая заявка: {=Document:NAME}", [_SALES]),
        activity("SetFieldActivity", title="Отметить дату", FieldValue={"UF": "{=System:Date}"}),
        title="При входе",
    )
    released = approve(
        "Angebot freigeben",
        ["user_4", _LEAVER],
        [notify("Das Angebot ist unterwegs", ["author"]), _go("S_talks", "Переговоры")],
        [_go("S_checked", "Квалификация")],
        ApproveType="any",
    )
    return activity(
        "StateMachineWorkflowActivity",
        _state(
            "S_new",
            "Новая заявка",
            entering,
            _command("Взять в работу", [_SALES], _go("S_checked", "Квалификация")),
            _after(3, lost),
        ),
        _state(
            "S_checked",
            "Квалификация",
            _command("Клиент подходит", ["responsible"], _go("S_offer", "Angebot")),
            _command("Не наш клиент", ["responsible"], lost),
        ),
        _state(
            "S_offer",
            "Angebot",
            activity(
                "EventDrivenActivity",
                activity(
                    "HandleExternalEventActivity",
                    title="Angebot ist fertig",
                    Name="Angebot ist fertig",
                    Permission=["responsible"],
                ),
                released,
                title="Freigabe",
            ),
            _after(60, lost),
        ),
        _state(
            "S_talks",
            "Переговоры",
            _command("Договор подписан", ["responsible", _LEGAL], won),
            _command("Kunde will Änderungen", ["responsible"], _go("S_offer", "Angebot")),
            _command("Отказ", ["responsible"], lost),
            activity(
                "StateFinalizationActivity",
                activity("LogActivity", title="Запись", Text="{=Document:NAME}"),
            ),
        ),
        _state(
            "S_won",
            "Выиграно",
            activity("StateInitializationActivity", notify("Поздравляем", [_SALES])),
        ),
        _state("S_lost", "Проиграно"),
        title="Продажа оборудования",
        InitialStateName="S_new",
    )


# -- loops --------------------------------------------------------------------------------------


#: An action of another application, which is served elsewhere.
FOREIGN_ACTION = "5d41402abc4b2a76b9719d911017c592"


def follow_up() -> Node:
    """Write a loop that asks until the answer is yes, and one over a list."""
    reminded = activity(
        "ListenActivity",
        activity(
            "EventDrivenActivity",
            request(
                "Liefertermin eintragen",
                ["responsible"],
                [
                    {
                        "Name": "Confirmed",
                        "Title": "Termin bestätigt",
                        "Type": "bool",
                        "Required": "1",
                    },
                    {"Name": "Delivery", "Title": "Liefertermin", "Type": "date", "Required": "0"},
                ],
            ),
            title="Antwort",
        ),
        activity(
            "EventDrivenActivity",
            delay(amount=90, title="90 Tage gewartet"),
            notify("Lieferant antwortet nicht", ["group_d6", _LEAVER]),
            title="Frist",
        ),
        title="Auf die Antwort warten",
    )
    again = {
        "mixedcondition": [
            {
                "object": "Variable",
                "field": "Confirmed",
                "operator": "!=",
                "value": "Y",
                "joiner": "0",
            },
        ]
    }
    each = activity(
        "ForEachActivity",
        steps(
            activity(
                "MailActivity",
                title="Bestellung ändern",
                MailUserToArray=["{=A_each:Value}"],
                MailSubject="Position {=A_each:Key}",
                MailText="Bitte prüfen",
            )
        ),
        title="Für jede Position",
        Object="Variable",
        Variable="Positions",
    )
    return sequence(
        activity(
            "WhileActivity",
            steps(notify("Bitte Liefertermin nachfragen", ["responsible"]), reminded),
            title="Bis der Termin bestätigt ist",
            **again,
        ),
        {**each, "Name": "A_each"},
        activity(
            f"rest_{FOREIGN_ACTION}",
            title="Bestellung im SAP anlegen",
            UseSubscription="Y",
            AuthUserId=["user_1"],
            order="{=Document:ID}",
        ),
        state("Bestellung bestätigt"),
    )


# -- nodes --------------------------------------------------------------------------------------


def _block(node: Node, name: str, x: int, y: int, *, outputs: int = 1) -> Node:
    ports = {"input": ["i0"], "output": [f"o{number}" for number in range(outputs)]}
    return {**node, "Name": name, "Node": {"position": {"x": x, "y": y}, "ports": ports}}


def claim() -> Node:
    """Write a node template in which a lawyer sends the claim back."""
    lawyer = approve("Проверить условия рекламации", [_LEGAL], [], [], ApproveType="any")
    head = approve("Решение руководителя", ["user_53", _LEAVER], [], [], ApproveType="any")
    blocks = [
        _block(activity("DocumentCreatedTrigger", title="Рекламация создана"), "N1", 40, 200),
        _block(
            request(
                "Описать дефект",
                ["author"],
                [{"Name": "Defect", "Title": "Дефект", "Type": "text", "Required": "1"}],
            ),
            "N2",
            340,
            200,
        ),
        _block({**lawyer, "Children": []}, "N3", 640, 200, outputs=2),
        _block(notify("Уточните описание", ["author"]), "N4", 640, 420),
        _block({**head, "Children": []}, "N5", 940, 200, outputs=2),
        _block(
            activity("CrmChangeStatusActivity", title="Сменить стадию", TargetStatus="WON"),
            "N6",
            1240,
            120,
        ),
        _block(state("В рекламации отказано"), "N7", 1240, 300),
        _block(
            activity("EmptyBlockActivity", title="Разбор рекламации"), "F1", 600, 140, outputs=0
        ),
    ]
    links = [
        ["N1:o0", "N2:i0", 1],
        ["N2:o0", "N3:i0", 2],
        ["N3:o0", "N5:i0", 3],
        ["N3:o1", "N4:i0", 4],
        ["N4:o0", "N2:i0", 5],
        ["N5:o0", "N6:i0", 6],
        ["N5:o1", "N7:i0", 7],
    ]
    return activity("NodeWorkflowActivity", *blocks, title="Рекламация", Links=links)


# -- size ---------------------------------------------------------------------------------------

ACTIVITIES = 200


def size(root: Node) -> int:
    """Return how many activities a template has, the root among them."""
    return 1 + sum(size(child) for child in root["Children"])


def _check(number: int) -> list[Node]:
    people = ["user_24", _LEAVER] if number == 4 else [f"user_{21 + number % 6}"]
    off = {**notify("Старое уведомление", [_FINANCE]), "Activated": "N"}
    sent = activity(
        "SocNetMessageActivity",
        title="Сообщение",
        MessageText="Участок {=System:Date}",
        MessageUserFrom=["user_1"],
        MessageUserTo=[_FINANCE],
    )
    del sent["Activated"]
    return [
        state(f"Участок {number}"),
        parallel(
            steps(review(f"Сверить остатки, участок {number}", people), sent, off),
            steps(
                approve(
                    f"Утвердить проводки, участок {number}",
                    people,
                    [
                        activity(
                            "SetFieldActivity", title="Отметить", FieldValue={"SORT": str(number)}
                        )
                    ],
                    [notify("Исправьте проводки", ["author"]), delay(amount=1)],
                ),
                activity(
                    "Task2Activity",
                    title="Подготовить папку",
                    Fields={"RESPONSIBLE_ID": people, "TITLE": f"Папка {number}"},
                ),
            ),
        ),
        activity("LogActivity", title="Журнал", Text=f"Участок {number} закрыт", SetVariable="0"),
    ]


def closing() -> Node:
    """Write two hundred activities, many of them side by side."""
    first = review(
        "Начать закрытие месяца", ["user_21"], EditorComment="Запускает главный бухгалтер"
    )
    parts = [first]
    for number in range(1, 12):
        parts.extend(_check(number))
    last = [
        activity("GetUserActivity", title="Найти руководителя", UserType="boss", MaxLevel="1"),
        activity("AiAgentActivity", title="Сводка от помощника"),
        activity(
            "StartWorkflowActivity",
            title="Передать на оплату",
            TemplateId="6",
            DocumentId="{=Document:ID}",
            TemplateParameters={"Amount": "0"},
        ),
        state("Месяц закрыт"),
    ]
    missing = ACTIVITIES - size(sequence(*parts, *last))
    parts += [
        activity("LogActivity", title=f"Отметка {number + 1}", Text="Готово")
        for number in range(missing)
    ]
    return sequence(*parts, *last)


CONDITIONS = 60


def tariff() -> Node:
    """Ask sixty times, each time inside the branch that the question before has left over."""
    # The deepest one names nobody who is still there: who gets so far stops.
    inner: list[Node] = [approve("Назначить особый тариф", [_LEAVER], [], [])]
    for number in range(CONDITIONS, 0, -1):
        upto = str(number * 1_000)
        inner = [
            choice(
                branch(
                    activity(
                        "SetVariableActivity",
                        title=f"Тариф {number}",
                        VariableValue={"Tariff": str(number)},
                    ),
                    when=["Volume", "<", upto, 0],
                ),
                branch(*inner),
            )
        ]
    return sequence(
        *inner,
        approve(
            "Подтвердить тариф {=Variable:Tariff}",
            ["responsible"],
            [state("Тариф назначен")],
            [state("Тариф отклонён")],
        ),
    )


REGIONS = (
    "Москва",
    "Санкт-Петербург",
    "Урал",
    "Сибирь",
    "Дальний Восток",
    "Юг",
    "Berlin",
    "Hamburg",
    "München",
    "London",
    "Hanoi",
)


def routing() -> Node:
    """Write a condition of twelve branches, one of which calls a foreign address."""
    told = activity(
        "WebHookActivity",
        title="Tell the dispatcher",
        Handler="https://dispatch.partner.example/hook/9f2c6b1e7a?deal={=Document:ID}",
    )
    branches = []
    for number, region in enumerate(REGIONS):
        same = {
            "field": "Region",
            "object": "Template",
            "operator": "=",
            "value": region,
            "joiner": 0,
        }
        one = branch(review(f"Accept the deal: {region}", [f"user_{4 + number}"]))
        one["Properties"] = {"Title": region, "mixedcondition": [same]}
        branches.append(one)
    other = branch(review("Accept the deal: other regions", ["{=Constant:Dispatcher}"]), told)
    other["Properties"]["Title"] = "Other regions"
    return sequence(choice(*branches, other), delay(until="{=System:Now}"), state("Routed"))


def to_accounting() -> Node:
    """Write a template that runs PHP code and calls a foreign address."""
    code = """$rootActivity = $this->GetRootActivity();
$client = new SoapClient('https://1c.nordwind.example/ws?wsdl', ['password' => 'Zima-2019']);
$rootActivity->SetVariable('Exported', $client->Push($rootActivity->GetDocumentId()));
"""
    return sequence(
        review("Проверить реквизиты перед выгрузкой", ["{=Template:Checker}"]),
        activity("CodeActivity", title="Выгрузить в 1С", ExecuteCode=code),
        activity(
            "WebHookActivity",
            title="Сообщить складу",
            Handler="http://warehouse.nordwind.example/in",
        ),
        choice(
            branch(state("Выгружено"), when=["Exported", "!empty"]),
            branch(activity("TerminateActivity", title="Прервать", StateTitle="Ошибка выгрузки")),
        ),
    )
