"""What is folded: blocks shown as one card, so that a large template can be looked over.

A fold is named by the key of its block; "m" after it means the branches past the first four.
"""

from dataclasses import dataclass

from bizproc_admin.diagrams.steps import ASKING, BLOCKS, Kind, Step

MOST_BRANCHES = 4
MOST_NESTED = 4  # blocks within each other that are shown unfolded
MOST_CARDS = 300  # shown unfolded; past them blocks fold from the innermost
HANDLERS = frozenset({Kind.ENTRY, Kind.EVENT, Kind.EXIT})
STRUCTURE = frozenset(
    {*BLOCKS, Kind.ROOT, Kind.BRANCH, Kind.STATES, Kind.STATE, Kind.NODES, *HANDLERS}
)


@dataclass(frozen=True, slots=True)
class Count:
    """How many steps stand within a block, and how many of them ask people."""

    steps: int = 0
    asking: int = 0


def counts(root: Step) -> dict[int, Count]:
    """Return what stands within each step, by key; the step itself is not counted."""
    steps = list(root.walk())
    found: dict[int, Count] = {}
    for step in reversed(steps):
        within = [found[child.key] for child in step.children]
        own = [child for child in step.children if child.kind not in STRUCTURE]
        found[step.key] = Count(
            len(own) + sum(one.steps for one in within),
            sum(child.kind in ASKING and child.is_active for child in own)
            + sum(one.asking for one in within),
        )
    return found


def can_fold(step: Step) -> bool:
    """Tell whether a step is a block that may be shown as one card."""
    return step.kind in BLOCKS or (step.kind in ASKING and any(b.children for b in step.children))


def folded(root: Step) -> frozenset[str]:
    """Return what is folded unless somebody unfolds it."""
    levels: dict[int, int] = {root.key: 0}
    blocks: list[tuple[int, Step]] = []
    for step in root.walk():
        level = levels[step.key]
        if can_fold(step):
            blocks.append((level, step))
            level += 1
        for child in step.children:
            levels[child.key] = level
    inner = MOST_NESTED
    shown = sum(1 for level in levels.values() if level <= inner)
    while shown > MOST_CARDS and inner:
        inner -= 1
        shown = sum(1 for level in levels.values() if level <= inner)
    result = {str(step.key) for level, step in blocks if level >= inner}
    # what is switched off is one card, and so is each within it once it was unfolded
    result |= {str(step.key) for _, step in blocks if not step.is_active and step.kind in BLOCKS}
    result |= {f"{step.key}m" for _, step in blocks if len(step.children) > MOST_BRANCHES}
    # a state shows its ways out; what it does on one of them is unfolded by a click on it
    result |= {str(step.key) for step in root.walk() if step.kind in HANDLERS and step.children}
    return frozenset(result)
