"""The blocks of a diagram: columns of steps, forks and frames within each other, not yet measured.

They lie in one list and name those within them by their places in it: nothing here recurses.
"""

from dataclasses import dataclass, field

from bizproc_admin.diagrams.folding import MOST_BRANCHES, Count, can_fold
from bizproc_admin.diagrams.pictures import Lines, Role, Say, Saying
from bizproc_admin.diagrams.steps import ASKING, Kind, Step


@dataclass(slots=True)
class Block:
    """Part of the picture: x is the middle of its width, y its upper edge."""

    shape: str  # "column", "leaf", "fork", "bars" or "frame"
    step: Step
    lines: Lines
    role: Role = Role.STEP
    fold: str = ""
    inner: list[int] = field(default_factory=list)
    width: int = 0
    height: int = 0
    ends: bool = False
    x: int = 0
    y: int = 0
    label: int = 0  # height of the words above a column, or of a title
    words: int = 0  # their upper edge
    after: Lines | None = None


class Blocks:
    """Blocks made from steps, in one list.

    say gives the words of what is shown; folds names what is shown as one card; within counts what
    stands in each step.
    """

    def __init__(self, say: Say, folds: frozenset[str], within: dict[int, Count]) -> None:
        self.say = say
        self.folds = folds
        self.within = within
        self.blocks: list[Block] = []

    def inner(self, block: Block) -> list[Block]:
        """Return the blocks right within one."""
        return [self.blocks[place] for place in block.inner]

    def before_inner(self, root: int) -> list[Block]:
        """Return a block and all within it, each before those within it."""
        order, waiting = list[Block](), [root]
        while waiting:
            block = self.blocks[waiting.pop()]
            order.append(block)
            waiting.extend(reversed(block.inner))
        return order

    def add(self, root: Step, *, is_whole: bool) -> int:
        """Add the steps within one; with is_whole between a start and an end. Return its place."""
        place = self._new(Block("column", root, Lines("")))
        if is_whole:
            self._leaf(place, root, Role.START)
        waiting = [(place, list(root.children))]
        while waiting:
            column, steps = waiting.pop()
            steps.reverse()
            while steps:
                step = steps.pop()
                waiting.extend(self._add_step(column, step))
                if not can_fold(step) and step.kind not in ASKING:
                    # what an unknown activity does with those within it is not known: they follow
                    steps.extend(reversed(step.children))
        if is_whole:
            self._leaf(place, root, Role.END)
        return place

    def _new(self, block: Block) -> int:
        self.blocks.append(block)
        return len(self.blocks) - 1

    def _leaf(self, column: int, step: Step, role: Role, fold: str = "") -> None:
        count = self.within.get(step.key, Count())
        said = self.say(Saying(role, step, steps=count.steps, asking=count.asking))
        block = Block("leaf", step, said, role, fold)
        self.blocks[column].inner.append(self._new(block))

    def _add_step(self, column: int, step: Step) -> list[tuple[int, list[Step]]]:
        """Add one step to a column; return the columns it opens, with the steps they are for."""
        key = str(step.key)
        is_folded = key in self.folds and can_fold(step)
        if step.kind in ASKING and can_fold(step):
            if is_folded:
                self._leaf(column, step, Role.STEP)
                self._leaf(column, step, Role.FOLD, key)
                return []
            return self._fork(column, step, Role.STEP)
        if not can_fold(step):
            self._leaf(column, step, Role.STEP)
            if step.kind is Kind.END and step.is_active:
                self._leaf(column, step, Role.END)
            if step.kind is Kind.JUMP and step.is_active:
                self.blocks[self.blocks[column].inner[-1]].ends = True
            return []
        if is_folded:
            self._leaf(column, step, Role.FOLD, key)
            return []
        if step.kind is Kind.CHOICE:
            return self._fork(column, step, Role.QUESTION)
        if step.kind in (Kind.PARALLEL, Kind.LISTEN):
            return self._bars(column, step)
        return self._frame(column, step)

    def _columns(self, block: int, step: Step, role: Role | None) -> list[tuple[int, list[Step]]]:
        """Add a column for each branch; those past the fourth are one card while folded."""
        opened = []
        branches = list(step.children)
        more = f"{step.key}m"
        shown = branches[:MOST_BRANCHES] if more in self.folds else branches
        for branch in shown:
            lines = self.say(Saying(role, branch)) if role else Lines("")
            column = self._new(Block("column", branch, lines, Role.BRANCH))
            self.blocks[block].inner.append(column)
            inner = list(branch.children) if branch.kind is Kind.BRANCH else [branch]
            opened.append((column, inner))
        if len(shown) < len(branches):
            hidden = branches[len(shown) :]
            within = [self.within[one.key] for one in hidden]
            said = self.say(
                Saying(
                    Role.MORE,
                    step,
                    steps=sum(one.steps for one in within),
                    asking=sum(one.asking for one in within),
                    branches=len(hidden),
                )
            )
            column = self._new(Block("column", step, Lines("")))
            card = self._new(Block("leaf", step, said, Role.MORE, more))
            self.blocks[column].inner.append(card)
            self.blocks[block].inner.append(column)
        return opened

    def _fork(self, column: int, step: Step, role: Role) -> list[tuple[int, list[Step]]]:
        fork = self._new(Block("fork", step, Lines("")))
        self.blocks[column].inner.append(fork)
        self._leaf(fork, step, role, str(step.key) if role is Role.QUESTION else "")
        opened = self._columns(fork, step, Role.BRANCH)
        if role is Role.QUESTION and not any(_always(branch) for branch in step.children):
            said = self.say(Saying(Role.OTHERWISE, step))
            self.blocks[fork].inner.append(self._new(Block("column", step, said, Role.OTHERWISE)))
        return opened

    def _bars(self, column: int, step: Step) -> list[tuple[int, list[Step]]]:
        block = Block("bars", step, self.say(Saying(Role.TITLE, step)), fold=str(step.key))
        block.after = self.say(Saying(Role.AFTER, step))
        place = self._new(block)
        self.blocks[column].inner.append(place)
        return self._columns(place, step, None)

    def _frame(self, column: int, step: Step) -> list[tuple[int, list[Step]]]:
        said = self.say(Saying(Role.TITLE, step))
        frame = self._new(Block("frame", step, said, fold=str(step.key)))
        self.blocks[column].inner.append(frame)
        inner = self._new(Block("column", step, Lines("")))
        self.blocks[frame].inner.append(inner)
        steps: list[Step] = []
        for child in step.children:
            steps.extend(child.children if child.kind is Kind.BRANCH else [child])
        return [(inner, steps)]


def _always(branch: Step) -> bool:
    return branch.is_active and (
        branch.condition is None or branch.condition.kind in ("always", "otherwise")
    )
