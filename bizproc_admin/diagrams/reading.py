"""Reading a decoded structure into steps, whatever shape it arrives in, and without recursion."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bizproc_admin.diagrams.conditions import condition_of
from bizproc_admin.diagrams.expressions import is_source, reference, whole
from bizproc_admin.diagrams.kinds import kind_of
from bizproc_admin.diagrams.steps import (
    ASKING,
    Asking,
    Condition,
    Definition,
    Kind,
    Link,
    Span,
    Step,
    Who,
)
from bizproc_admin.diagrams.values import is_on, mapping, number, sequence, several, text

MOST_STEPS, MOST_DEPTH = 20_000, 512
# what holds columns side by side: each of their children is one
SIDE_BY_SIDE = frozenset({Kind.CHOICE, Kind.PARALLEL, Kind.LISTEN, *ASKING})
UNITS = frozenset("smhd")
RECEIVERS = ("MessageUserTo", "MailUserToArray", "MailUserTo")


class Unreadable(Exception):
    """A structure that cannot be shown: code is "empty", "too_many" or "too_deep"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class _Node:
    raw: Mapping[str, object]
    kind: Kind
    depth: int
    is_active: bool
    place: int = 0
    outcome: str = ""
    children: list[int] = field(default_factory=list)


def read(structure: object) -> Step:
    """Return the root of a structure: a list with one activity, or that activity itself.

    An activity is {Type, Name, Activated?, Properties, Children, Node?} as
    `bizproc.workflow.template.list` answers it. What is missing or of another shape is read as
    nothing; unknown activities stay. Raises Unreadable.
    """
    nodes = _listed(_root_of(structure))
    made: dict[int, Step] = {}
    for key in range(len(nodes) - 1, -1, -1):
        node = nodes[key]
        made[key] = _step(key, node, tuple(made[child] for child in node.children))
    return made[0]


def definitions(listed: object) -> tuple[Definition, ...]:
    """Return parameters, variables or constants: a map of id and definition, in any shape."""
    if not isinstance(listed, Mapping):
        return ()
    found = []
    for key, value in listed.items():
        one = mapping(value)
        found.append(
            Definition(
                id=str(key),
                name=text(one.get("Name")) or str(key),
                type=text(one.get("Type")),
                description=text(one.get("Description")),
                is_required=is_on(one.get("Required")),
                is_multiple=is_on(one.get("Multiple")),
                options=_options(one.get("Options")),
                default=tuple(text(each) for each in several(one.get("Default"))),
            )
        )
    return tuple(found)


def who(value: object) -> tuple[Who, ...]:
    """Return the people a property names: user_N, groups, roles, references, or a pair of one."""
    given = several(value)
    if len(given) == 2 and all(isinstance(one, str) for one in given) and is_source(str(given[0])):
        return (Who("reference", reference=reference(str(given[0]), str(given[1]))),)
    return tuple(_one_of(one) for one in given)


def _root_of(structure: object) -> Mapping[str, object]:
    if isinstance(structure, Mapping) and "Type" in structure:
        return mapping(structure)
    for one in sequence(structure):
        if isinstance(one, Mapping) and one:
            return mapping(one)
    raise Unreadable("empty")


def _listed(root: Mapping[str, object]) -> list[_Node]:
    """Return all activities in reading order, each with the places of its children."""
    nodes: list[_Node] = []
    waiting: list[tuple[object, int, int]] = [(root, -1, 0)]
    while waiting:
        raw, above, place = waiting.pop()
        if len(nodes) >= MOST_STEPS:
            raise Unreadable("too_many")
        node = _node(mapping(raw), nodes[above] if above >= 0 else None, place)
        if node.depth > MOST_DEPTH:
            raise Unreadable("too_deep")
        key = len(nodes)
        nodes.append(node)
        if above >= 0:
            nodes[above].children.append(key)
        inner = sequence(node.raw.get("Children"))
        waiting.extend((one, key, at) for at, one in reversed(list(enumerate(inner))))
    return nodes


def _node(raw: Mapping[str, object], parent: _Node | None, place: int) -> _Node:
    kind = kind_of(text(raw.get("Type")))
    off = text(raw.get("Activated", "Y")).strip().upper() in ("N", "0", "FALSE")
    if parent is None:
        return _Node(raw, kind, 0, is_active=not off)
    outcome = ""
    if parent.kind in SIDE_BY_SIDE and kind in (Kind.GROUP, Kind.EVENT):
        kind = Kind.BRANCH
    if kind is Kind.GROUP and parent.kind in (Kind.LOOP, Kind.EACH):
        kind = Kind.BRANCH
    if parent.kind in ASKING and kind is Kind.BRANCH:
        outcome = ("yes", "no")[place] if place < 2 else ""
    if kind is Kind.ROOT:
        kind = Kind.GROUP
    is_active = parent.is_active and not off
    return _Node(raw, kind, parent.depth + 1, is_active, place, outcome)


def _step(key: int, node: _Node, children: tuple[Step, ...]) -> Step:
    raw, kind = node.raw, node.kind
    given = mapping(raw.get("Properties"))
    name = text(raw.get("Name"))
    return Step(
        key=key,
        kind=kind,
        type=text(raw.get("Type")),
        name=name,
        title=(text(given.get("Title")) or (name if kind is Kind.STATE else "")).strip(),
        is_active=node.is_active,
        depth=node.depth,
        comment=text(given.get("EditorComment")).strip(),
        children=children,
        asking=_asking(kind, given),
        condition=_condition(node, given),
        outcome=node.outcome,
        wait=_span(given, "TimeoutDuration") if kind is Kind.DELAY else None,
        until=text(given.get("TimeoutTime")) if kind is Kind.DELAY else "",
        to=_receivers(kind, given),
        target=_target(kind, given),
        lines=text(given.get("ExecuteCode")).strip().count("\n") + 1 if kind is Kind.CODE else 0,
        links=_links(given.get("Links")) if kind is Kind.NODES else (),
        place=_place(raw.get("Node")),
        properties=given,
    )


def _asking(kind: Kind, given: Mapping[str, object]) -> Asking | None:
    if kind not in ASKING:
        return None
    how = text(given.get("ApproveType")).strip().lower()
    if kind in (Kind.REQUEST, Kind.OPTIONAL):
        how = "first"
    elif how not in ("any", "all", "vote") or (kind is Kind.REVIEW and how == "vote"):
        how = "all"
    percent = number(given.get("ApproveMinPercent"))
    return Asking(
        users=who(given.get("Users")),
        how=how,
        percent=50 if percent is None else max(0, min(100, percent)),
        waits_for_all=is_on(given.get("ApproveWaitForAll")),
        within=_span(given, "TimeoutDuration"),
    )


def _one_of(value: object) -> Who:
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        given = several(value)
        if len(given) == 2 and all(isinstance(one, str) for one in given):
            return Who("reference", reference=reference(str(given[0]), str(given[1])))
        return Who("text", "")
    said = str(value).strip()
    lowered = said.lower()
    number_ = lowered.removeprefix("user_")
    if number_.isascii() and number_.isdecimal():
        return Who("person", number_.lstrip("0") or "0")
    if lowered.startswith("group_"):
        return Who("group", lowered)
    found = whole(said)
    if found:
        return Who("reference", reference=found)
    if lowered.isascii() and lowered.replace("_", "").isalnum():
        return Who("role", lowered)
    return Who("text", said)


def _receivers(kind: Kind, given: Mapping[str, object]) -> tuple[Who, ...]:
    if kind is Kind.TASK:
        return who(mapping(given.get("Fields")).get("RESPONSIBLE_ID"))
    if kind is Kind.COMMAND:
        return who(given.get("Permission"))
    if kind is Kind.MESSAGE:
        return next((found for name in RECEIVERS if (found := who(given.get(name)))), ())
    return ()


def _target(kind: Kind, given: Mapping[str, object]) -> str:
    if kind is Kind.JUMP:
        return text(given.get("TargetStateName")).strip()
    if kind is Kind.START:
        return text(given.get("TemplateId")).strip()
    if kind is Kind.END:
        return text(given.get("StateTitle")).strip()
    if kind is Kind.STATUS:
        return text(given.get("TargetStateTitle")).strip()
    if kind is Kind.STATES:
        return text(given.get("InitialStateName")).strip()
    if kind is Kind.EACH:
        return text(given.get("Variable")).strip()
    if kind is Kind.CALL:
        return host_of(text(given.get("Handler")))
    return ""


def host_of(address: str) -> str:
    """Return the host of an address and nothing else of it: the rest may hold a secret."""
    try:
        return urlsplit(address.strip()).hostname or ""
    except ValueError:
        return ""


def _span(given: Mapping[str, object], name: str) -> Span | None:
    amount = text(given.get(name)).strip()
    unit = text(given.get(f"{name}Type")).strip().lower()
    if not amount or amount == "0":
        return None
    return Span(amount, unit if unit in UNITS else "s")


def _condition(node: _Node, given: Mapping[str, object]) -> Condition | None:
    if node.kind not in (Kind.BRANCH, Kind.LOOP):
        return None
    found = condition_of(given)
    is_later = node.kind is Kind.BRANCH and node.place > 0
    return Condition("otherwise") if found.kind == "always" and is_later else found


def _options(value: object) -> tuple[tuple[str, str], ...]:
    if isinstance(value, str):  # one on each line, as old ones are written
        return tuple((one, one) for one in value.splitlines() if one.strip())
    return tuple((key, text(label)) for key, label in mapping(value).items())


def _links(value: object) -> tuple[Link, ...]:
    """Read [["block:port", "block:port", created], ...]."""
    found = []
    for one in sequence(value):
        ends = [text(end).rpartition(":")[0] or text(end) for end in sequence(one)[:2]]
        if len(ends) == 2 and all(ends):
            found.append(Link(*ends))
    return tuple(dict.fromkeys(found))


def _place(value: object) -> tuple[float, float] | None:
    """Read where a node stands: {position: {x, y}} or {x, y}."""
    node = mapping(value)
    at = mapping(node.get("position") or node.get("Position")) or node
    try:
        x, y = float(text(at.get("x"))), float(text(at.get("y")))
    except ValueError:
        return None
    return (x, y) if abs(x) < 1e6 and abs(y) < 1e6 else None
