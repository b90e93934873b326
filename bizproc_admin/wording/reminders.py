"""What somebody sends to those a workflow task waits for: which it is, since when, where it is."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from bizproc_admin.models import Person, WorkflowTask
from bizproc_admin.wording.times import moment


def reminder(task: WorkflowTask, people: Sequence[Person], url: str) -> str:
    """Return the text of a reminder; url is where the task is answered."""
    text = _("%(who)s: “%(task)s” (%(document)s) has been waiting for you since %(since)s. %(url)s")
    return text % {
        "who": ", ".join(map(str, people)),
        "task": task,
        "document": task.workflow.document_name,
        "since": moment(task.waiting_since or task.modified_at),
        "url": url,
    }
