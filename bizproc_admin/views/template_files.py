"""Template files: uploaded, looked through, sent to the portal; downloaded; templates deleted."""

import uuid
from dataclasses import dataclass
from urllib.parse import quote

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bizproc_admin import doorbell
from bizproc_admin.access import disclosures
from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.actions import AddTemplate, DeleteTemplate, UpdateTemplate
from bizproc_admin.actions.base import own_hands
from bizproc_admin.audit import By
from bizproc_admin.diagrams.mentions import Named
from bizproc_admin.diagrams.reading import definitions
from bizproc_admin.diagrams.steps import Definition, Kind, Step
from bizproc_admin.diagrams.template_files import encode, structure_digest, written
from bizproc_admin.forms.template_files import (
    AdditionForm,
    DeletionForm,
    UploadForm,
    WritingForm,
    known_types,
)
from bizproc_admin.htmx import accepted, dialog, page
from bizproc_admin.models import Person, Portal, TemplateFile, TemplateMention, WorkflowTemplate
from bizproc_admin.models.template_versions import Structure, opened, structure_of
from bizproc_admin.views.diagrams import diagram_of
from bizproc_admin.views.issuing import InTheWay, try_to_issue
from bizproc_admin.views.structures import ShownTemplate, shown_structure
from bizproc_admin.views.template_changes import changes_between
from bizproc_admin.wording.template_changes import ChangeLine
from bizproc_admin.wording.template_files import note_said, why_refused
from bizproc_admin.wording.template_values import definition_lines

# uploads that one account may have waiting; the oldest go first
MOST_UPLOADS = 20
MOST_DEPENDING = 10


@dataclass(frozen=True, kw_only=True)
class Dangers:
    """What a file would do that somebody has to want: steps by title, hosts that are called."""

    code: list[str]
    calls: list[str]
    applications: list[str]

    @property
    def is_any(self) -> bool:
        return bool(self.code or self.calls)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_TEMPLATES)
def template_upload(request: Request) -> HttpResponse:
    """Take a template file, to be looked through before anything is sent."""
    portal = portal_of(request)
    template = changed_one(request, portal)
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data["file"]
        file = TemplateFile.uploaded(
            portal, request.user, name=given.name, content=given.read(), template=template
        )
        too_many = TemplateFile.objects.of(request.user).order_by("-pk")[MOST_UPLOADS:]
        TemplateFile.objects.filter(pk__in=list(too_many.values_list("pk", flat=True))).delete()
        doorbell.ring("read_template_file", file.pk, queue=doorbell.INTERACTIVE)
        return redirect("template_file_detail", pk=file.pk)
    context = {"form": form, "template": template}
    return page(
        request,
        "workflow_templates/upload.html",
        context,
        partial="form",
        status=422 if form.is_bound else 200,
    )


@require_safe
@requires(Capability.MANAGE_TEMPLATES)
def template_file_detail(request: Request, pk: int) -> HttpResponse:
    return file_page(request, own_file(request, pk))


@require_POST
@requires(Capability.MANAGE_TEMPLATES)
def template_file_sending(request: Request, pk: int) -> HttpResponse:
    """Add the template of a file that was looked through, or change the one it is meant for."""
    file = own_file(request, pk)
    if file.state != TemplateFile.State.READ:
        return file_page(request, file, status=409)
    parts = file.opened()
    form = form_of(request, file, dangers_of(read_of(file, parts)))
    if not form.is_valid():
        return file_page(request, file, form=form, status=422)
    content, cleaned = written(parts), form.cleaned_data
    given = {
        "name_of": cleaned["name"],
        "description": cleaned["description"],
        "auto_execute": cleaned["auto_execute"],
        "digest": structure_digest(parts["TEMPLATE"]),
        "file": AddTemplate.of_bytes(content),
        "content": content,
        "reason": cleaned["reason"],
    }
    action: AddTemplate | UpdateTemplate
    if file.template is None:
        action = AddTemplate(to_portal=file.portal, document_type=cleaned["document_type"], **given)
    else:
        action = UpdateTemplate(
            template=file.template, seen_at_portal=file.template.modified_at, **given
        )
    made = try_to_issue(request, action, key=cleaned["key"])
    if isinstance(made, InTheWay):
        return file_page(request, file, form=form, in_the_way=made, status=409)
    return redirect("command_detail", pk=made.pk)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_TEMPLATES)
def workflow_template_deletion(request: Request, pk: int) -> HttpResponse:
    template = reached_template(request, pk)
    form = DeletionForm(request.POST or None, initial={"key": uuid.uuid4()})
    in_the_way = None
    if form.is_bound and form.is_valid():
        action = DeleteTemplate(
            template=template,
            seen_at_portal=template.modified_at,
            reason=form.cleaned_data["reason"],
        )
        made = try_to_issue(request, action, key=form.cleaned_data["key"])
        if not isinstance(made, InTheWay):
            return accepted(
                request,
                changed=f"workflow-template-{template.pk}-changed",
                url=reverse("command_detail", args=[made.pk]),
                text=_("Requested. This page shows what becomes of it."),
            )
        in_the_way = made
    context = {
        "template": template,
        "form": form,
        "in_the_way": in_the_way,
        "running": template.workflows.running().count(),
        "started_by": TemplateMention.objects.current()
        .filter(template__portal=template.portal, kind=Named.TEMPLATE, number=template.remote_id)
        .exclude(template=template)
        .select_related("template")
        .in_order()[:MOST_DEPENDING],
        "ownership": ownership_of(template),
        "hands": own_hands(request.user, template.portal),
    }
    status = 200 if not form.is_bound else 409 if in_the_way else 422
    return dialog(request, "workflow_templates/deletion.html", context, status=status)


@require_POST
@requires(Capability.SEE_STRUCTURES)
def workflow_template_download(request: Request, pk: int) -> HttpResponse:
    """Give a template as a file, and write into the history who took it."""
    template = get_object_or_404(
        WorkflowTemplate.objects.visible_to(request.user).select_related("portal"), pk=pk
    )
    content = written_anew(template, request.POST.get("version", ""))
    if content is None:
        return redirect("workflow_template_detail", pk=pk)
    disclosures.file_taken(template, by=By.of(request))
    response = HttpResponse(content, content_type="application/octet-stream")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = (
        f'attachment; filename="bp-{template.remote_id}.bpt"; '
        f"filename*=UTF-8''{quote(f'bp-{template.remote_id}.bpt')}"
    )
    return response


@require_POST
@requires(Capability.MANAGE_TEMPLATES)
def workflow_template_return(request: Request, pk: int) -> HttpResponse:
    """Have an earlier version of a template looked through, to be brought back like a file."""
    template = reached_template(request, pk)
    content = written_anew(template, request.POST.get("version", ""))
    if content is None:
        return redirect("workflow_template_versions", pk=pk)
    file = TemplateFile.uploaded(
        template.portal,
        request.user,
        name=f"bp-{template.remote_id}.bpt",
        content=content,
        template=template,
    )
    doorbell.ring("read_template_file", file.pk, queue=doorbell.INTERACTIVE)
    return redirect("template_file_detail", pk=file.pk)


# --- parts --------------------------------------------------------------------------------------


def written_anew(template: WorkflowTemplate, version: str) -> bytes | None:
    """Return a template as a file: a version by its key, else the latest; None where none is."""
    versions = template.versions.select_related("structure").latest_first()
    if version:
        number = int(version) if version.isdecimal() and len(version) < 19 else 0
        versions = versions.filter(pk=number)
    structure = opened(versions.first())
    if structure is None:
        return None
    return encode(
        structure.template,
        parameters=structure.parameters,
        variables=structure.variables,
        constants=structure.constants,
    )


def portal_of(request: Request) -> Portal:
    return get_object_or_404(Portal, pk=getattr(request.portal, "pk", None))


def own_file(request: Request, pk: int) -> TemplateFile:
    files = TemplateFile.objects.of(request.user).filter(
        portal__in=Portal.objects.reached_by(request.user)
    )
    return get_object_or_404(files.select_related("portal", "template__portal"), pk=pk)


def reached_template(request: Request, pk: int) -> WorkflowTemplate:
    templates = WorkflowTemplate.objects.visible_to(request.user).listed()
    return get_object_or_404(templates.select_related("portal"), pk=pk)


def changed_one(request: Request, portal: Portal) -> WorkflowTemplate | None:
    """Return the template that the file is to change, where one is named."""
    given = request.POST.get("template") or request.GET.get("template", "")
    if not given:
        return None
    number = int(given) if given.isdecimal() and len(given) < 19 else 0
    return get_object_or_404(WorkflowTemplate.objects.listed(), portal=portal, pk=number)


def ownership_of(template: WorkflowTemplate) -> str:
    """Return whose a template is: "own", "foreign", "nobody" (no application's) or "unknown"."""
    if template.application is None:
        return "nobody"
    if template.portal.application_number is None:
        return "unknown"
    return "own" if template.application == template.portal.application_number else "foreign"


def read_of(file: TemplateFile, parts: dict[str, object]) -> ShownTemplate:
    return shown_structure(file.portal, Structure.from_api(parts), is_whole=True)


def changes_of(file: TemplateFile, parts: dict[str, object]) -> list[ChangeLine] | None:
    """Return what a file would change in the template as last read; None where nobody can tell."""
    before = structure_of(file.template) if file.template else None
    if before is None:
        return None
    return changes_between(file.portal, before, Structure.from_api(parts))


def dangers_of(found: ShownTemplate) -> Dangers:
    steps: list[Step] = list(found.root.walk()) if found.root else []
    by_kind = {
        kind: [step for step in steps if step.kind is kind]
        for kind in (Kind.CODE, Kind.CALL, Kind.APPLICATION)
    }
    return Dangers(
        code=[found.words.title(step) for step in by_kind[Kind.CODE]],
        calls=[step.target or found.words.title(step) for step in by_kind[Kind.CALL]],
        applications=[found.words.title(step) for step in by_kind[Kind.APPLICATION]],
    )


def form_of(request: Request, file: TemplateFile, dangers: Dangers) -> WritingForm:
    """Return the form that sends a file on, filled with what is known of its template."""
    data = request.POST if request.method == "POST" else None
    if file.template is not None:
        initial = {
            "name": file.template.name,
            "description": file.template.description,
            "auto_execute": file.template.auto_execute & 3,
        }
        return WritingForm(data, initial=initial, is_dangerous=dangers.is_any)
    listed = WorkflowTemplate.objects.listed().filter(portal=file.portal)
    name = file.name.rsplit(".", 1)[0]
    return AdditionForm(
        data, initial={"name": name}, is_dangerous=dangers.is_any, types=known_types(listed)
    )


def file_page(
    request: Request,
    file: TemplateFile,
    *,
    form: WritingForm | None = None,
    in_the_way: InTheWay | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, object] = {"file": file, "in_the_way": in_the_way}
    if file.state == TemplateFile.State.REFUSED:
        context["why"] = why_refused(file)
    elif file.state == TemplateFile.State.READ:
        parts = file.opened()
        found = read_of(file, parts)
        dangers = dangers_of(found)
        fields: tuple[Definition, ...] = definitions(parts.get("DOCUMENT_FIELDS"))
        context |= {
            "notes": [note_said(note) for note in file.notes],
            "problem": found.problem,
            "diagram": diagram_of(found.root, found.words, request.GET) if found.root else None,
            "dangers": dangers,
            "changes": changes_of(file, parts),
            "parameters": definition_lines(found.definitions["template"], found.words),
            "variables": definition_lines(found.definitions["variable"], found.words),
            "constants": definition_lines(found.definitions["constant"], found.words),
            "fields": definition_lines(fields, found.words),
            "form": form or form_of(request, file, dangers),
            "hands": own_hands(request.user, file.portal),
            "could": who_could(file.portal),
            "ownership": ownership_of(file.template) if file.template else "own",
            "running": file.template.workflows.running().count() if file.template else 0,
        }
    return page(request, "workflow_templates/file.html", context, partial="body", status=status)


def who_could(portal: Portal) -> list[str]:
    """Return the names of the administrators who have signed in through the portal."""
    people = Person.objects.filter(
        portal=portal, is_administrator=True, token__isnull=False, token__lost_at=None
    )
    return [str(person) for person in people.order_by("name")[:10]]
