"""What differs between two structures, step by step: added, removed, moved, changed.

Steps are the same where their names are, else where type, title and place among their like are: a
file that was imported may have given them new names. Nothing here recurses.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bizproc_admin.diagrams.steps import Definition, Step

Key = tuple[str, ...]


class What(StrEnum):
    """What became of a step or a definition."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """A step that differs: before is None for one that was added, after for one that was removed.

    inner counts the steps within one that was added or removed, which are not told one by one.
    """

    what: What
    before: Step | None
    after: Step | None
    inner: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionChange:
    """A parameter, variable or constant that differs."""

    what: What
    name: str


def step_changes(before: Step, after: Step) -> list[StepChange]:
    """Return how the steps of two structures differ, in reading order, what was removed last."""
    shared = names_of(before) & names_of(after)
    old, new = keyed(before, shared), keyed(after, shared)
    above_old, above_new = parents(old), parents(new)
    moved = moved_keys(old, new, above_old, above_new)
    found = []
    for key, step in new.items():
        was = old.get(key)
        if was is None:
            if above_new.get(key) in old or key not in above_new:
                found.append(StepChange(what=What.ADDED, before=None, after=step, inner=size(step)))
            continue
        if key in moved:
            found.append(StepChange(what=What.MOVED, before=was, after=step))
        if told(was) != told(step):
            found.append(StepChange(what=What.CHANGED, before=was, after=step))
    for key, step in old.items():
        if key not in new and (above_old.get(key) in new or key not in above_old):
            found.append(StepChange(what=What.REMOVED, before=step, after=None, inner=size(step)))
    return found


def definition_changes(
    before: Iterable[Definition], after: Iterable[Definition]
) -> list[DefinitionChange]:
    """Return how parameters, variables or constants differ, by their ids."""
    old, new = {one.id: one for one in before}, {one.id: one for one in after}
    found = [
        DefinitionChange(what=What.CHANGED if one.id in old else What.ADDED, name=one.name)
        for one in new.values()
        if old.get(one.id) != one
    ]
    gone = [one for one in old.values() if one.id not in new]
    return [*found, *(DefinitionChange(what=What.REMOVED, name=one.name) for one in gone)]


def names_of(root: Step) -> set[str]:
    """Return the names that only one step of a structure has."""
    counts = Counter(step.name for step in root.walk() if step.name)
    return {name for name, count in counts.items() if count == 1}


def keyed(root: Step, names: set[str]) -> dict[Key, Step]:
    """Return all steps by what tells them apart, in reading order; the root is the same in all."""
    like: Counter[Key] = Counter()
    found: dict[Key, Step] = {}
    for step in root.walk():
        key: Key = ("",)
        if step is not root:
            key = (step.name,) if step.name in names else (step.type, step.title)
            like[key] += 1
            key = (*key, str(like[key]))
        found[key] = step
    return found


def parents(steps: Mapping[Key, Step]) -> dict[Key, Key]:
    """Return the key of the step that each step stands in; the root stands in none."""
    keys = {id(step): key for key, step in steps.items()}
    return {keys[id(one)]: key for key, step in steps.items() for one in step.children}


def moved_keys(
    old: Mapping[Key, Step],
    new: Mapping[Key, Step],
    above_old: Mapping[Key, Key],
    above_new: Mapping[Key, Key],
) -> set[Key]:
    """Return the steps that stand elsewhere: in another step, or in another order there."""
    moved = {key for key in new if key in old and above_old.get(key) != above_new.get(key)}
    places = {key: place for place, key in enumerate(old)}
    below: dict[Key, list[Key]] = {}
    for key, above in above_new.items():
        if key in old and key not in moved:
            below.setdefault(above, []).append(key)
    for keys in below.values():
        kept = rising([places[key] for key in keys])
        moved |= {key for place, key in enumerate(keys) if place not in kept}
    return moved


def rising(numbers: Sequence[int]) -> set[int]:
    """Return the places of a longest rising series: what stands outside of it has moved."""
    ends: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left(ends, number)
        before.append(at[length - 1] if length else -1)
        if length == len(ends):
            ends.append(number)
            at.append(place)
        else:
            ends[length], at[length] = number, place
    kept, place = set(), at[-1] if at else -1
    while place >= 0:
        kept.add(place)
        place = before[place]
    return kept


def told(step: Step) -> tuple[object, ...]:
    """Return what a step says of itself, without where it stands and what stands in it."""
    return step.type, step.title, step.is_active, step.properties, step.links


def size(step: Step) -> int:
    """Count the steps within one."""
    return sum(1 for _ in step.walk()) - 1
