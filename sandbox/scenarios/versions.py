"""A template of the demo that is changed twice while the portal runs; workflows keep a copy."""

from sandbox.scenarios.templates import (
    Node,
    approve,
    change_structure,
    delay,
    notify,
    review,
    sequence,
    state,
)
from sandbox.state.portal import Portal

#: The supplier's onboarding, and who changes it.
TEMPLATE, CHANGED_BY = 8, 44
_APPROVER = ["{=Template:Approver}"]


def _with_bank_details() -> Node:
    return sequence(
        review("Check the bank details", ["user_24"], OverdueDate="{=Template:Deadline}"),
        approve(
            "Approve the supplier", _APPROVER,
            [state("Waiting for documents"), delay(until="{=Template:RemindAt}")],
            [state("Supplier rejected")], Description="{=Document:NAME}",
            OverdueDate="{=Template:Deadline}",
        ),
    )  # fmt: skip


def _with_two_signatures() -> Node:
    return sequence(
        approve(
            "Approve the supplier", [*_APPROVER, "user_31"],
            [
                review("Check the bank details", ["user_24", "user_25"], ApproveType="any"),
                state("Waiting for documents"),
                delay(until="{=Template:RemindAt}"),
                notify("The supplier can deliver", ["author"]),
            ],
            [state("Supplier rejected")], Description="{=Document:NAME}", ApproveType="all",
        ),
    )  # fmt: skip


_LATER = (_with_bank_details, _with_two_signatures)


def make_next(portal: Portal) -> bool:
    """Change the template to its next version; tell whether there was one."""
    template = portal.templates.get(TEMPLATE)
    if template is None:
        return False
    version = int(template.structure_key.rpartition(".")[2])
    if not 1 <= version <= len(_LATER):
        return False
    change_structure(portal, template, _LATER[version - 1](), by=CHANGED_BY)
    return True
