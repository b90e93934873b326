"""The scenario "empty": two people, one department, one approval template, nothing running."""

from sandbox.scenarios.company import add_founders
from sandbox.scenarios.templates import DEAL, add_template, approve, parameter, sequence, state
from sandbox.state.portal import EMPLOYEE, Portal


def build(portal: Portal) -> None:
    """Fill the portal."""
    add_founders(portal, company="Company")
    approval = approve(
        "Approve the contract",
        ["{=Template:Approvers}"],
        [state("Approved")],
        [state("Rejected")],
        Description="Please read the contract and decide.",
    )
    add_template(
        portal,
        name="Contract approval",
        document_type=DEAL,
        structure=sequence(state("Waiting for approval"), approval),
        parameters={
            "Approvers": parameter("Approvers", "user", [f"user_{EMPLOYEE}"], Multiple="1"),
            "Amount": parameter("Amount", "double", "0"),
        },
        description="One approval and its outcome.",
    )
