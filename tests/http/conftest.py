"""Workflows that are on the portal and in the mirror, and the jobs that a commit rings for."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from django.test import TestCase
from django.test.utils import instrumented_test_render
from template_partials.templatetags.partials import TemplateProxy

from bizproc_admin import syncing
from bizproc_admin.models import Feed, FeedName, Portal, SyncRun, Workflow
from bizproc_admin.sandbox import Sandbox

ORDER = (
    FeedName.PEOPLE,
    FeedName.WORKFLOW_TEMPLATES,
    FeedName.WORKFLOWS,
    FeedName.WORKFLOW_TASKS,
)


@pytest.fixture
def committing() -> Callable[[], AbstractContextManager[object]]:
    """Within it, what was committed rings its jobs, which run at once."""
    return lambda: TestCase.captureOnCommitCallbacks(execute=True)


@pytest.fixture
def sync(portal: Portal) -> Callable[[], None]:
    """Copy every feed of the portal, whole."""

    def run() -> None:
        for name in ORDER:
            feed = Feed.objects.get(portal=portal, name=name)
            Feed.objects.filter(pk=feed.pk).update(next_at=None, next_full_at=None)
            syncing.sync(feed.pk, worker="test")
            run = SyncRun.objects.filter(feed=feed).latest_first().first()
            assert run is not None
            assert (run.state, run.error) == (SyncRun.State.COMPLETE, "")

    return run


@pytest.fixture
def workflow(portal: Portal, sandbox: Sandbox, sync: Callable[[], None]) -> Workflow:
    """One running workflow with an open workflow task, known on both sides."""
    remote_id = sandbox.start_workflow(
        document_id=["crm", "CCrmDocumentDeal", "DEAL_777"], document_name="Поставка насосов"
    )
    sync()
    sandbox.clear_calls()
    return Workflow.objects.get(remote_id=remote_id)


@pytest.fixture(autouse=True)
def partials_tell_their_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give an answer that is a partial its context, as Django does for whole templates."""
    monkeypatch.setattr(TemplateProxy, "_render", instrumented_test_render)


@pytest.fixture(autouse=True)
def no_secret_leaks(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """The webhook's secret appears in no log line of any test."""
    yield
    if "sandbox" in request.fixturenames:
        secret = request.getfixturevalue("the_sandbox").webhook_url.rstrip("/").rsplit("/", 1)[-1]
        assert secret not in caplog.text
