"""Figures that the workers count every so often, because no page can wait for them."""

from bizproc_admin.models import Portal
from bizproc_admin.models.template_figures import count_anew
from bizproc_admin.models.workloads import are_to_be_counted, count_people


def count_figures() -> None:
    """Count what pages tell of portals at which very many workflows run."""
    for portal in Portal.objects.filter(is_connected=True):
        if are_to_be_counted(portal):
            count_anew(portal)
            count_people(portal)
