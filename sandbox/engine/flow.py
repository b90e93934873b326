"""Activities that hold others: what is entered first, and what follows when one of theirs closes.

Each function plans steps of a run; none of them enters or leaves anything itself, so that nothing
recurses however deeply a template is nested and however often a loop goes round.
"""

from collections.abc import Callable
from typing import Protocol

from sandbox import php
from sandbox.engine import conditions, tree
from sandbox.engine.expressions import evaluate, look_up
from sandbox.engine.tree import Node
from sandbox.state.portal import Portal
from sandbox.state.records import Workflow

EVENT_DRIVEN, STATE = "EventDrivenActivity", "StateActivity"
INITIALIZATION, FINALIZATION = "StateInitializationActivity", "StateFinalizationActivity"
SET_STATE, DELAY = "SetStateActivity", "DelayActivity"
SEQUENCES = {
    "SequentialWorkflowActivity",
    "SequenceActivity",
    "EmptyBlockActivity",
    "IfElseBranchActivity",
    EVENT_DRIVEN,
    INITIALIZATION,
    FINALIZATION,
}


class Steps(Protocol):
    """What a run offers: its place in the tree, and the steps it can be asked to take."""

    portal: Portal
    workflow: Workflow

    def node(self, path: str) -> Node:
        """Return the activity at a path."""

    def enter(self, path: str) -> None:
        """Plan to start an activity, before everything that was planned already."""

    def leave(self, path: str, outcome: int | None = None) -> None:
        """Plan to close an activity."""

    def cancel(self, path: str) -> None:
        """Forget an activity and all below it: waits, tasks, planned steps."""


# -- sequences and branches ---------------------------------------------------------------------


def enter_next(run: Steps, path: str, node: Node, *, after: int = -1) -> None:
    """Enter the next active child of a sequence, or leave it."""
    following = next((i for i in _active(node) if i > after), None)
    if following is None:
        run.leave(path)
    else:
        run.enter(tree.child(path, following))


def choose(run: Steps, path: str, node: Node) -> None:
    """Enter the first branch whose condition holds."""
    children = tree.children(node)
    for index in _active(node):
        if conditions.holds(run.portal, run.workflow, children[index]):
            run.enter(tree.child(path, index))
            return
    run.leave(path)


def fork(run: Steps, path: str, node: Node) -> None:
    """Enter all branches."""
    _enter_all(run, path, _active(node))


def _enter_all(run: Steps, path: str, indexes: list[int]) -> None:
    if not indexes:
        run.leave(path)
        return
    run.workflow.open_branches[path] = len(indexes)
    for index in reversed(indexes):
        run.enter(tree.child(path, index))


def join(run: Steps, path: str, *, more: int = 0) -> None:
    """Count one branch as closed and others as opened; the last one closes the whole."""
    open_branches = run.workflow.open_branches
    remaining = open_branches.get(path, 1) - 1 + more
    if remaining > 0:
        open_branches[path] = remaining
    else:
        open_branches.pop(path, None)
        run.leave(path)


def _active(node: Node, kind: str | None = None) -> list[int]:
    return [
        index
        for index, child in enumerate(tree.children(node))
        if tree.is_active(child) and kind in (None, child.get("Type"))
    ]


# -- loops --------------------------------------------------------------------------------------


def go_round(run: Steps, path: str, node: Node) -> None:
    """Enter the body of a loop while its condition holds."""
    if conditions.holds(run.portal, run.workflow, node):
        _enter_body(run, path, node)
    else:
        run.leave(path)


def iterate(run: Steps, path: str, node: Node) -> None:
    """Begin to go through the values of a list."""
    options = tree.properties(node)
    holder, name = php.text(options.get("Object")), options.get("Variable")
    value = look_up(run.portal, run.workflow, holder or "Variable", php.text(name))
    listed = value if php.is_array(value) else [] if value in (None, "") else [value]
    run.workflow.progress[path] = {"items": [list(pair) for pair in php.items(listed)]}
    go_through(run, path, node)


def go_through(run: Steps, path: str, node: Node) -> None:
    """Enter the body of a loop with the next value, or leave it after the last."""
    remaining = run.workflow.progress.get(path, {}).get("items")
    if not remaining:
        run.workflow.progress.pop(path, None)
        run.leave(path)
        return
    key, value = remaining.pop(0)
    run.workflow.outputs[node.get("Name", "")] = {"Key": key, "Value": value}
    _enter_body(run, path, node)


def _enter_body(run: Steps, path: str, node: Node) -> None:
    body = _active(node)
    if body:
        run.enter(tree.child(path, body[0]))
    else:
        run.workflow.progress.pop(path, None)
        run.leave(path)


# -- the first of several events ----------------------------------------------------------------


def listen(run: Steps, path: str, node: Node) -> None:
    """Wait for the first event of several branches."""
    branches = _active(node)
    if not branches:
        run.leave(path)
    for index in reversed(branches):
        run.enter(tree.child(path, index))


def after_event(run: Steps, path: str, node: Node, *, index: int) -> None:
    """Go on in an event's branch; its first activity was the event, which ends all other waits."""
    active = _active(node)
    if path and active and index == active[0]:
        above, own = tree.parent(path)
        listening = run.node(above)
        if listening.get("Type") == "ListenActivity":
            for other in _active(listening):
                if other != own:
                    run.cancel(tree.child(above, other))
    enter_next(run, path, node, after=index)


# -- states -------------------------------------------------------------------------------------


def enter_machine(run: Steps, path: str, node: Node) -> None:
    """Enter the initial state of a state machine."""
    _go_to(run, path, php.text(tree.properties(node).get("InitialStateName")), first=True)


def enter_state(run: Steps, path: str, node: Node) -> None:
    """Enter a state: what it does at first, then its events."""
    run.workflow.state_title = php.text(tree.properties(node).get("Title"))
    run.workflow.progress.pop(path, None)
    initialization = _active(node, INITIALIZATION)
    if initialization:
        run.enter(tree.child(path, initialization[0]))
    else:
        _wait_for_events(run, path, node)


def set_state(run: Steps, path: str, node: Node) -> None:
    """Say which state follows: at once, or when the present branch has closed."""
    options = tree.properties(node)
    target = php.text(evaluate(run.portal, run.workflow, options.get("TargetStateName")))
    state = path
    while state and run.node(state).get("Type") != STATE:
        state = tree.parent(state)[0]
    if not state:
        run.portal.complain("state outside of a state machine", target)
        run.leave(path)
        return
    run.workflow.progress[state] = {"next": target}
    if php.text(options.get("CancelCurrentState")) in ("Y", "1"):
        _exit_state(run, state)
    else:
        run.leave(path)


def after_part_of_state(run: Steps, path: str, node: Node, *, index: int) -> None:
    """Go on in a state: to the next one, to its events, or to its end."""
    kind = tree.children(node)[index].get("Type")
    target = run.workflow.progress.get(path, {}).get("next")
    if kind == FINALIZATION:
        _go_to(run, tree.parent(path)[0], php.text(target))
    elif target:
        _exit_state(run, path)
    elif kind == INITIALIZATION:
        _wait_for_events(run, path, node)
    elif _first_type(tree.children(node)[index]) != DELAY:
        # The command may be given again; a moment that has passed does not come back.
        run.enter(tree.child(path, index))
    elif not any(place.startswith(f"{path}/") for place in run.workflow.waits):
        run.leave(path)


def _first_type(node: Node) -> str:
    active = _active(node)
    return str(tree.children(node)[active[0]].get("Type")) if active else DELAY


def _wait_for_events(run: Steps, path: str, node: Node) -> None:
    events = _active(node, EVENT_DRIVEN)
    if not events:
        run.leave(path)
    for index in reversed(events):
        run.enter(tree.child(path, index))


def _exit_state(run: Steps, path: str) -> None:
    node = run.node(path)
    for index in range(len(tree.children(node))):
        run.cancel(tree.child(path, index))
    finalization = _active(node, FINALIZATION)
    if finalization:
        run.enter(tree.child(path, finalization[0]))
    else:
        target = run.workflow.progress.get(path, {}).get("next")
        _go_to(run, tree.parent(path)[0], php.text(target))


def _go_to(run: Steps, machine: str, name: str, *, first: bool = False) -> None:
    states = tree.children(run.node(machine))
    active = _active(run.node(machine), STATE)
    found = [index for index in active if states[index].get("Name") == name]
    if found or (first and active):
        run.enter(tree.child(machine, (found or active)[0]))
    else:
        run.portal.complain("no such state", name)
        run.leave(machine)


# -- nodes and links ----------------------------------------------------------------------------


def enter_graph(run: Steps, path: str, node: Node) -> None:
    """Enter the blocks of a node template that nothing leads to, or else the first one."""
    reached = {target for links in _links(node).values() for _, target in links}
    names = [child.get("Name") for child in tree.children(node)]
    starts = [index for index in _active(node) if names[index] not in reached]
    _enter_all(run, path, starts or _active(node)[:1])


def follow(run: Steps, path: str, node: Node, *, index: int, outcome: int | None) -> None:
    """Follow the links that lead out of a block; of several ports, the one of the outcome."""
    children = tree.children(node)
    links = _links(node).get(children[index].get("Name", ""), [])
    ports = sorted({port for port, _ in links})
    if len(ports) > 1:
        wanted = ports[outcome] if outcome is not None and outcome < len(ports) else ports[0]
        links = [link for link in links if link[0] == wanted]
    places = {child.get("Name"): tree.child(path, at) for at, child in enumerate(children)}
    # A block that waits already is not entered a second time.
    targets = [
        places[target]
        for _, target in links
        if target in places and places[target] not in run.workflow.waits
    ]
    for target in reversed(targets):
        run.enter(target)
    join(run, path, more=len(targets))


def _links(node: Node) -> dict[str, list[tuple[str, str]]]:
    """Return where each block leads: its port and the block behind."""
    found: dict[str, list[tuple[str, str]]] = {}
    for link in php.values(tree.properties(node).get("Links")):
        ends = php.values(link)
        if len(ends) < 2:
            continue
        source, _, port = php.text(ends[0]).partition(":")
        target = php.text(ends[1]).partition(":")[0]
        found.setdefault(source, []).append((port, target))
    return found


#: How an activity that holds others is entered; sequences enter their first child.
ENTERING: dict[str, Callable[[Steps, str, Node], None]] = {
    "IfElseActivity": choose,
    "ParallelActivity": fork,
    "WhileActivity": go_round,
    "ForEachActivity": iterate,
    "ListenActivity": listen,
    "StateMachineWorkflowActivity": enter_machine,
    STATE: enter_state,
    SET_STATE: set_state,
    "NodeWorkflowActivity": enter_graph,
    **dict.fromkeys(SEQUENCES, enter_next),
}


def after_child(run: Steps, path: str, *, index: int, outcome: int | None) -> None:
    """Go on in an activity one of whose children has closed."""
    node = run.node(path)
    match node.get("Type"):
        case "ParallelActivity":
            join(run, path)
        case "WhileActivity":
            go_round(run, path, node)
        case "ForEachActivity":
            go_through(run, path, node)
        case "EventDrivenActivity":
            after_event(run, path, node, index=index)
        case "StateActivity":
            after_part_of_state(run, path, node, index=index)
        case "NodeWorkflowActivity":
            follow(run, path, node, index=index, outcome=outcome)
        case kind if kind in SEQUENCES:
            enter_next(run, path, node, after=index)
        case _:
            # An approval's branch has closed, and with it the approval.
            run.leave(path, index)
