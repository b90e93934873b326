"""The steps of a workflow template in words, for its diagram and outline."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from bizproc_admin.bitrix.texts import line
from bizproc_admin.diagrams.folding import HANDLERS
from bizproc_admin.diagrams.pictures import Lines, Part, Role, Saying
from bizproc_admin.diagrams.steps import (
    Asking,
    Kind,
    Reference,
    Step,
)
from bizproc_admin.wording.step_looks import look_of
from bizproc_admin.wording.template_names import TemplateNames, cut, in_all

MOST_WORDS = 90
# what is read by those who get a task or a message, by the property that keeps it
TEXTS = {
    "Name": _lazy("Task"),
    "Description": _lazy("Description"),
    "MailSubject": _lazy("Subject"),
    "MailText": _lazy("Text"),
    "MessageSite": _lazy("Text"),
    "MessageText": _lazy("Text"),
}


@dataclass(frozen=True, kw_only=True)
class StepWords(TemplateNames):
    """Says the steps of one template: called with what is to be said, it returns the lines.

    actions are names of application actions by the type of their steps.
    By the names of steps, feet are what stands under them, waiting is how many tasks wait there,
    and marks tell of one workflow: "here" or "passed"; taken are the keys of the branches it went.
    is_whole tells conditions, receivers and what is set, which may hold secrets;
    otherwise titles and who is asked alone. shortens cuts long conditions, where another place
    tells them in full.
    """

    root: Step | None = None
    actions: Mapping[str, str] = field(default_factory=dict)
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
        if kind is Kind.APPLICATION and (name := self.actions.get(step.type.lower())):
            return name
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
        names = [self.referred(Reference(source, str(key))) for key in given]
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

    def details(self, step: Step) -> list[tuple[str, str]]:
        """Return what a step says to people, for who may see the structure."""
        if not self.is_whole:
            return []
        given = [
            (label, self.said(text))
            for name, label in TEXTS.items()
            if isinstance(text := step.properties.get(name), str) and text.strip()
        ]
        return [(str(label), text) for label, text in given if text != self.title(step)]

    def limit(self, step: Step) -> str:
        """Return how long a step waits for answers, where it does not wait for ever."""
        if step.asking is None or step.asking.within is None:
            return ""
        return _("Goes on without an answer after %(span)s") % {
            "span": self.span(step.asking.within)
        }

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

    def shortened(self, text: str) -> str:
        return cut(text, MOST_WORDS) if self.shortens else text


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


def people_named(root: Step) -> set[str]:
    """Return the portal's numbers of all people a template names."""
    return {
        one.value
        for step in root.walk()
        for one in (*(step.asking.users if step.asking else ()), *step.to)
        if one.kind == "person"
    }
