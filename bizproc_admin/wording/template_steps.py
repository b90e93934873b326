"""The steps of a workflow template in words, for its diagram and outline."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from bizproc_admin.bitrix.texts import line
from bizproc_admin.diagrams.expressions import parts
from bizproc_admin.diagrams.folding import HANDLERS
from bizproc_admin.diagrams.pictures import Lines, Part, Role, Saying
from bizproc_admin.diagrams.steps import (
    Asking,
    Condition,
    Definition,
    Kind,
    Reference,
    Span,
    Step,
    Test,
    Who,
)
from bizproc_admin.diagrams.values import is_on

SWITCHES = frozenset({"bool", "b"})
MOST_TITLE, MOST_NAMES, MOST_WORDS = 300, 4, 90


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a kind of step is called and looks; tone is the variant of its card."""

    text: Promise
    icon: str = "settings"
    tone: str = ""


LOOKS = {
    Kind.APPROVAL: Look(text=_lazy("Approval"), icon="stamp", tone="people"),
    Kind.REVIEW: Look(text=_lazy("Review"), icon="eye", tone="people"),
    Kind.REQUEST: Look(text=_lazy("Request for information"), icon="form", tone="people"),
    Kind.OPTIONAL: Look(text=_lazy("Request for information"), icon="form", tone="people"),
    Kind.COMMAND: Look(
        text=_lazy("Button on the document"), icon="mouse-pointer-click", tone="people"
    ),
    Kind.TASK: Look(text=_lazy("Task"), icon="square-check", tone="people"),
    Kind.DELAY: Look(text=_lazy("Pause"), icon="clock"),
    Kind.MESSAGE: Look(text=_lazy("Message"), icon="mail"),
    Kind.CODE: Look(text=_lazy("PHP code"), icon="code", tone="code"),
    Kind.CALL: Look(text=_lazy("Call of an address"), icon="globe", tone="code"),
    Kind.APPLICATION: Look(text=_lazy("Action of an application"), icon="plug", tone="app"),
    Kind.JUMP: Look(text=_lazy("Change of state"), icon="arrow-right"),
    Kind.END: Look(text=_lazy("End of the workflow"), icon="circle-stop"),
    Kind.START: Look(text=_lazy("Start of another workflow"), icon="play"),
    Kind.STATUS: Look(text=_lazy("Status text"), icon="tag"),
    Kind.FIELDS: Look(text=_lazy("Change of the document"), icon="pen-line"),
    Kind.VARIABLES: Look(text=_lazy("Setting of variables"), icon="variable"),
    Kind.DOCUMENT: Look(text=_lazy("Work on the document"), icon="file-text"),
    Kind.PERSON: Look(text=_lazy("Choice of a person"), icon="user"),
    Kind.LOG: Look(text=_lazy("Note in the portal's log"), icon="scroll-text"),
    Kind.RESULT: Look(text=_lazy("Result of the workflow"), icon="flag"),
    Kind.PORTAL: Look(text=_lazy("Action of the portal")),
    Kind.UNKNOWN: Look(text=_lazy("Unknown activity"), icon="circle-question-mark", tone="odd"),
    Kind.CHOICE: Look(text=_lazy("Condition"), icon="split"),
    Kind.PARALLEL: Look(text=_lazy("At the same time"), icon="columns-3"),
    Kind.LISTEN: Look(text=_lazy("The first of these"), icon="timer"),
    Kind.LOOP: Look(text=_lazy("Repeated"), icon="repeat"),
    Kind.EACH: Look(text=_lazy("Repeated for each"), icon="repeat"),
    Kind.GROUP: Look(text=_lazy("Group of steps"), icon="layers"),
    Kind.STATE: Look(text=_lazy("State"), icon="workflow"),
    Kind.ENTRY: Look(text=_lazy("On entering"), icon="play"),
    Kind.EVENT: Look(text=_lazy("On an event"), icon="zap"),
    Kind.EXIT: Look(text=_lazy("On leaving"), icon="log-out"),
}
OPERATORS = {
    "=": _lazy("%(subject)s is %(value)s"),
    "!=": _lazy("%(subject)s is not %(value)s"),
    ">": _lazy("%(subject)s over %(value)s"),
    ">=": _lazy("%(subject)s at least %(value)s"),
    "<": _lazy("%(subject)s under %(value)s"),
    "<=": _lazy("%(subject)s at most %(value)s"),
    "in": _lazy("%(subject)s is one of %(value)s"),
    "!in": _lazy("%(subject)s is none of %(value)s"),
    "contain": _lazy("%(subject)s contains %(value)s"),
    "!contain": _lazy("%(subject)s does not contain %(value)s"),
    "empty": _lazy("%(subject)s is empty"),
    "!empty": _lazy("%(subject)s is filled in"),
    "between": _lazy("%(subject)s between %(value)s"),
    "modified": _lazy("%(subject)s was changed"),
}
FIELDS = {
    "assigned_by_id": _lazy("who is responsible"),
    "created_by": _lazy("who made the document"),
    "created_by_id": _lazy("who made the document"),
    "modified_by": _lazy("who changed the document"),
    "opportunity": _lazy("amount"),
    "stage_id": _lazy("stage"),
    "status_id": _lazy("status"),
    "title": _lazy("title"),
    "name": _lazy("name"),
}
SYSTEM = {"now": _lazy("now"), "nowlocal": _lazy("now"), "date": _lazy("today")}
ROLES = {
    "author": _lazy("the author of the document"),
    "admin": _lazy("the administrators"),
    "responsible": _lazy("who is responsible"),
}


@dataclass(frozen=True, kw_only=True)
class StepWords:
    """Says the steps of one template: called with what is to be said, it returns the lines.

    people are names by the portal's numbers, dismissed those of them who have left; definitions are
    the template's parameters, variables and constants by source ("template", "variable",
    "constant"). By the names of steps, feet are what stands under them, waiting is how many tasks
    wait there, and marks tell of one workflow: "here" or "passed"; taken are the keys of the
    branches it went. is_whole tells conditions, receivers and what is set, which may hold secrets;
    otherwise titles and who is asked alone. shortens cuts long conditions, where another place
    tells them in full.
    """

    root: Step | None = None
    people: Mapping[str, str] = field(default_factory=dict)
    dismissed: frozenset[str] = frozenset()
    definitions: Mapping[str, Mapping[str, Definition]] = field(default_factory=dict)
    feet: Mapping[str, tuple[Part, ...]] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    taken: frozenset[int] = frozenset()
    is_whole: bool = True
    shortens: bool = False

    def __call__(self, saying: Saying) -> Lines:
        """Return the words of one box."""
        step, role = saying.step, saying.role
        if role is Role.START:
            return Lines(_("Start"))
        if role is Role.END:
            return Lines(_("End"))
        if role is Role.OTHERWISE:
            return Lines(_("otherwise"))
        if role is Role.AFTER:
            is_first = step.kind is Kind.LISTEN
            return Lines(
                _("Goes on with the first") if is_first else _("Goes on when all are done")
            )
        if role is Role.MORE:
            title = ngettext("%(count)d more branch", "%(count)d more branches", saying.branches)
            return Lines(
                title % {"count": saying.branches},
                folded_words(saying.steps, saying.asking),
                icon="layers",
                tone="fold",
            )
        if role is Role.FOLD:
            return Lines(
                self.title(step),
                folded_words(saying.steps, saying.asking),
                icon="layers" if step.is_active else "ban",
                tone="fold" if step.is_active else "off-fold",
            )
        if role is Role.BRANCH:
            mark = "passed" if step.key in self.taken else ""
            return Lines(self.branch(step, saying.number), mark=mark)
        if role is Role.STATE:
            mark = "here" if self.is_here(step) else ""
            return Lines(self.title(step), self.state_note(step), icon=state_icon(step), mark=mark)
        if role is Role.WAY:
            return self.way(saying)
        if role is Role.QUESTION:
            return Lines(self.title(step), icon="split")
        if role is Role.TITLE:
            return Lines(self.block(step), icon=look_of(step).icon)
        return self.card(step)

    def title(self, step: Step) -> str:
        """Return a step's title, or what it is where it has none."""
        return self.said(step.title) or str(look_of(step).text)

    def card(self, step: Step) -> Lines:
        """Return a step's title, what it does, and its foot."""
        look = look_of(step)
        note = self.note(step)
        if not step.is_active:
            off = _("switched off")
            return Lines(
                self.title(step), f"{note} · {off}" if note else off, icon="ban", tone="off"
            )
        foot = self.feet.get(step.name, ()) if step.name else ()
        if not self.shortens and self.root is not None and self.root.kind is Kind.NODES:
            foot = (*foot, *self.next_ones(self.root, step))  # the drawing shows it by its lines
        if not foot and step.kind is Kind.CODE:
            foot = (Part(_("Runs code on the portal"), "late"),)
        if not foot and step.kind is Kind.CALL:
            foot = (Part(_("Calls a foreign address"), "late"),)
        mark = self.marks.get(step.name, "") if step.name else ""
        return Lines(self.title(step), note, icon=look.icon, tone=look.tone, foot=foot, mark=mark)

    def next_ones(self, root: Step, step: Step) -> tuple[Part, ...]:
        """Return which nodes a node leads to, for whoever does not see the lines."""
        ends = {link.end for link in root.links if link.start == step.name}
        names = [self.title(one) for one in root.children if one.name in ends]
        return (Part(_("then: %(steps)s") % {"steps": in_all(names)}),) if names else ()

    def note(self, step: Step) -> str:
        """Return in short what a step does."""
        if step.asking is not None:
            return self.asked(step, step.asking)
        kind = step.kind
        if kind is Kind.UNKNOWN:
            return _("Unknown activity %(type)s") % {"type": cut(step.type, 80) or "?"}
        if kind is Kind.CODE:
            count = ngettext("PHP code, %(count)d line", "PHP code, %(count)d lines", step.lines)
            return count % {"count": step.lines}
        if kind is Kind.JUMP:
            return _("Goes to %(state)s") % {"state": self.state(step.target)}
        if not self.is_whole:
            return str(look_of(step).text)
        return self.pause(step) if kind is Kind.DELAY else self.done(step)

    def done(self, step: Step) -> str:
        """Return what a step does with the values it holds."""
        names = self.names(step.to)
        if step.kind is Kind.MESSAGE and names:
            return _("Message to %(who)s") % {"who": names}
        if step.kind is Kind.TASK and names:
            return _("Task for %(who)s") % {"who": names}
        if step.kind is Kind.COMMAND and names:
            return _("Waits for a button that %(who)s may press") % {"who": names}
        if step.kind is Kind.CALL and step.target:
            return _("Calls %(host)s") % {"host": cut(step.target, 80)}
        if step.kind is Kind.START and step.target:
            return _("Starts workflow template %(number)s") % {"number": self.said(step.target)}
        if step.kind in (Kind.STATUS, Kind.END) and step.target and step.target != step.title:
            return _("Status: %(text)s") % {"text": self.said(step.target)}
        if step.kind is Kind.FIELDS:
            return self.listed(step, "FieldValue", "document")
        if step.kind is Kind.VARIABLES:
            return self.listed(step, "VariableValue", "variable")
        if step.kind is Kind.PORTAL:
            return _("%(type)s of the portal") % {"type": cut(step.type, 80)}
        return str(look_of(step).text)

    def listed(self, step: Step, name: str, source: str) -> str:
        """Return what a step sets: the names alone, not the values."""
        given = step.properties.get(name)
        if not isinstance(given, Mapping) or not given:
            return str(look_of(step).text)
        names = [
            self.referred(Reference(source, str(key))) for key in list(given)[: MOST_NAMES + 1]
        ]
        return _("Sets %(names)s") % {"names": in_all(names)}

    def pause(self, step: Step) -> str:
        """Return how long a step waits."""
        if step.wait is not None:
            return _("Waits %(span)s") % {"span": self.span(step.wait)}
        if step.until:
            return _("Waits until %(moment)s") % {"moment": self.said(step.until)}
        return _("Waits")

    def asked(self, step: Step, asking: Asking) -> str:
        """Return whom a step asks and whose answer decides."""
        values = {"who": self.names(asking.users) or _("nobody"), "percent": asking.percent}
        if step.kind is Kind.OPTIONAL:
            return _("Information from %(who)s, may be declined") % values
        if step.kind is Kind.REQUEST:
            return _("Information from %(who)s") % values
        if step.kind is Kind.REVIEW:
            if asking.how == "any":
                return _("The first to read it of %(who)s") % values
            return _("All must read it: %(who)s") % values
        if asking.how == "any":
            return _("Any one of %(who)s") % values
        if asking.how == "all":
            return _("All must approve: %(who)s") % values
        if asking.waits_for_all:
            return _("Vote of all, over %(percent)d %% of %(who)s") % values
        return _("Vote, over %(percent)d %% of %(who)s") % values

    def limit(self, step: Step) -> str:
        """Return how long a step waits for answers, where it does not wait for ever."""
        if step.asking is None or step.asking.within is None:
            return ""
        return _("Goes on without an answer after %(span)s") % {
            "span": self.span(step.asking.within)
        }

    def names(self, users: Iterable[Who]) -> str:
        """Return who is named, the first few by name."""
        return in_all([self.name(one) for one in users])

    def name(self, who: Who) -> str:
        """Return one who is named."""
        if who.kind == "person":
            name = self.people.get(who.value) or _("person %(number)s") % {"number": who.value}
            is_gone = who.value in self.dismissed
            return _("%(name)s (dismissed)") % {"name": name} if is_gone else name
        if who.kind == "group":
            return _("group %(code)s") % {"code": who.value.removeprefix("group_")}
        if who.kind == "role":
            return str(ROLES.get(who.value, who.value))
        if who.reference is not None:
            return self.referred(who.reference)
        return cut(line(who.value), 80) or "?"

    def referred(self, one: Reference) -> str:
        """Return what a reference is called: by its definition, its step, or its own name."""
        found = self.defined(one)
        if found is not None:
            return line(found.name)
        if one.source == "system":
            return str(SYSTEM.get(one.field.lower(), one.field))
        plain = one.field.removesuffix("_printable").removesuffix("_PRINTABLE")
        return str(FIELDS.get(plain.lower(), plain)) if one.source == "document" else plain

    def defined(self, one: Reference) -> Definition | None:
        """Return what a reference leads to: by its source, or whatever has that name."""
        sources = (one.source,) if one.source else ("template", "variable", "constant")
        named = (self.definitions.get(source, {}).get(one.field) for source in sources)
        return next((found for found in named if found is not None), None)

    def said(self, text: str) -> str:
        """Return a text with the names of what it refers to in the place of expressions."""
        return cut(
            line("".join(self.referred(p) if isinstance(p, Reference) else p for p in parts(text))),
            MOST_TITLE,
        )

    def span(self, span: Span) -> str:
        """Return a length of time as it is written: "2 d"."""
        values = {"amount": self.said(span.amount)}
        units = {
            "s": _("%(amount)s s"),
            "m": _("%(amount)s min"),
            "h": _("%(amount)s h"),
            "d": _("%(amount)s d"),
        }
        return units[span.unit] % values

    def state(self, name: str) -> str:
        """Return the title of a state."""
        for state in self.root.children if self.root else ():
            if state.kind is Kind.STATE and state.name == name:
                return self.title(state)
        return cut(name, 80) or "?"

    def branch(self, step: Step, number: int) -> str:
        """Return when a branch is entered."""
        words = self.when(step, number)
        if step.is_active:
            return words
        return _("%(branch)s · switched off") % {"branch": words}

    def when(self, step: Step, number: int) -> str:
        if step.outcome:
            return _("agreed") if step.outcome == "yes" else _("refused, or too late")
        condition = step.condition
        if step.type.lower() != "ifelsebranchactivity" or condition is None:
            return _("Branch %(number)d") % {"number": number} if number else self.title(step)
        if condition.kind == "otherwise":
            return _("otherwise")
        if condition.kind == "always":
            return _("always")
        if not self.is_whole:
            return line(cut(step.title, MOST_WORDS)) or _("under a condition")
        return self.shortened(self.condition(condition))

    def is_here(self, state: Step) -> bool:
        """Tell whether the workflow that is shown stands at a step of this state."""
        return any(self.marks.get(one.name) == "here" for one in state.walk())

    def state_note(self, step: Step) -> str:
        """Return what is said beside a state's title: where it begins or ends, and who waits."""
        said = []
        if self.root is not None and step.name and step.name == self.root.target:
            said.append(_("starts here"))
        if is_final(step):
            said.append(_("ends here"))
        if self.is_here(step):
            said.append(_("here now"))
        waits = sum(self.waiting.get(one.name, 0) for one in step.walk())
        if waits:
            count = ngettext("%(count)d task waits", "%(count)d tasks wait", waits)
            said.append(count % {"count": waits})
        return " · ".join(said)

    def way(self, saying: Saying) -> Lines:
        """Return a row of a state: on which occasion, and where it leads."""
        cause = self.cause(saying.step)
        if saying.branch is not None:
            values = {"cause": cause, "branch": self.branch(saying.branch, 0)}
            cause = _("%(cause)s: %(branch)s") % values
        if saying.jump is None:
            count = ngettext("%(count)d step", "%(count)d steps", saying.steps)
            return Lines(cause, count % {"count": saying.steps}, icon=look_of(saying.step).icon)
        is_known = self.root is not None and any(
            one.name == saying.jump.target for one in self.root.children
        )
        target = self.state(saying.jump.target)
        return Lines(
            cause,
            target if is_known else _("%(state)s, not in the template") % {"state": target},
            icon=look_of(saying.step).icon,
            tone="leads" if is_known else "lost",
        )

    def cause(self, handler: Step) -> str:
        """Return on which occasion a state does something."""
        first = handler.children[0] if handler.children else None
        words = str(look_of(handler).text)
        if handler.kind is Kind.EVENT and first is not None and first.kind is Kind.COMMAND:
            words = _("Button “%(title)s”") % {"title": self.title(first)}
        elif handler.kind is Kind.EVENT and first is not None and first.kind is Kind.DELAY:
            words = self.title(first)
            if first.wait is not None and self.is_whole:
                words = _("After %(span)s") % {"span": self.span(first.wait)}
        elif handler.kind is Kind.EVENT:
            words = self.title(handler)
        return words if handler.is_active else _("%(branch)s · switched off") % {"branch": words}

    def occasion(self, handler: Step) -> str:
        """Return on which occasion a state does something, and where that leads."""
        jumps = [one for one in handler.walk() if one.kind is Kind.JUMP and one.is_active]
        if not jumps:
            return self.cause(handler)
        names = list(dict.fromkeys(self.state(one.target) for one in jumps))
        values = {"cause": self.cause(handler), "states": in_all(names)}
        return _("%(cause)s, leads to %(states)s") % values

    def block(self, step: Step) -> str:
        """Return what a frame, or what stands side by side, is about."""
        if step.kind is Kind.STATE:
            note = self.state_note(step)
            return f"{self.title(step)} · {note}" if note else self.title(step)
        if step.kind in HANDLERS:
            return self.occasion(step)
        words = str(look_of(step).text)
        title = self.said(step.title)
        if step.kind is Kind.LOOP and step.condition is not None and self.is_whole:
            words = _("While %(condition)s") % {
                "condition": self.shortened(self.condition(step.condition))
            }
        if step.kind is Kind.EACH and step.target and self.is_whole:
            words = _("For each of %(name)s") % {"name": self.referred(Reference("", step.target))}
        if step.kind is Kind.GROUP:
            return title or words
        return f"{words} · {title}" if title and title != words else words

    def condition(self, condition: Condition) -> str:
        """Return a condition in words."""
        if condition.kind == "tests":
            said = ""
            for place, test in enumerate(condition.tests):
                join = (
                    _("%(first)s or %(second)s")
                    if test.is_alternative
                    else _("%(first)s and %(second)s")
                )
                words = self.test(test)
                said = join % {"first": said, "second": words} if place else words
            return said
        if condition.kind == "always":
            return _("always")
        if condition.kind == "code":
            return _("PHP code decides")
        return _("condition of a kind not known here: %(kind)s") % {"kind": cut(condition.kind, 60)}

    def test(self, test: Test) -> str:
        """Return one comparison in words."""
        value = self.said(test.value)
        definition = self.defined(test.subject)
        if definition is not None and definition.type.lower() in SWITCHES:
            value = _("yes") if is_on(value) else _("no")
        values = {
            "subject": self.referred(test.subject) or "?",
            "value": value or _("empty"),
            "operator": test.operator,
        }
        known = OPERATORS.get(test.operator)
        return str(known) % values if known else "{subject} {operator} {value}".format(**values)

    def shortened(self, text: str) -> str:
        return cut(text, MOST_WORDS) if self.shortens else text


def look_of(step: Step) -> Look:
    """Return how a step's kind is called and looks."""
    return LOOKS.get(step.kind, LOOKS[Kind.GROUP])


def is_final(state: Step) -> bool:
    """Tell whether no way leads out of a state."""
    return not any(one.kind is Kind.JUMP and one.is_active for one in state.walk())


def state_icon(state: Step) -> str:
    return "circle-stop" if is_final(state) else "workflow"


def folded_words(steps: int, asking: int) -> str:
    """Return how much is folded: "14 steps folded, 1 asks people"."""
    count = ngettext("%(count)d step folded", "%(count)d steps folded", steps) % {"count": steps}
    if not asking:
        return count
    asks = ngettext("%(count)d asks people", "%(count)d ask people", asking) % {"count": asking}
    return _("%(steps)s, %(asking)s") % {"steps": count, "asking": asks}


def in_all(names: list[str]) -> str:
    """Return names one after the other, past the first few how many more."""
    shown = ", ".join(names[:MOST_NAMES])
    more = len(names) - MOST_NAMES
    if more <= 0:
        return shown
    return _("%(names)s and %(count)d more") % {"names": shown, "count": more}


def cut(text: str, most: int) -> str:
    """Return a text, cut where it is longer than so many characters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def people_named(root: Step) -> set[str]:
    """Return the portal's numbers of all people a template names."""
    return {
        one.value
        for step in root.walk()
        for one in (*(step.asking.users if step.asking else ()), *step.to)
        if one.kind == "person"
    }
