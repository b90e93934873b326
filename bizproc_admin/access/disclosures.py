"""What is shown only with a line in the audit history, because it may hold secrets."""

from bizproc_admin import audit
from bizproc_admin.audit import AuditAction, By, Facts
from bizproc_admin.models import AuditEntry, BulkOperation, WorkflowTemplate


def file_taken(template: WorkflowTemplate, *, by: By) -> None:
    """Write into the history who is about to take a template away as a file."""
    audit.record(
        AuditEntry.Kind.DISCLOSURE, AuditAction.TEMPLATE_TAKEN, by=by, target=template.as_target
    )


def constants_seen(template: WorkflowTemplate, *, by: By) -> None:
    """Write into the history who is about to see the constants of a template."""
    audit.record(
        AuditEntry.Kind.DISCLOSURE, AuditAction.CONSTANTS_SEEN, by=by, target=template.as_target
    )


def results_taken(operation: BulkOperation, *, by: By) -> None:
    """Write into the history who is about to take what became of an operation's targets."""
    audit.record(
        AuditEntry.Kind.DISCLOSURE,
        AuditAction.RESULTS_TAKEN,
        by=by,
        target=operation.as_target,
        facts=Facts(inputs={"act": operation.action, "total": operation.total}),
    )
