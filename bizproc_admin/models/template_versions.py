"""What workflow templates are and were made of: each structure that was seen is kept."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Max

from bizproc_admin.models.people import Person
from bizproc_admin.models.workflow_templates import WorkflowTemplate
from bizproc_admin.secrets.fields import EncryptedBytesField


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A structure as the portal answers it: the tree of activities, and three maps by id."""

    template: object = field(repr=False)
    parameters: object = field(repr=False)
    variables: object = field(repr=False)
    constants: object = field(repr=False)

    def as_json(self) -> bytes:
        """Return the whole as JSON; order is kept, for it means something.

        Raises RecursionError for what is nested deeper than can be written.
        """
        whole = {
            "TEMPLATE": self.template,
            "PARAMETERS": self.parameters,
            "VARIABLES": self.variables,
            "CONSTANTS": self.constants,
        }
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_api(cls, row: Mapping[str, object]) -> Self:
        """Return the structure of a row of bizproc.workflow.template.list."""
        return cls(
            template=row.get("TEMPLATE"),
            parameters=row.get("PARAMETERS"),
            variables=row.get("VARIABLES"),
            constants=row.get("CONSTANTS"),
        )


class TemplateStructure(models.Model):
    """A structure, kept once for each template however often it came back.

    content is its JSON, compressed and encrypted: it may hold addresses with keys, tokens and
    code. size is that of the JSON in bytes, digest its SHA-256.
    """

    template = models.ForeignKey(WorkflowTemplate, models.PROTECT, related_name="structures")
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    content = EncryptedBytesField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "digest"], name="one_template_structure")
        ]

    def __str__(self) -> str:
        return f"structure {self.digest[:12]} of {self.template_id}"

    def opened(self) -> Structure:
        """Return the structure itself."""
        return Structure.from_api(json.loads(zlib.decompress(self.content)))


class TemplateVersionQuerySet(models.QuerySet["TemplateVersion"]):
    """Narrowing versions."""

    def latest_first(self) -> Self:
        return self.order_by("-pk")


class TemplateVersion(models.Model):
    """A span of time in which a template had one structure, as far as that was seen.

    It holds from modified_at, the portal's MODIFIED, on; it was read or listed as unchanged from
    first_seen_at to last_seen_at (UTC on the portal's clock). What was changed and changed again
    between two looks is not known. One without a structure was too large to read.
    """

    template = models.ForeignKey(WorkflowTemplate, models.PROTECT, related_name="versions")
    structure = models.ForeignKey(
        TemplateStructure, models.PROTECT, null=True, related_name="versions"
    )
    modified_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    objects = TemplateVersionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["template", "-id"], name="template_version_latest")]

    def __str__(self) -> str:
        return f"version {self.pk} of {self.template_id}"

    @property
    def is_too_large(self) -> bool:
        return self.structure_id is None

    @property
    def began_at(self) -> datetime:
        """Return since when it is known to have held."""
        return min(self.modified_at or self.first_seen_at, self.first_seen_at)


def keep_structure(
    template: WorkflowTemplate,
    structure: Structure | None,
    *,
    modified_at: datetime | None,
    changed_by: Person | None,
    seen_at: datetime,
) -> tuple[TemplateVersion, bool]:
    """Note what a template was seen to be made of, None where that cannot be read.

    Returns its version, and whether that is a new one: the same structure seen again is not.
    """
    kept = None if structure is None else kept_of(template, structure)
    latest = template.versions.latest_first().first()
    if latest is not None and latest.structure_id == (kept.pk if kept else None):
        latest.last_seen_at = max(latest.last_seen_at, seen_at)
        if kept is None:
            latest.modified_at, latest.changed_by = modified_at, changed_by
        latest.save()
        return latest, False
    made = TemplateVersion.objects.create(
        template=template,
        structure=kept,
        modified_at=modified_at,
        changed_by=changed_by,
        first_seen_at=seen_at,
        last_seen_at=seen_at,
    )
    return made, True


def kept_of(template: WorkflowTemplate, structure: Structure) -> TemplateStructure | None:
    """Return the row of a structure, made where it is new; None for one nested too deep."""
    try:
        text = structure.as_json()
    except RecursionError:
        return None
    kept, _is_new = TemplateStructure.objects.defer("content").get_or_create(
        template=template,
        digest=hashlib.sha256(text).hexdigest(),
        defaults={"size": len(text), "content": zlib.compress(text)},
    )
    return kept


def structure_of(template: WorkflowTemplate) -> Structure | None:
    """Return what a template is made of as last read; None while it is not, or too large."""
    return opened(template.versions.select_related("structure").latest_first().first())


def structures_of(templates: Iterable[int]) -> dict[int, Structure | None]:
    """Return what templates, named by key, are made of as last read, as structure_of does."""
    versions = TemplateVersion.objects.filter(template__in=list(templates))
    latest = versions.order_by().values("template").annotate(latest=Max("pk")).values("latest")
    found = TemplateVersion.objects.filter(pk__in=latest).select_related("structure")
    return {version.template_id: opened(version) for version in found}


def opened(version: TemplateVersion | None) -> Structure | None:
    """Return the structure of a version, None where there is none."""
    return version.structure.opened() if version is not None and version.structure else None


def version_at(template: WorkflowTemplate, moment: datetime) -> TemplateVersion | None:
    """Return the version that held at a moment of the portal's clock; None where nobody can tell.

    That is before the first version that was seen, and between the last look at one and the next.
    """
    versions = list(template.versions.latest_first())
    return holding(versions, moment)


def holding(versions: list[TemplateVersion], moment: datetime) -> TemplateVersion | None:
    """Return which of a template's versions, the latest first, held at a moment."""
    for place, version in enumerate(versions):
        if version.began_at <= moment:
            is_seen = place == 0 or moment <= version.last_seen_at
            return version if is_seen else None
    return None
