"""System checks: a view nobody guarded stops the start."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import clear_url_caches, path

from bizproc_admin.access.permissions import Capability, requires
from bizproc_admin.checks import every_view_is_guarded, no_weak_portals_in_production


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
