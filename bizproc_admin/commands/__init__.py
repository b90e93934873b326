"""Remote writes happen here and nowhere else: issue() records the intent, carry_out() sends it.

The states and the moves between them are a table in transitions.py; which observation proves what
is bitrix.classify(). No database transaction is open while the network is used.
"""

from bizproc_admin.commands.bulk import OperationClosed, issue_many
from bizproc_admin.commands.deciding import contest, decide, recognise
from bizproc_admin.commands.issuing import KeyReused, TargetBusy, issue, take_back
from bizproc_admin.commands.sending import carry_out
from bizproc_admin.commands.serving import ahead_of, portals_due, serve, sweep
from bizproc_admin.commands.settling import settle

__all__ = [
    "KeyReused",
    "OperationClosed",
    "TargetBusy",
    "ahead_of",
    "carry_out",
    "contest",
    "decide",
    "issue",
    "issue_many",
    "portals_due",
    "recognise",
    "serve",
    "settle",
    "sweep",
    "take_back",
]
