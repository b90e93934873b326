"""What a test or a demo does to the portal from outside the REST API.

The Python class and the HTTP control plane offer exactly these operations. Nothing here is written
to the ledger: that is for REST writes only.
"""

from sandbox.operations.applications import ApplicationOperations
from sandbox.operations.documents import DocumentOperations
from sandbox.operations.gateway import GatewayOperations
from sandbox.operations.people import PeopleOperations
from sandbox.operations.portal import PortalOperations
from sandbox.operations.workflows import WorkflowOperations

__all__ = ["Operations"]


class Operations(
    PortalOperations,
    PeopleOperations,
    DocumentOperations,
    WorkflowOperations,
    ApplicationOperations,
    GatewayOperations,
):
    """All operations, each under the portal's lock and saved at once."""
