"""Our lists against Django admin's: 100,000 workflows, 28,000 open tasks, 500 templates."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks import rows
from benchmarks.measuring import Line, medians_ms
from benchmarks.portals import administrator, connected

MOST_QUERIES = 12
# the groups by deadline and the counts of the three scopes besides
MOST_QUERIES_OF_TASKS = 14
# the counts of the parts, what is wrong in the templates of the page, and who is named there
MOST_QUERIES_OF_TEMPLATES = 15
PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class Case:
    """One page as both write it, and the share of the reference's time it may take, if any."""

    what: str
    ours: str
    theirs: str
    share: float | None = None
    view: str = "workflow_list"
    model: str = "workflow"
    queries: int = MOST_QUERIES


CASES = [
    Case(what="first page", ours="", theirs="", share=1 / 2),
    Case(
        what="filtered by template and text",
        ours="?template={template}&q=koroleva",
        theirs="?template__id__exact={template}&q=koroleva",
    ),
    Case(what="sorted by waiting person", ours="?sort=waiting", theirs="?o=4.-8", share=1 / 3),
    Case(what=f"page {PAGE:,}", ours=f"?page={PAGE}", theirs=f"?p={PAGE}", share=1 / 3),
    Case(
        what="everybody's tasks, the most urgent first",
        ours="?whose=everybody",
        theirs="?is_open__exact=1",
        view="workflow_task_list",
        model="workflowtask",
        queries=MOST_QUERIES_OF_TASKS,
    ),
    Case(
        what="everybody's tasks, page 500",
        ours="?whose=everybody&page=500",
        theirs="?is_open__exact=1&p=500",
        view="workflow_task_list",
        model="workflowtask",
        queries=MOST_QUERIES_OF_TASKS,
    ),
    Case(
        what="everybody's tasks, searched",
        ours="?whose=everybody&q=koroleva",
        theirs="?is_open__exact=1&q=koroleva",
        view="workflow_task_list",
        model="workflowtask",
        queries=MOST_QUERIES_OF_TASKS,
    ),
    Case(
        what="templates",
        ours="",
        theirs="",
        view="workflow_template_list",
        model="workflowtemplate",
        queries=MOST_QUERIES_OF_TEMPLATES,
    ),
    Case(
        what="templates that cannot go well",
        ours="?condition=broken",
        theirs="?is_hidden__exact=0",
        view="workflow_template_list",
        model="workflowtemplate",
        queries=MOST_QUERIES_OF_TEMPLATES,
    ),
]


def measured() -> list[Line]:
    """Give the median time of each page, ours and the reference's, and our number of queries."""
    template = rows.fill(connected("https://northwind.example/rest/1/abcdefghijklmnop/"))
    client = Client()
    client.force_login(administrator())
    lines = []
    for case in CASES:
        ours_at = reverse(case.view)
        theirs_at = reverse(f"admin:bizproc_admin_{case.model}_changelist")
        ours = getter(client, ours_at + case.ours.format(template=template.pk))
        theirs = getter(client, theirs_at + case.theirs.format(template=template.pk))
        with CaptureQueriesContext(connection) as queries:
            ours()
            count = len(queries)
        ours_ms, theirs_ms = medians_ms(ours, theirs)
        ratio = ours_ms / theirs_ms
        lines += [
            Line(
                what=f"{case.what}, ours / admin",
                figure=f"{ours_ms:.0f} ms / {theirs_ms:.0f} ms = {ratio:.2f}",
                target=f"<= {case.share:.2f}" if case.share else "",
                is_met=ratio <= case.share if case.share else None,
            ),
            Line(
                what=f"{case.what}, queries",
                figure=str(count),
                target=f"<= {case.queries}",
                is_met=count <= case.queries,
            ),
        ]
    return lines


def getter(client: Client, url: str) -> Callable[[], None]:
    """Give a function that asks for a page and makes sure that it has its rows."""

    def get() -> None:
        response = client.get(url)
        assert response.status_code == 200, (url, response.status_code, response.headers)
        assert response.content.count(b"<tr") > 40, url

    return get
