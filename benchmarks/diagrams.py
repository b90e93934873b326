"""Drawing workflow templates, from the structure to the HTML: 200 activities and 2,000."""

from collections.abc import Iterator
from typing import Any

from django.template.loader import render_to_string

from benchmarks.measuring import Line, medians_ms
from bizproc_admin.diagrams.reading import read
from bizproc_admin.views.diagrams import Diagram, diagram_of
from bizproc_admin.wording.template_steps import StepWords

SIZES = {200: 100, 2_000: 1_000}  # activities, and the milliseconds they may take
NUMBERS = range(1, 10_000)


def measured() -> list[Line]:
    """Measure each size folded as usual and with all unfolded."""
    lines = []
    for size, most in SIZES.items():
        structure = [template_of(size)]
        for what, given in (("", {}), (", all unfolded", {"folds": "all"})):
            [taken] = medians_ms(lambda: drawn(structure, given), times=7)  # noqa: B023
            boxes = len(diagram(structure, given).boxes)
            how = f"{boxes} boxes" if boxes else "outline only"
            lines.append(
                Line(
                    what=f"{size:,} activities{what}, {how}",
                    figure=f"{taken:.0f} ms",
                    target=f"under {most} ms",
                    is_met=taken < most,
                )
            )
    return lines


def diagram(structure: object, given: dict[str, str]) -> Diagram:
    root = read(structure)
    return diagram_of(root, StepWords(root=root), given)


def drawn(structure: object, given: dict[str, str]) -> str:
    return render_to_string("components/diagram.html", {"diagram": diagram(structure, given)})


def template_of(size: int) -> dict[str, Any]:
    """Make a template of so many activities: parallels of an approval and a condition, messages."""
    numbers = iter(NUMBERS)
    children: list[dict[str, Any]] = []
    left = size - 1
    while left >= 14:
        children.append(block(numbers))
        left -= 14
    children += [activity("IMNotifyActivity", numbers) for _ in range(left)]
    return activity("SequentialWorkflowActivity", numbers, *children)


def block(numbers: Iterator[int]) -> dict[str, Any]:
    """Make fourteen activities."""
    approval = activity(
        "ApproveActivity",
        numbers,
        activity("SequenceActivity", numbers, activity("IMNotifyActivity", numbers)),
        activity("SequenceActivity", numbers, activity("TerminateActivity", numbers)),
        Users=["user_1", "{=Document:ASSIGNED_BY_ID}"],
        ApproveType="any",
    )
    tests = [["OPPORTUNITY", ">", "1000", "0"]]
    choice = activity(
        "IfElseActivity",
        numbers,
        activity("IfElseBranchActivity", numbers, fieldcondition=tests),
        activity("IfElseBranchActivity", numbers, activity("SetFieldActivity", numbers)),
    )
    sides = [activity("SequenceActivity", numbers, one) for one in (approval, choice)]
    return activity("ParallelActivity", numbers, *sides, activity("SequenceActivity", numbers))


def activity(kind: str, numbers: Iterator[int], *children: Any, **given: Any) -> dict[str, Any]:
    number = next(numbers)
    title = f"Step {number} of a template that has many"
    return {
        "Type": kind,
        "Name": f"A{number}_1_1_1",
        "Properties": {"Title": title, **given},
        "Children": list(children),
    }
