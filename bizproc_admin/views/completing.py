"""Answering a workflow task, giving it to somebody else, and taking somebody's part over."""

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.actions import CompleteTask, DelegateTask, StartWorkflow
from bizproc_admin.actions.base import own_hands
from bizproc_admin.actions.workflow_tasks import closed
from bizproc_admin.audit import By
from bizproc_admin.commands import take_back
from bizproc_admin.forms.completions import CompletionForm
from bizproc_admin.forms.delegations import DelegationForm, TakeoverForm, waiting_people
from bizproc_admin.htmx import accepted, dialog, tell, toast, wants_part
from bizproc_admin.lists.inbox import filters_behind, next_after
from bizproc_admin.lists.task_lines import TaskLine
from bizproc_admin.models import Command, Draft, Person, Portal, Role, WorkflowTask
from bizproc_admin.views.issuing import InTheWay, try_to_issue
from bizproc_admin.views.task_panels import (
    MOST_TAKEN_BACK,
    has_hands_to_give,
    line_of,
    on_behalf_of,
    panel,
)
from bizproc_admin.wording import acts
from bizproc_admin.wording.command_errors import said


@require_http_methods(["GET", "POST"])
@requires(Capability.COMPLETE_WORKFLOW_TASKS)
def workflow_task_completion(request: Request, pk: int) -> HttpResponse:
    line = line_of(request, pk)
    if request.method != "POST":
        return panel(request, line)
    form = CompletionForm(line.task, request.POST, request.FILES)
    if not form.is_valid():
        return not_answered(request, line, form, status=422)
    made = issued_answer(request, line, form)
    if isinstance(made, InTheWay):
        form.renew()
        return not_answered(request, line, form, in_the_way=made, status=409)
    return answered(request, line.task)


@require_http_methods(["GET", "POST"])
@requires(Capability.DELEGATE_WORKFLOW_TASKS)
def workflow_task_delegation(request: Request, pk: int) -> HttpResponse:
    task = line_of(request, pk).task
    waiting = waiting_people(task, request.user)
    form = DelegationForm(request.POST or None, task=task, actor=request.user, waiting=waiting)
    return given_away(request, task, form, waiting, "workflow_tasks/delegation.html")


@require_http_methods(["GET", "POST"])
@requires(Capability.ACT_FOR_OTHERS)
def workflow_task_takeover(request: Request, pk: int) -> HttpResponse:
    """Let an administrator have somebody's part given to their own person, to answer for them."""
    task = line_of(request, pk).task
    waiting = waiting_people(task, request.user)
    form = TakeoverForm(request.POST or None, task=task, actor=request.user, waiting=waiting)
    return given_away(request, task, form, waiting, "workflow_tasks/takeover.html")


@require_POST
@requires(Capability.COMPLETE_WORKFLOW_TASKS)
def command_take_back(request: Request, pk: int) -> HttpResponse:
    """Take a command back of which nothing has been sent yet."""
    command = get_object_or_404(commands_to_take_back(request), pk=pk)
    is_back = take_back(command, by=By.of(request))
    late = _("Too late: it is on its way. What becomes of it is shown with the task.")
    if not wants_part(request):
        text = _("Taken back. Nothing was sent.") if is_back else late
        (messages.success if is_back else messages.warning)(request, text)
        return redirect(url_of(command))
    response = tell(
        HttpResponse(status=204),
        {f"workflow-task-{command.task_id}-changed": True, "take-back-changed": True},
    )
    return response if is_back else toast(response, tone="warn", text=late)


@require_POST
@requires(Capability.COMPLETE_WORKFLOW_TASKS)
def take_back_creation(request: Request) -> HttpResponse:
    """Take several commands back at once; those that have left are said."""
    keys = [int(key) for key in request.POST.getlist("command") if key.isdecimal()][
        :MOST_TAKEN_BACK
    ]
    found = list(commands_to_take_back(request).filter(pk__in=keys))
    by = By.of(request)
    late = [one for one in found if not take_back(one, by=by)]
    text = _("Taken back. Nothing was sent.")
    if late:
        names = ", ".join(str(one.task or acts.target(one)) for one in late)
        text = _("Too late for %(names)s: on its way.") % {"names": names}
    if not wants_part(request):
        (messages.warning if late else messages.success)(request, text)
        return redirect("workflow_task_list")
    changed = {f"workflow-task-{one.task_id}-changed": True for one in found}
    response = tell(HttpResponse(status=204), {**changed, "take-back-changed": True})
    return toast(response, tone="warn", text=text) if late else response


# --- parts --------------------------------------------------------------------------------------


def issued_answer(request: Request, line: TaskLine, form: CompletionForm) -> Command | InTheWay:
    """Issue the answer of a valid form; issue() refuses whoever is not asked."""
    task, own = line.task, request.user.person_at(line.portal)
    person = own or next((part.person for part in line.waits), None)
    if person is None:
        return InTheWay(problem=said(*closed(task)))
    action = CompleteTask(
        task=task,
        person=person,
        answer=form.cleaned_data["answer"],
        comment=form.cleaned_data.get("comment", ""),
        fields=form.values(),
        files=form.sent_files(),
        multiple=form.multiple,
        on_behalf=on_behalf_of(task, person),
        reason="",
    )
    made = try_to_issue(request, action, key=form.cleaned_data["key"], delay=settings.UNDO_TIME)
    # a row shows nothing of what was typed beside it: that is not what was sent
    if isinstance(made, Command) and "row" not in request.POST:
        Draft.objects.filter(account=request.user, task=task).delete()
    return made


def not_answered(
    request: Request,
    line: TaskLine,
    form: CompletionForm,
    *,
    status: int,
    in_the_way: InTheWay | None = None,
) -> HttpResponse:
    """Say what is wrong with an answer: in the panel, or shortly where only a row was clicked."""
    if "row" not in request.POST or not wants_part(request):
        return panel(request, line, form=form, in_the_way=in_the_way, status=status)
    problems = [str(text) for texts in form.errors.values() for text in texts]
    if in_the_way is not None:
        problems = [in_the_way.problem or _("An answer is under way already.")]
    response = toast(HttpResponse(status=204), tone="warn", text=" ".join(problems))
    return tell(response, {f"workflow-task-{line.pk}-changed": True})


def answered(request: Request, task: WorkflowTask) -> HttpResponse:
    """Respond to an answer that was accepted: its row says so, and the next task opens."""
    following = next_after(request, task)
    text = _("Your answer leaves in a moment; until then it can be taken back below.")
    return accepted(
        request,
        changed=f"workflow-task-{task.pk}-changed",
        url=following or reverse("workflow_task_list") + filters_behind(request).kept_open,
        text=text,
        more={"workflow-task-answered": {"task": task.pk, "next": following}},
    )


def given_away(
    request: Request, task: WorkflowTask, form: DelegationForm, waiting: list[Person], template: str
) -> HttpResponse:
    """Issue the delegation of a valid form; what stands in its way is said in the dialog."""
    in_the_way = nobody_to_give(request, task, form, waiting)
    if form.is_bound and in_the_way is None and form.is_valid():
        action = DelegateTask(
            task=task,
            from_person=form.cleaned_data["from_person"],
            to_person=form.receiver,
            reason=form.cleaned_data["reason"],
        )
        made = try_to_issue(request, action, key=form.cleaned_data["key"])
        if isinstance(made, Command):
            return accepted(
                request,
                changed=f"workflow-task-{task.pk}-changed",
                url=reverse("workflow_task_detail", args=[task.pk]),
                text=_("Requested. This page shows what becomes of it."),
            )
        in_the_way = made
    status = 200 if not form.is_bound else 409 if in_the_way else 422
    context = {
        "task": task,
        "task_url": reverse("workflow_task_detail", args=[task.pk]),
        "form": form,
        "waiting": waiting,
        "in_the_way": in_the_way,
    }
    return dialog(request, template, context, status=status)


def nobody_to_give(
    request: Request, task: WorkflowTask, form: DelegationForm, waiting: list[Person]
) -> InTheWay | None:
    """Say why nothing can be given away here at all."""
    if not task.is_open:
        return InTheWay(problem=said(*closed(task)))
    if not waiting:
        return InTheWay(problem=_("It waits for nobody whose part you may give away."))
    if not task.portal.is_connected:
        return InTheWay(problem=_("The portal is not connected: nothing can be sent from here."))
    if not has_hands_to_give(request, task):
        return InTheWay(
            problem=_("Sign in with Bitrix24 once, so that this console may delegate as you.")
        )
    if isinstance(form, TakeoverForm):
        return nobody_to_answer(request, task, form)
    return None


def nobody_to_answer(request: Request, task: WorkflowTask, form: TakeoverForm) -> InTheWay | None:
    """Say why nobody could answer what is taken over: it would be taken for nothing."""
    if form.own is None:
        return InTheWay(
            problem=_("Your account stands for nobody on this portal, so nothing can be given you.")
        )
    if own_hands(request.user, task.portal) is None:
        return InTheWay(
            problem=_("Sign in with Bitrix24 once: you could not answer what was given to you.")
        )
    return None


def commands_to_take_back(request: Request) -> QuerySet[Command]:
    """Give the commands an account may take back: its own, an administrator's those of others."""
    found = Command.objects.filter(portal__in=Portal.objects.reached_by(request.user))
    if request.user.role != Role.PORTAL_ADMINISTRATOR:
        found = found.filter(actor=request.user)
    return found


def url_of(command: Command) -> str:
    if command.task_id is not None:
        return reverse("workflow_task_detail", args=[command.task_id])
    if command.action == StartWorkflow.name:
        return reverse("workflow_start_outcome", args=[command.pk])
    return reverse("command_detail", args=[command.pk])
