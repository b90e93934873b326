"""The portal's activities and what each of them is (docs/portal.md: Structures of templates)."""

from bizproc_admin.diagrams.steps import Kind

KINDS = {
    "sequentialworkflowactivity": Kind.ROOT,
    "statemachineworkflowactivity": Kind.STATES,
    "nodeworkflowactivity": Kind.NODES,
    "stateactivity": Kind.STATE,
    "stateinitializationactivity": Kind.ENTRY,
    "statefinalizationactivity": Kind.EXIT,
    "eventdrivenactivity": Kind.EVENT,
    "sequenceactivity": Kind.GROUP,
    "emptyblockactivity": Kind.GROUP,
    "parallelactivity": Kind.PARALLEL,
    "listenactivity": Kind.LISTEN,
    "ifelseactivity": Kind.CHOICE,
    "ifelsebranchactivity": Kind.BRANCH,
    "whileactivity": Kind.LOOP,
    "foreachactivity": Kind.EACH,
    "approveactivity": Kind.APPROVAL,
    "reviewactivity": Kind.REVIEW,
    "requestinformationactivity": Kind.REQUEST,
    "requestinformationoptionalactivity": Kind.OPTIONAL,
    "handleexternaleventactivity": Kind.COMMAND,
    "task2activity": Kind.TASK,
    "delayactivity": Kind.DELAY,
    "robotdelayactivity": Kind.DELAY,
    "waitworkdayactivity": Kind.DELAY,
    "mailactivity": Kind.MESSAGE,
    "socnetmessageactivity": Kind.MESSAGE,
    "imnotifyactivity": Kind.MESSAGE,
    "socnetlogactivity": Kind.MESSAGE,
    "codeactivity": Kind.CODE,
    "webhookactivity": Kind.CALL,
    "setstateactivity": Kind.JUMP,
    "terminateactivity": Kind.END,
    "startworkflowactivity": Kind.START,
    "setstatetitleactivity": Kind.STATUS,
    "setfieldactivity": Kind.FIELDS,
    "setvariableactivity": Kind.VARIABLES,
    "setglobalvariableactivity": Kind.VARIABLES,
    "setglobalconstantactivity": Kind.VARIABLES,
    "mathoperationactivity": Kind.VARIABLES,
    "randomstringactivity": Kind.VARIABLES,
    "createdocumentactivity": Kind.DOCUMENT,
    "deletedocumentactivity": Kind.DOCUMENT,
    "publishdocumentactivity": Kind.DOCUMENT,
    "unpublishdocumentactivity": Kind.DOCUMENT,
    "lockdocumentactivity": Kind.DOCUMENT,
    "unlockdocumentactivity": Kind.DOCUMENT,
    "setpermissionsactivity": Kind.DOCUMENT,
    "savehistoryactivity": Kind.DOCUMENT,
    "getuseractivity": Kind.PERSON,
    "getuserinfoactivity": Kind.PERSON,
    "logactivity": Kind.LOG,
    "fixresultactivity": Kind.RESULT,
    "startscriptactivity": Kind.PORTAL,
    "forumreviewactivity": Kind.PORTAL,
    "calendaractivity": Kind.PORTAL,
    "calendar2activity": Kind.PORTAL,
    "absenceactivity": Kind.PORTAL,
}


def kind_of(activity: str) -> Kind:
    """Return what an activity is; Crm* and triggers are the portal's own, the unknown stays so."""
    lowered = activity.lower()
    if lowered in KINDS:
        return KINDS[lowered]
    if lowered.startswith("rest_"):
        return Kind.APPLICATION
    if lowered.startswith("crm") or lowered.endswith("trigger"):
        return Kind.PORTAL
    return Kind.UNKNOWN
