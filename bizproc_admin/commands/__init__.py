"""Remote writes happen here and nowhere else: issue() records the intent, carry_out() sends it.

The states and the moves between them are a table in transitions.py; which observation proves what
is bitrix.classify(). No database transaction is open while the network is used.
"""

from bizproc_admin.commands.deciding import contest, decide, recognise
from bizproc_admin.commands.freezing import freeze, key_for
from bizproc_admin.commands.issuing import KeyReused, TargetBusy, issue, take_back
from bizproc_admin.commands.operations import (
    Moved,
    approve,
    close,
    confirm,
    decline,
    pause,
    resume,
    retry,
    stop,
)
from bizproc_admin.commands.preparing import prepare
from bizproc_admin.commands.progress import Progress, among, kind_of, progress, progress_of, rate
from bizproc_admin.commands.sending import carry_out
from bizproc_admin.commands.serving import ahead_of, portals_due, serve, sweep
from bizproc_admin.commands.settling import settle

__all__ = [
    "KeyReused",
    "Moved",
    "Progress",
    "TargetBusy",
    "ahead_of",
    "among",
    "approve",
    "carry_out",
    "close",
    "confirm",
    "contest",
    "decide",
    "decline",
    "freeze",
    "issue",
    "key_for",
    "kind_of",
    "pause",
    "portals_due",
    "prepare",
    "progress",
    "progress_of",
    "rate",
    "recognise",
    "resume",
    "retry",
    "serve",
    "settle",
    "stop",
    "sweep",
    "take_back",
]
