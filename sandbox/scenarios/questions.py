"""What the demo's approvers are asked: one question for every way a workflow task can look."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.engine.kinds import APPROVE, EXTERNAL, OPTIONAL, REQUEST, REVIEW
from sandbox.scenarios import descriptions
from sandbox.state.records import ANSWER_CANCEL, ANSWER_NO, ANSWER_OK, ANSWER_YES

OVERDUE, TODAY, LATER, NEVER = "overdue", "today", "later", ""
SUBORDINATES, EVERYBODY, NOBODY, EXACTLY_NOBODY = "0", "1", "2", "3"
#: The catalogue's numbers of the templates these questions are asked by.
_CONTRACT, _DISCOUNT, _LEAD, _VACATION, _TRIP, _INVOICE, _MAIL, _SUPPLIER = range(1, 9)
_EQUIPMENT, _CLAIM, _READING = 9, 10, 11


@dataclass(frozen=True)
class Question:
    """One question: its template, its activity, who else is asked and what they have said."""

    template: int
    kind: str
    name: str
    deadline: str = NEVER
    delegation: str = SUBORDINATES
    others: int = 0
    answered: tuple[int, ...] = ()
    properties: dict[str, Any] = field(default_factory=dict)


QUESTIONS = (
    Question(
        _INVOICE, APPROVE, "Утвердить счёт на 184 300 ₽", OVERDUE,
        properties={
            "Description": descriptions.BBCODE, "CommentRequired": "YR",
            "CommentLabelMessage": "Причина отказа", "TaskButton1Message": "Утвердить",
            "TaskButton2Message": "Вернуть на доработку",
        },
    ),
    Question(
        _LEAD, REQUEST, "Заполнить карточку клиента", LATER,
        properties={
            "Description": "Данные нужны для подготовки договора по «{=Document:NAME}».",
            "RequestedInformation": descriptions.CARD, "TaskButtonMessage": "Отправить",
        },
    ),
    Question(
        _TRIP, APPROVE, "Dienstreise genehmigen", TODAY, EVERYBODY,
        properties={
            "Description": descriptions.HTML, "CommentRequired": "Y",
            "CommentLabelMessage": "Begründung", "TaskButton1Message": "Genehmigen",
            "TaskButton2Message": "Ablehnen",
        },
    ),
    Question(
        _READING, REVIEW, "Прочитать новый регламент", LATER, EVERYBODY,
        properties={
            "Description": "Файл: {=Document:NAME}", "TaskButtonMessage": "Ознакомлен",
            "ShowComment": "N",
        },
    ),
    Question(
        _SUPPLIER, APPROVE, "Approve the supplier", LATER, NOBODY,
        properties={
            "Description": "Please check the *bank details* of {=Document:NAME}.",
            "CommentRequired": "YA", "CommentLabelMessage": "What was checked",
            "TaskButton1Message": "Sign off", "TaskButton2Message": "Send back",
        },
    ),
    Question(
        _DISCOUNT, OPTIONAL, "Предложить условия скидки", TODAY,
        properties={
            "Description": "Можно отказаться, указав причину.",
            "RequestedInformation": descriptions.DISCOUNT, "CommentRequired": "YR",
            "CommentLabelMessage": "Комментарий", "TaskButtonMessage": "Предложить",
            "TaskButtonCancelMessage": "Не участвую",
        },
    ),
    Question(
        _CONTRACT, APPROVE, "Согласовать договор всем отделом", LATER, EVERYBODY, 2,
        (ANSWER_YES,),
        {"Description": descriptions.BBCODE, "ApproveType": "all", "CommentRequired": "N"},
    ),
    Question(
        _EQUIPMENT, EXTERNAL, "Подтвердить получение оборудования", NEVER,
        properties={"Description": "Нажмите кнопку, когда оборудование получено."},
    ),
    Question(
        _CLAIM, APPROVE, 'Decide on the claim <b>"leak"</b> & co.', NEVER, EXACTLY_NOBODY,
        properties={"Description": descriptions.HOSTILE},
    ),
    Question(
        _VACATION, APPROVE, "Согласовать отпуск: решает первый", TODAY, SUBORDINATES, 2,
        properties={"ApproveType": "any", "Description": "{=Document:NAME}"},
    ),
    Question(
        _MAIL, REVIEW, "Ознакомиться с письмом и расписаться", NEVER, SUBORDINATES, 3,
        (ANSWER_OK, ANSWER_OK),
        {
            "Description": descriptions.HTML, "ApproveType": "all", "CommentRequired": "Y",
            "CommentLabelMessage": "Что сделано",
        },
    ),
    Question(
        _CONTRACT, APPROVE, "Голосование по условиям договора", LATER, EVERYBODY, 4,
        (ANSWER_YES, ANSWER_NO),
        {
            "ApproveType": "vote", "ApproveMinPercent": "60", "CommentRequired": "YR",
            "Description": "Договор будет заключён, если за него более 60 % голосов.",
        },
    ),
    Question(
        _CLAIM, REQUEST, "Tell the customer's expectations", OVERDUE, EVERYBODY,
        properties={
            "RequestedInformation": descriptions.CLAIM, "CommentRequired": "Y",
            "CommentLabelMessage": "Source", "TaskButtonMessage": "Submit",
        },
    ),
    Question(
        _EQUIPMENT, OPTIONAL, "Propose a cheaper model", LATER, EVERYBODY, 2, (ANSWER_CANCEL,),
        {
            "RequestedInformation": descriptions.MODEL, "CancelType": "all", "SaveVariables": "Y",
            "TaskButtonMessage": "Propose", "TaskButtonCancelMessage": "I know none",
        },
    ),
    Question(
        _CONTRACT, APPROVE, "Дополнительное соглашение № 7", OVERDUE, NOBODY,
        properties={"Description": descriptions.LONG, "CommentRequired": "N"},
    ),
    Question(
        _DISCOUNT, APPROVE, "Скидка 5 %", NEVER, EVERYBODY, properties={"ShowComment": "N"}
    ),
)  # fmt: skip
