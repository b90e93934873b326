"""The client of the VibeCode gateway, by which some portals are reached alone.

Another API over the same workflows: no tasks, no people, no read by id. What it can do it offers
under the names of the portal's own client, so that whoever reads or writes need not know which of
the two it has.
"""

from .key import BadKey, GatewayKey
from .probing import probe
from .reader import CannotBeChecked, GatewayProfile, GatewayReader, OtherPortal, Whereabouts
from .refusals import NotOffered, ReadOnlyKey, SessionOver
from .sessions import Session, give_session, sign_in_address
from .transport import GatewayTransport
from .walks import Walks
from .writer import ENTITIES, GatewayWriter

__all__ = [
    "ENTITIES",
    "BadKey",
    "CannotBeChecked",
    "GatewayKey",
    "GatewayProfile",
    "GatewayReader",
    "GatewayTransport",
    "GatewayWriter",
    "NotOffered",
    "OtherPortal",
    "ReadOnlyKey",
    "Session",
    "SessionOver",
    "Walks",
    "Whereabouts",
    "give_session",
    "probe",
    "sign_in_address",
]
