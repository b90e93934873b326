"""Steps: what a workflow template consists of, in codes and values.

Words are not here: a title is the portal's own text, everything else a code that `wording/` says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a step is. Those that hold others come first."""

    ROOT = "root"
    GROUP = "group"
    CHOICE = "choice"  # its children are branches; the first whose condition holds is entered
    BRANCH = "branch"
    PARALLEL = "parallel"
    LISTEN = "listen"  # the first of its branches to happen is entered
    LOOP = "loop"
    EACH = "each"
    STATES = "states"
    STATE = "state"
    ENTRY = "entry"  # of a state: done when it is entered, on an event, when it is left
    EVENT = "event"
    EXIT = "exit"
    NODES = "nodes"  # a graph: children joined by links
    APPROVAL = "approval"
    REVIEW = "review"
    REQUEST = "request"
    OPTIONAL = "optional"  # a request that may be declined
    COMMAND = "command"  # waits for somebody to press a button on the document
    TASK = "task"  # an ordinary task, of another tool of the portal
    DELAY = "delay"
    MESSAGE = "message"
    CODE = "code"
    CALL = "call"  # calls a foreign address
    APPLICATION = "application"
    JUMP = "jump"  # to another state
    END = "end"
    START = "start"  # starts another workflow
    STATUS = "status"
    FIELDS = "fields"
    VARIABLES = "variables"
    DOCUMENT = "document"
    PERSON = "person"  # picks somebody
    LOG = "log"
    RESULT = "result"
    PORTAL = "portal"  # another activity of the portal's own
    UNKNOWN = "unknown"


ASKING = frozenset({Kind.APPROVAL, Kind.REVIEW, Kind.REQUEST, Kind.OPTIONAL})
LOOPS = frozenset({Kind.LOOP, Kind.EACH})
BLOCKS = frozenset({Kind.GROUP, Kind.CHOICE, Kind.PARALLEL, Kind.LISTEN, Kind.LOOP, Kind.EACH})


# what a workflow may stand at for a while; of others' activities nobody can tell
WAITING = ASKING | {
    Kind.COMMAND, Kind.TASK, Kind.DELAY, Kind.EVENT, Kind.APPLICATION, Kind.START, Kind.PORTAL,
    Kind.UNKNOWN,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reference:
    """A value known when the workflow runs, {=object:field}; source as "document", or a step."""

    source: str
    field: str


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody named by a step.

    kind is "person" (value: the portal's number), "group" (value: its code), "role" (value: its
    code, as "author"), "reference" or "text".
    """

    kind: str
    value: str = ""
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """How long: an amount as written (a number, or an expression) of unit s, m, h or d."""

    amount: str
    unit: str


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom a step asks, and whose answer decides.

    how is "any", "all", "vote" (more than percent of them; with waits_for_all only when everybody
    has voted) or "first" (of a request for information).
    """

    users: tuple[Who, ...] = ()
    how: str = ""
    percent: int = 50
    waits_for_all: bool = False
    within: Span | None = None


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison: operator is the portal's; is_alternative joins it to those before by OR."""

    subject: Reference
    operator: str
    value: str
    is_alternative: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """When a branch is entered or a loop goes on.

    kind is "tests", "always", "otherwise" (what always holds, after other branches), "code" or the
    name of one that is not known here.
    """

    kind: str = "always"
    tests: tuple[Test, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """An edge of a graph of nodes, by the names of the steps."""

    start: str
    end: str


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Step:
    """One activity.

    key is its place in the template in reading order, the root being 0. type and name are the
    portal's. What does not belong to its kind is empty: target is the state a jump leads to, the
    template another workflow is started from, the host that is called, the text a step ends with,
    the state a machine begins in; outcome is the answer after which a branch is entered, "yes" or
    "no"; lines counts those of code; place is where its author put it.
    """

    key: int
    kind: Kind
    type: str
    name: str
    title: str
    is_active: bool = True
    depth: int = 0
    comment: str = ""
    children: tuple["Step", ...] = ()
    asking: Asking | None = None
    condition: Condition | None = None
    outcome: str = ""
    wait: Span | None = None
    until: str = ""
    to: tuple[Who, ...] = ()
    target: str = ""
    lines: int = 0
    links: tuple[Link, ...] = ()
    place: tuple[float, float] | None = None
    properties: Mapping[str, object] = field(default_factory=dict)

    def walk(self) -> Iterator["Step"]:
        """Yield this step and all within it, in reading order, without recursion."""
        waiting = [self]
        while waiting:
            step = waiting.pop()
            yield step
            waiting.extend(reversed(step.children))

    def __repr__(self) -> str:
        return f"<{self.kind} {self.key} {self.title!r}>"


@dataclass(frozen=True, slots=True)
class Definition:
    """A parameter, variable or constant as the template defines it.

    type is the portal's; options are pairs of value and label; default holds what is preset, one
    text for each value, and None where a value is no plain one.
    """

    id: str
    name: str
    type: str
    description: str = ""
    is_required: bool = False
    is_multiple: bool = False
    options: tuple[tuple[str, str], ...] = ()
    default: tuple[str, ...] = ()
