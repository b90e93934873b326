"""System checks: a view nobody guarded stops the start."""

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import clear_url_caches, path

from bizproc_admin.access.permissions import Capability, requires
from bizproc_admin.checks import (
    every_view_is_guarded,
    no_weak_portals_in_production,
    portals_can_call,
)
from bizproc_admin.receiving import problem_of_public_url


def unguarded(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@requires(Capability.SEE_AUDIT)
def guarded(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("guarded", guarded),
    path("open", login_not_required(lambda request: HttpResponse())),
    path("forgotten", unguarded),
]


def test_a_view_without_a_guard_is_an_error(settings):
    assert every_view_is_guarded() == []
    settings.ROOT_URLCONF = __name__
    clear_url_caches()
    found = every_view_is_guarded()
    assert [error.id for error in found] == ["bizproc.E001"]
    assert "forgotten" in found[0].msg


def test_a_portal_over_plain_http_is_warned_of(settings):
    settings.PORTAL_HOSTS_ALLOWED = []
    assert no_weak_portals_in_production() == []
    settings.PORTAL_HOSTS_ALLOWED = ["127.0.0.1:8400"]
    assert [warning.id for warning in no_weak_portals_in_production()] == ["bizproc.W001"]


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("", "public_url_missing"),
        ("https://console.example.com", ""),
        ("https://console.example.com:8443/", ""),
        ("https://93.184.216.34", ""),
        ("http://console.example.com", "public_url_not_https"),
        ("https://console.example.com/console/", "public_url_unreadable"),
        ("https://console.example.com?a=1", "public_url_unreadable"),
        ("https://anna:secret@console.example.com", "public_url_unreadable"),
        ("console.example.com", "public_url_unreadable"),
        ("https://console", "public_url_without_dot"),
        ("https://127.0.0.1", "public_url_private"),
        ("https://10.1.2.3", "public_url_private"),
        ("http://10.0.0.5:8020", ""),
    ],
)
def test_a_public_url_that_no_portal_can_call_is_told(settings, address, problem):
    settings.PORTAL_HOSTS_ALLOWED = ["10.0.0.5:8420"]
    settings.PUBLIC_URL = address
    assert problem_of_public_url() == problem
    told = [warning.id for warning in portals_can_call()]
    assert told == (["bizproc.W002"] if address and problem else [])
