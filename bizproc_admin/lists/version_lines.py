"""The versions of a template: since when each held, and how many workflows still run on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from bizproc_admin.models import TemplateVersion, Workflow, WorkflowTemplate

# versions that are told one by one
MOST_VERSIONS = 50


@dataclass(frozen=True, kw_only=True)
class VersionLine:
    """A version; running counts the workflows that certainly run on its copy."""

    version: TemplateVersion
    number: int
    running: int
    is_current: bool
    is_chosen: bool
    url: str


@dataclass(frozen=True, kw_only=True)
class Versions:
    """The versions of a template, the latest first; untold counts workflows of unknown copies."""

    lines: list[VersionLine]
    untold: int
    chosen: TemplateVersion | None
    previous: TemplateVersion | None

    @property
    def is_earlier(self) -> bool:
        """Return whether the chosen version is not the latest one."""
        return any(line.is_chosen and not line.is_current for line in self.lines)


def versions_of(
    template: WorkflowTemplate, workflows: QuerySet[Workflow], *, chosen: str
) -> Versions:
    """Return the versions of a template and which running workflows began with each.

    workflows are those of the template that run; chosen is the key of a version as an address
    names it, the latest where it names none.
    """
    versions = list(
        template.versions.select_related("changed_by").latest_first()[: MOST_VERSIONS + 1]
    )
    shown = versions[:MOST_VERSIONS]
    counts, total = counted(shown, workflows)
    keys = [str(version.pk) for version in shown]
    place = keys.index(chosen) if chosen in keys else 0
    count = template.versions.count()
    return Versions(
        lines=[
            VersionLine(
                version=version,
                number=count - at,
                running=counts[at],
                is_current=at == 0,
                is_chosen=at == place,
                url=reverse("workflow_template_versions", args=[template.pk])
                + f"?version={version.pk}",
            )
            for at, version in enumerate(shown)
        ],
        untold=total - sum(counts),
        chosen=versions[place] if versions else None,
        previous=versions[place + 1] if place + 1 < len(versions) else None,
    )


def counted(
    versions: Sequence[TemplateVersion], workflows: QuerySet[Workflow]
) -> tuple[list[int], int]:
    """Count the workflows that began while each version was seen to hold, and all, in one query."""
    spans = {}
    for place, version in enumerate(versions):
        span = Q(started_at__gte=version.began_at)
        if place:
            # what began after the last look at it may have begun with one that nobody saw
            later = versions[place - 1].began_at
            span &= Q(started_at__lte=version.last_seen_at, started_at__lt=later)
        spans[f"n{place}"] = Count("pk", filter=span)
    numbers = workflows.order_by().aggregate(total=Count("pk"), **spans)
    return [numbers[f"n{place}"] for place in range(len(versions))], numbers["total"]
