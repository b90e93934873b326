"""The client of the VibeCode gateway, by which some portals are reached alone.

Another API over the same workflows: no tasks, no people, no read by id. What it can do it offers
under the names of the portal's own client, so that whoever reads or writes need not know which of
the two it has.
"""

from .key import BadKey, GatewayKey
from .reader import CannotBeChecked, GatewayReader, Whereabouts
from .refusals import ReadOnlyKey, SessionOver
from .transport import GatewayTransport
from .walks import Walks
from .writer import GatewayWriter

__all__ = [
    "BadKey",
    "CannotBeChecked",
    "GatewayKey",
    "GatewayReader",
    "GatewayTransport",
    "GatewayWriter",
    "ReadOnlyKey",
    "SessionOver",
    "Walks",
    "Whereabouts",
]
