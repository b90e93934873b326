"""The ready-made automation rule by which a template makes the console read its workflow again."""

from typing import Any, Final

#: By this code its calls are known.
CODE: Final = "tell_console"


def definition(handler: str) -> dict[str, Any]:
    """Return what it is registered with (bizproc.robot.add), but for its CODE.

    handler is the address that the portal calls. The names are the portal's own, in its languages.
    """
    return {
        "HANDLER": handler,
        "USE_SUBSCRIPTION": "N",
        "NAME": {
            "en": "Tell the console",
            "de": "Konsole benachrichtigen",
            "ru": "Сообщить консоли",
        },
        "DESCRIPTION": {
            "en": "The console reads this workflow again at once. The workflow does not wait.",
            "de": "Die Konsole liest diesen Workflow sofort neu. Der Workflow wartet nicht.",
            "ru": "Консоль сразу перечитает этот бизнес-процесс. Процесс не ждёт.",
        },
    }
