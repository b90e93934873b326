"""Every vendor method we know: whether it reads or writes, its scope, and its page.

The reader refuses whatever is not a read here, so a method missing from this table cannot be
called at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

DOCUMENTATION: Final = "https://apidocs.bitrix24.com/"


class Access(StrEnum):
    """Whether a method changes the portal."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One vendor method. `scopes` are alternatives: any one of them is enough; none = no need."""

    name: str
    access: Access
    scopes: tuple[str, ...]
    page: str

    @property
    def is_write(self) -> bool:
        """Return whether the method changes the portal."""
        return self.access is Access.WRITE

    @property
    def address(self) -> str:
        """Return the address of the vendor's page about it."""
        return DOCUMENTATION + self.page


def _bizproc(access: Access, name: str, folder: str = "") -> Method:
    page = f"api-reference/bizproc/{folder}{name.replace('.', '-')}.html"
    return Method(name=name, access=access, scopes=("bizproc",), page=page)


def _read(name: str, page: str, *scopes: str) -> Method:
    return Method(
        name=name, access=Access.READ, scopes=scopes, page=f"api-reference/{page}/{name}.html"
    )


def _event(access: Access, name: str) -> Method:
    page = f"api-reference/events/{name.replace('.', '-')}.html"
    return Method(name=name, access=access, scopes=(), page=page)


_TASK, _TEMPLATE = "bizproc-task/", "template/"
_ACTIVITY, _ROBOT = "bizproc-activity/", "bizproc-robot/"
_USER_SCOPES: Final = ("user", "user_basic", "user_brief")

METHODS: Final[Mapping[str, Method]] = {
    method.name: method
    for method in (
        _bizproc(Access.READ, "bizproc.workflow.instances"),
        _bizproc(Access.READ, "bizproc.workflow.instance.list"),
        _bizproc(Access.WRITE, "bizproc.workflow.start"),
        _bizproc(Access.WRITE, "bizproc.workflow.terminate"),
        _bizproc(Access.WRITE, "bizproc.workflow.kill"),
        _bizproc(Access.READ, "bizproc.workflow.template.list", _TEMPLATE),
        _bizproc(Access.WRITE, "bizproc.workflow.template.add", _TEMPLATE),
        _bizproc(Access.WRITE, "bizproc.workflow.template.update", _TEMPLATE),
        _bizproc(Access.WRITE, "bizproc.workflow.template.delete", _TEMPLATE),
        _bizproc(Access.READ, "bizproc.task.list", _TASK),
        _bizproc(Access.WRITE, "bizproc.task.complete", _TASK),
        _bizproc(Access.WRITE, "bizproc.task.delegate", _TASK),
        _bizproc(Access.READ, "bizproc.activity.list", _ACTIVITY),
        _bizproc(Access.WRITE, "bizproc.activity.add", _ACTIVITY),
        _bizproc(Access.WRITE, "bizproc.activity.update", _ACTIVITY),
        _bizproc(Access.WRITE, "bizproc.activity.delete", _ACTIVITY),
        _bizproc(Access.WRITE, "bizproc.activity.log", _ACTIVITY),
        _bizproc(Access.READ, "bizproc.robot.list", _ROBOT),
        _bizproc(Access.WRITE, "bizproc.robot.add", _ROBOT),
        _bizproc(Access.WRITE, "bizproc.robot.update", _ROBOT),
        _bizproc(Access.WRITE, "bizproc.robot.delete", _ROBOT),
        _bizproc(Access.WRITE, "bizproc.event.send", _ROBOT),
        _event(Access.READ, "event.get"),
        _event(Access.WRITE, "event.bind"),
        _event(Access.WRITE, "event.unbind"),
        _event(Access.WRITE, "event.test"),
        _read("user.get", "user", *_USER_SCOPES),
        _read("user.current", "user", *_USER_SCOPES),
        _read("department.get", "departments", "department"),
        _read("user.admin", "common/users"),
        _read("profile", "common/users"),
        _read("app.info", "common/system"),
        _read("scope", "common/system"),
        _read("methods", "common/system"),
        _read("method.get", "common/system"),
        _read("server.time", "common/system"),
    )
}


def is_read(name: str) -> bool:
    """Return whether a method is known to change nothing."""
    method = METHODS.get(name)
    return method is not None and not method.is_write
