"""Operations on the whole portal: scenarios, the clock, faults, limits, and what has happened."""

import json
from typing import Any

from sandbox import scenarios
from sandbox.due import bring_up_to_date
from sandbox.language import LANGUAGES
from sandbox.oauth import addresses
from sandbox.scenarios.company import YEAR
from sandbox.state import document_fields, documents, overriding
from sandbox.state.faults import Fault
from sandbox.state.field_types import checked
from sandbox.state.portal import Portal
from sandbox.state.records import pack

FILTER_RULES = ("module", "documented")
AUTO_EXECUTE_RULES = ("lenient", "strict")
BUILDS = ("26", "25")
QUEUES = ("registered", "unregistered")
LIMITS = ("real", "off")
STATUSES = ("usual", "2026")


class PortalOperations:
    """What concerns everything at once."""

    def __init__(self, portal: Portal) -> None:
        """Act on this portal."""
        self._portal = portal

    def reset(self) -> None:
        """Go back to how the sandbox first started; addresses and secrets stay."""
        portal = self._portal
        with portal.lock:
            scenarios.load(portal, **portal.first)
            portal.commit()

    def load(self, scenario: str, *, workflows: int | None = None, seed: int | None = None) -> None:
        """Replace everything by a scenario; addresses and secrets stay."""
        portal = self._portal
        with portal.lock:
            scenarios.load(portal, scenario, workflows=workflows, seed=seed)
            portal.commit()

    def advance(
        self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> float:
        """Move the clock on and do everything that became due; returns the portal's time."""
        portal = self._portal
        with portal.lock:
            portal.clock.advance(seconds + 60 * minutes + 3600 * hours + 86400 * days)
            portal.touched = True
            bring_up_to_date(portal)
            return portal.now()

    def now(self) -> float:
        """Return the portal's time as Unix seconds."""
        return self._portal.now()

    def fail_next(
        self,
        kind: str,
        *,
        times: int = 1,
        method: str | None = None,
        skip: int = 0,
        hold: float = 90.0,
        delay: float = 45.0,
        applied: bool = False,
    ) -> None:
        """Make the next calls go wrong; see `faults` for the kinds, others are vendor codes."""
        given = {"kind": kind, "times": times, "method": method, "skip": skip}
        given |= {"hold": hold, "delay": delay, "applied": applied}
        with self._portal.lock:
            self._portal.faults.plan(Fault(**checked(Fault, given)))

    def clear_faults(self) -> None:
        """Forget the planned faults."""
        with self._portal.lock:
            self._portal.faults.clear()

    def faults(self) -> list[dict[str, object]]:
        """Return the faults still planned."""
        return self._portal.faults.pending()

    def override_row(
        self,
        kind: str,
        id: int | str,
        fields: dict[str, Any] | None = None,
        absent: list[str] | None = None,
    ) -> None:
        """Show fields of one row as any JSON values, and leave others out, until it is cleared.

        `kind` is one of `overriding.KINDS`; `id` is the row's true one, whatever is shown for it.
        """
        portal = self._portal
        _one_of(kind, overriding.KINDS)
        shown, missing = fields or {}, absent or []
        if not isinstance(shown, dict) or not isinstance(missing, list) or not (shown or missing):
            raise ValueError("Say `fields` (an object), `absent` (a list of names), or both.")
        with portal.lock:
            json.dumps(shown, allow_nan=False)
            overriding.override(portal, kind, str(id), fields=shown, absent=list(map(str, missing)))
            portal.touched = True
            portal.commit()

    def clear_overrides(self, kind: str | None = None, id: int | str | None = None) -> None:
        """Show rows as they are held again: all, those of a kind, or one."""
        portal = self._portal
        with portal.lock:
            for name in [name for name in portal.overrides if kind in (None, name)]:
                rows = portal.overrides[name]
                for key in [key for key in rows if id is None or key == str(id)]:
                    del rows[key]
            portal.touched = True
            portal.commit()

    def set_filter_rules(self, rules: str) -> None:
        """Read filters as the "module" does, or as the newer "documented" rules say."""
        _one_of(rules, FILTER_RULES)
        self._portal.newer_filters = rules == "documented"

    def set_auto_execute_rule(self, rule: str) -> None:
        """Take AUTO_EXECUTE as a text alone ("strict"), or as a number as well ("lenient")."""
        _one_of(rule, AUTO_EXECUTE_RULES)
        self._portal.strict_auto_execute = rule == "strict"

    def set_write_time(self, milliseconds: float) -> None:
        """Have each change by a call take so long; a batch takes as long as all of it."""
        if not 0 <= float(milliseconds) <= 60_000:
            raise ValueError("A change takes a minute at most.")
        self._portal.write_seconds = float(milliseconds) / 1000

    def set_build(self, build: str, event_delay: float = 0.0) -> None:
        """Bring answers to steps after the call ("26"), so many seconds late, or in it ("25")."""
        _one_of(build, BUILDS)
        if not 0 <= float(event_delay) <= YEAR:
            raise ValueError("An answer is a year late at most.")
        self._portal.answers_at_once = build == "25"
        self._portal.event_delay = float(event_delay)

    def set_queue(self, queue: str) -> None:
        """Call applications, or none because the queue does not know a portal on premises."""
        _one_of(queue, QUEUES)
        self._portal.has_queue = queue == "registered"

    def set_workflow_limit(self, number: int) -> None:
        """Let a document have so many workflows running at once; 0 for any number."""
        if int(number) < 0:
            raise ValueError("A limit is 0 or more.")
        self._portal.most_workflows_of_document = int(number)

    def set_statuses(self, statuses: str) -> None:
        """Answer errors with the "usual" statuses, or as the vendor's table of "2026" says."""
        _one_of(statuses, STATUSES)
        self._portal.newer_statuses = statuses == "2026"

    def set_language(self, language: str) -> None:
        """Let the portal speak "en" or "ru" from now on."""
        portal = self._portal
        _one_of(language, LANGUAGES)
        with portal.lock:
            portal.language = language
            portal.touched = True
            portal.commit()

    def rename_portal(self, address: str) -> None:
        """Let the portal answer under another public address; the present one answers 302 to it.

        `{port}` stands for the port that is listened on. A reset undoes it.
        """
        portal = self._portal
        with portal.lock:
            addresses.rename(portal, str(address))

    def set_zone(self, name: str) -> None:
        """Let the portal live in a zone of this IANA name; empty for the usual UTC+03:00."""
        portal = self._portal
        with portal.lock:
            portal.clock.set_zone(str(name))
            portal.touched = True
            portal.commit()

    def set_limits(self, limits: str) -> None:
        """Switch the limits to "real" or "off"."""
        _one_of(limits, LIMITS)
        self._portal.limits.on = limits == "real"

    def fill_bucket(self, requests: float, source: str = "127.0.0.1") -> None:
        """Count requests of a neighbour on the same address."""
        with self._portal.lock:
            self._portal.limits.fill(source, float(requests))

    def spend(self, method: str, seconds: float) -> None:
        """Add operating time to a method for every webhook and every application."""
        portal = self._portal
        with portal.lock:
            codes = [webhook.code for webhook in portal.webhooks]
            codes += [application.client_id for application in portal.applications]
            for code in codes:
                portal.limits.spend(code, method, float(seconds), began=portal.now())

    def calls(self, method: str | None = None) -> list[dict[str, Any]]:
        """Return the REST calls since the start, oldest first."""
        with self._portal.lock:
            return [c for c in self._portal.calls if method in (None, c["method"])]

    def deliveries(self) -> list[dict[str, Any]]:
        """Return what became of the portal's calls to applications, oldest first."""
        with self._portal.lock:
            return list(self._portal.deliveries)

    def clear_calls(self) -> None:
        """Forget the calls and the complaints."""
        with self._portal.lock:
            self._portal.calls.clear()
            self._portal.complaints.clear()

    def complaints(self) -> list[dict[str, Any]]:
        """Return what the portal ignored in silence and a client should not have sent."""
        with self._portal.lock:
            return list(self._portal.complaints)

    def ledger(self) -> list[dict[str, Any]]:
        """Return the REST writes that were really applied, oldest first.

        `applied` says what was kept; `params` what was sent, long texts by beginning and SHA-256.
        """
        with self._portal.lock:
            bring_up_to_date(self._portal)
            return list(self._portal.ledger)

    def workflows(self) -> list[dict[str, Any]]:
        """Return the workflows as the portal holds them, ended ones of the last day included."""
        with self._portal.lock:
            bring_up_to_date(self._portal)
            return [pack(workflow) for workflow in self._portal.workflows]

    def workflow(self, workflow_id: str) -> dict[str, Any] | None:
        """Return one workflow as the portal holds it, or None."""
        with self._portal.lock:
            bring_up_to_date(self._portal)
            found = self._portal.workflows.get(workflow_id)
            return None if found is None else pack(found)

    def document_fields(self, document_type: list[str]) -> dict[str, Any]:
        """Return the fields of a document type by id, as imported templates have left them."""
        with self._portal.lock:
            kind = documents.read_type(document_type)
            if kind is None:
                raise ValueError(f"{document_type!r} is no document type.")
            return document_fields.of_type(self._portal, kind)

    def tasks(self, workflow_id: str | None = None) -> list[dict[str, Any]]:
        """Return the workflow tasks, of one workflow or all."""
        with self._portal.lock:
            bring_up_to_date(self._portal)
            return [pack(t) for t in self._portal.tasks if workflow_id in (None, t.workflow_id)]


def _one_of(word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise ValueError(f"{word!r} is none of {', '.join(words)}.")
