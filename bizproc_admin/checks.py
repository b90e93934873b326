"""System checks of our own rules."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connections
from django.urls import URLPattern, URLResolver, get_resolver

from bizproc_admin.audit import triggers
from bizproc_admin.models import AuditEntry
from bizproc_admin.receiving import problem_of_public_url


@register(Tags.urls)
def every_view_is_guarded(**_: Any) -> list[CheckMessage]:
    """Fail on a view that neither requires a capability nor is open on purpose."""
    return [
        Error(
            f"the view of {route!r} has neither @requires nor @login_not_required",
            id="bizproc.E001",
        )
        for route, view in views(get_resolver())
        if not hasattr(view, "required_capability")
        and getattr(view, "login_required", True)
        and not getattr(view, "open_to_accounts", False)
    ]


@register(Tags.database)
def every_trigger_is_there(
    *, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Fail when a trigger that protects the history is missing or was changed."""
    found: list[CheckMessage] = []
    for using in databases or []:
        try:
            if AuditEntry._meta.db_table not in connections[using].introspection.table_names():
                continue
            broken = triggers.faults(using=using)
        except DatabaseError:
            continue
        found += [
            Error(
                f"the database trigger {name!r} is missing or not what it should be",
                hint="run manage.py migrate: it makes the triggers again",
                id="bizproc.E002",
            )
            for name in broken
        ]
    return found


@register(Tags.security, deploy=True)
def no_weak_portals_in_production(**_: Any) -> list[CheckMessage]:
    """Warn about a setting that only a demo or a portal on one's own server needs."""
    found: list[CheckMessage] = []
    if settings.PORTAL_HOSTS_ALLOWED:
        found.append(
            Warning(
                "PORTAL_HOSTS_ALLOWED lets portals be reached over plain http",
                id="bizproc.W001",
            )
        )
    return found


@register(Tags.security, deploy=True)
def portals_can_call(**_: Any) -> list[CheckMessage]:
    """Warn about a PUBLIC_URL that no portal can call."""
    problem = problem_of_public_url() if settings.PUBLIC_URL else ""
    if not problem:
        return []
    return [
        Warning(
            "portals cannot call the console at PUBLIC_URL: it must be https://host, without a "
            "path, and reached from the internet",
            hint="docs/operating.md, Calls from the portal",
            id="bizproc.W002",
        )
    ]


def views(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give every route and its view."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback
