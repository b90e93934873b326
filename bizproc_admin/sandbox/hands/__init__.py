"""What a test or a demo does to the portal from outside the REST API.

The Python class and the HTTP control plane offer exactly these operations. Nothing here is written
to the ledger: that is for REST writes only.
"""

from bizproc_admin.sandbox.hands.applications import Applications
from bizproc_admin.sandbox.hands.people import PeopleAndTemplates
from bizproc_admin.sandbox.hands.whole import WholePortal
from bizproc_admin.sandbox.hands.workflows import WorkflowsAndTasks

__all__ = ["Hands"]


class Hands(WholePortal, PeopleAndTemplates, WorkflowsAndTasks, Applications):
    """All operations, each under the portal's lock and saved at once."""
