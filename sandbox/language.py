"""What the portal says in its own language: captions, states, and why it refuses.

Only the engine and the rules of delegation speak the portal's language; error codes and the texts
of the REST layer are English everywhere.
"""

LANGUAGES = ("en", "ru")

_TEXTS = {
    # -- the engine ---------------------------------------------------------------------------
    "not found": ("The business process is not found.", "Бизнес-процесс не найден."),
    "busy": (
        "The workflow is hung or being executed",
        "Бизнес-процесс завис или уже выполняется",
    ),
    "aborted": ("Execution aborted", "Выполнение прервано"),
    "no users": (
        "The 'Users' property is not specified.",
        "Не указано свойство «Пользователи».",
    ),
    "no task name": (
        "The 'Task Name' property is not specified.",
        "Не указано свойство «Название задания».",
    ),
    "template in use": (
        "Cannot delete the business process template because one or more active business "
        "process(es) exist using this template.",
        "Нельзя удалить шаблон бизнес-процесса, так как существуют запущенные по нему процессы.",
    ),
    "run recursively": (
        "Template cannot be run recursively",
        "Шаблон не может быть запущен рекурсивно",
    ),
    "too many processes": (
        "An element can be handled by {number} processes at most.",
        "По одному элементу может выполняться не более {number} процессов.",
    ),
    "too many steps": (
        "Too many steps without waiting.",
        "Слишком много шагов без ожидания.",
    ),
    "no such activity": (
        "Activity {type} is not found.",
        "Действие {type} не найдено.",
    ),
    "no action": ("No action specified.", "Не указано действие."),
    "invalid action": ("Invalid action selected.", "Выбрано неверное действие."),
    "comment required": (
        "The '{label}' field is required.",
        "Поле '{label}' обязательно для заполнения.",
    ),
    "value required": (
        "The required value {name} is missing.",
        "Обязательное значение {name} не указано.",
    ),
    # -- captions and states ------------------------------------------------------------------
    "comment": ("Notes", "Комментарий"),
    "yes": ("Accept", "Утвердить"),
    "no": ("Decline", "Отклонить"),
    "done": ("Done", "Ознакомлен"),
    "save": ("Save", "Сохранить"),
    "cancel": ("Decline", "Отказаться"),
    "approving": (
        "Participated #PERC#% (#REV# of #TOT#)",
        "Проголосовало #PERC#% (#REV# из #TOT#)",
    ),
    "reviewing": (
        "Participated #PERC#% (#REV# of #TOT#)",
        "Ознакомлено #PERC#% (#REV# из #TOT#)",
    ),
    "waiting for application": (
        "Waiting for application response",
        "Ожидание ответа от приложения",
    ),
    # -- delegation ---------------------------------------------------------------------------
    "select task": (
        "Select the assignment to delegate.",
        "Выберите задание для делегирования.",
    ),
    "employees only": (
        "Assignments can only be delegated across intranet users.",
        "Делегировать задания могут только сотрудники и только сотрудникам.",
    ),
    "not head": (
        "You cannot delegate assignments of the selected employee because they are not your "
        "subordinate.",
        "Нельзя делегировать задания выбранного сотрудника: он не является вашим подчинённым.",
    ),
    # The vendor's own spelling.
    "not responsible": (
        "The user is not responsible for this assigment.",
        "Пользователь не является ответственным за это задание.",
    ),
    "not subordinate": (
        "The selected employee is not your subordinate.",
        "Выбранный сотрудник не является вашим подчинённым.",
    ),
    "prohibited": (
        "Assignment cannot be delegated because delegation is prohibited in the assignment "
        "preferences.",
        "Задание нельзя делегировать: делегирование запрещено в его настройках.",
    ),
    "participant": (
        "The selected employee is already a participant.",
        "Выбранный сотрудник уже участвует в задании.",
    ),
    "named not subordinate": (
        'Assignment "{name}" cannot be delegated because the selected employee is not your '
        "subordinate.",
        "Задание «{name}» нельзя делегировать: выбранный сотрудник не является вашим подчинённым.",
    ),
    "named prohibited": (
        'Assignment "{name}" cannot be delegated because delegation is prohibited in the '
        "assignment preferences.",
        "Задание «{name}» нельзя делегировать: делегирование запрещено в его настройках.",
    ),
    "named participant": (
        'Assignment "{name}" cannot be delegated because the selected employee is already a '
        "participant.",
        "Задание «{name}» нельзя делегировать: выбранный сотрудник уже участвует в нём.",
    ),
}


def text(language: str, key: str, **values: str) -> str:
    """Return a text in a language, its gaps filled."""
    found = _TEXTS[key][LANGUAGES.index(language)]
    for name, value in values.items():
        found = found.replace("{" + name + "}", value)
    return found
