"""Structures as a portal answers them, written shortly; and words as long as real ones."""

from bizproc_admin.diagrams.pictures import Lines, Part, Role


def step(kind, *children, title="", **properties):
    return {
        "Type": kind,
        "Name": f"A{abs(hash((kind, title))) % 99999}_1_1_1",
        "Activated": "Y",
        "Properties": {"Title": title or kind, **properties},
        "Children": list(children),
    }


def off(node):
    return {**node, "Activated": "N"}


def workflow(*children):
    return [{**step("SequentialWorkflowActivity", *children, title="Workflow"), "Name": "Template"}]


def steps(*children):
    return step("SequenceActivity", *children)


def approve(title, users=("user_1",), yes=(), no=(), **properties):
    inner = [steps(*yes), steps(*no)]
    given = {"Users": list(users), "ApproveType": "all", **properties}
    return step("ApproveActivity", *inner, title=title, **given)


def message(title):
    return step("IMNotifyActivity", title=title, MessageUserTo=["user_1"])


def choice(*branches):
    return step("IfElseActivity", *branches, title="Which way?")


def branch(*children, when=None, title="Branch"):
    condition = {"fieldcondition": when} if when else {}
    return step("IfElseBranchActivity", *children, title=title, **condition)


def parallel(*branches):
    return step("ParallelActivity", *[steps(*one) for one in branches], title="At once")


def loop(*children):
    return step("WhileActivity", steps(*children), title="While open", truecondition="1")


def stop():
    return step("TerminateActivity", title="Stop", StateTitle="Refused")


def say(saying):
    """Titles as they are; what waits has a foot."""
    step = saying.step
    if saying.role is Role.FOLD:
        return Lines(step.title, f"{saying.steps} steps folded")
    if saying.role is Role.MORE:
        return Lines(f"{saying.branches} branches", f"{saying.steps} steps folded")
    fixed = {Role.START: "Start", Role.END: "End", Role.OTHERWISE: "otherwise", Role.AFTER: "after"}
    if saying.role in fixed:
        return Lines(fixed[saying.role])
    asks = saying.role is Role.STEP and step.asking is not None
    foot = (Part("12", "strong"), Part("wait")) if asks else ()
    return Lines(step.title, step.type if saying.role is Role.STEP else "", foot=foot)
