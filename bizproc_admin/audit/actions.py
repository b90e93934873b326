"""What an audit entry may tell of: one key for each act, the same in every language."""

from enum import StrEnum


class AuditAction(StrEnum):
    """The keys that entries are written with. A key that was written once stays for ever."""

    # commands, by the names of their actions
    WORKFLOW_START = "workflow.start"
    WORKFLOW_TERMINATE = "workflow.terminate"
    WORKFLOW_KILL = "workflow.kill"
    TEMPLATE_ADD = "workflow_template.add"
    TEMPLATE_UPDATE = "workflow_template.update"
    TEMPLATE_DELETE = "workflow_template.delete"
    APPLICATION_ACTION_REGISTER = "application_action.register"
    APPLICATION_ACTION_UPDATE = "application_action.update"
    APPLICATION_ACTION_DELETE = "application_action.delete"
    WORKFLOW_TASK_COMPLETE = "workflow_task.complete"
    WORKFLOW_TASK_DELEGATE = "workflow_task.delegate"
    STEP_ANSWER = "application_step.answer"
    STEP_LOG = "application_step.log"
    STEP_CHECK = "application_step.check"

    CALLS_TEST = "portal.test_calls"

    # bulk operations; each of their commands has lines of its own
    BULK_ASKED = "bulk.asked"
    BULK_APPROVED = "bulk.approved"
    BULK_DECLINED = "bulk.declined"
    BULK_PAUSED = "bulk.paused"
    BULK_RESUMED = "bulk.resumed"
    BULK_STOPPED = "bulk.stopped"
    BULK_FINISHED = "bulk.finished"
    RESULTS_TAKEN = "bulk.results_taken"

    SIGN_IN = "session.sign_in"
    SIGN_OUT = "session.sign_out"
    SESSIONS_ENDED = "session.ended"
    PAGE_VISIT = "page.visit"

    ACCOUNT_MADE = "account.made"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_ACTIVATED = "account.activated"
    ACCOUNT_DEACTIVATED = "account.deactivated"
    PASSWORD_RESET = "account.password_reset"  # noqa: S105  # a key of the history
    PASSWORD_CHOSEN = "account.password_chosen"  # noqa: S105  # likewise
    CONNECTION_FORGOTTEN = "account.connection_forgotten"
    # what a portal does to the accounts of its people
    ACCOUNT_ADMITTED = "account.admitted"
    ACCOUNT_CLAIMED = "account.claimed"
    ACCOUNT_DISMISSED = "account.dismissed"
    ACCOUNT_BACK = "account.back"
    ROLE_FOLLOWED = "account.role_followed"

    SECOND_FACTOR_SET_UP = "second_factor.set_up"
    SECOND_FACTOR_REMOVED = "second_factor.removed"
    SECOND_FACTOR_TAKEN_AWAY = "second_factor.taken_away"
    RECOVERY_CODES_MADE = "second_factor.codes_made"

    PORTAL_CONNECTED = "portal.connected"
    WEBHOOK_REPLACED = "portal.webhook_replaced"
    GATEWAY_KEY_REPLACED = "portal.gateway_key_replaced"
    GATEWAY_SIGNED_IN = "portal.gateway_signed_in"
    PORTAL_DISCONNECTED = "portal.disconnected"
    PORTAL_FOLLOWED = "portal.followed"
    PORTAL_PINNED = "portal.pinned"
    CONNECTION_LOOKED_OVER = "portal.looked_over"
    APPLICATION_SET = "portal.application_set"
    APPLICATION_REMOVED = "portal.application_removed"
    # what the portal does to it
    APPLICATION_GONE = "portal.application_gone"
    APPLICATION_BACK = "portal.application_back"
    SIGN_IN_OPENED = "portal.sign_in_opened"
    SIGN_IN_CLOSED = "portal.sign_in_closed"
    TIME_ZONE_SET = "portal.time_zone"
    APPROVAL_SET = "portal.approval"

    VIEW_SHARED = "saved_view.shared"
    VIEW_CHANGED = "saved_view.changed"
    VIEW_WITHDRAWN = "saved_view.withdrawn"

    CONSTANTS_SEEN = "workflow_template.constants_seen"
    TEMPLATE_TAKEN = "workflow_template.taken"
    DATE_FORMAT_SET = "portal.date_format"
