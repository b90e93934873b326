"""Faults that a test asks for: the next call, or the next N of a method, go wrong in a named way.

`skip` lets so many calls of the method pass before. Calls inside a batch count, too: the connection
is cut after 17 of them by `timeout_before_apply` with the method's name and a skip of 17.

Any other name than those below is taken as a vendor error code (`plan_ended` for that of a lapsed
plan, which shares its code with missing rights).
"""

from dataclasses import dataclass

#: Nothing reaches the method; what the client sees differs.
BEFORE = {"timeout_before_apply", "late_apply"}
#: The method has run, and then the answer is lost or damaged.
AFTER = {"timeout_after_apply", "reset_mid_response", "truncated_json"}
#: Something else than JSON is answered; the method runs only when `applied` is asked for.
REPLACED = {"html_page", "empty_body", "bad_gateway", "unavailable_page", "closed_page"}
#: The answer is true and nothing was done.
LIE = "lie"
#: The plan of the portal has no REST: an error answer that is not named by its code.
PLAN = "plan_ended"
#: What becomes of a call of the portal to an application; `method` is the action's code.
CALL_DELAYED, CALL_REPEATED, CALL_LOST = "call_delayed", "call_repeated", "call_lost"
#: The next call overtakes it.
CALL_REORDERED = "call_reordered"
CALLS = {CALL_DELAYED, CALL_REPEATED, CALL_LOST, CALL_REORDERED}
TRANSPORT = BEFORE | AFTER | REPLACED | CALLS | {LIE}


@dataclass
class Fault:
    """One planned fault."""

    kind: str
    times: int = 1
    method: str | None = None
    skip: int = 0
    hold: float = 90.0
    delay: float = 45.0
    applied: bool = False

    @property
    def is_vendor_error(self) -> bool:
        """Tell whether the fault is an error answer."""
        return self.kind not in TRANSPORT


class Broken(Exception):
    """The answer to this HTTP request is lost or replaced from here on."""

    def __init__(self, fault: Fault) -> None:
        """Keep what is to be done to the connection."""
        super().__init__(fault.kind)
        self.fault = fault


class Faults:
    """The planned faults, first come first served."""

    def __init__(self) -> None:
        """Start without any."""
        self._planned: list[Fault] = []

    def clear(self) -> None:
        """Forget all planned faults."""
        self._planned.clear()

    def plan(self, fault: Fault) -> None:
        """Add a fault."""
        if fault.method is not None:
            fault.method = fault.method.lower()
        self._planned.append(fault)

    def pending(self) -> list[dict[str, object]]:
        """Return what is still planned."""
        return [{"kind": f.kind, "times": f.times, "method": f.method} for f in self._planned]

    def take(self, method: str, *, in_batch: bool) -> Fault | None:
        """Return the fault that this call must suffer, and count it."""
        for fault in self._planned:
            if fault.kind in CALLS or (fault.method is None and in_batch):
                continue
            if fault.method not in (None, method):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            return self._counted(fault)
        return None

    def take_call(self, code: str) -> Fault | None:
        """Return the fault that a call to an application must suffer, and count it."""
        for fault in self._planned:
            if fault.kind in CALLS and fault.method in (None, code.lower()):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                return self._counted(fault)
        return None

    def _counted(self, fault: Fault) -> Fault:
        fault.times -= 1
        if fault.times <= 0:
            self._planned.remove(fault)
        return fault
