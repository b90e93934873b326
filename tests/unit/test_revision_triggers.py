"""The triggers that tell that something changed are there after every migrate."""

from django.apps import apps
from django.db import connection

from bizproc_admin.models import Revision, Worker, WorkflowTemplate, revisions


def present():
    return set(revisions.triggers_of("default"))


def meant():
    return set(revisions.triggers(connection.vendor))


def test_tables_are_changed_without_them_and_get_them_again(db):
    config = apps.get_app_config("bizproc_admin")
    assert present() == meant()
    revisions.remove_before_migrate(config, using="default", plan=[])
    assert present() == meant()
    revisions.remove_before_migrate(config, using="default", plan=["something"])
    assert present() == set()
    revisions.make_after_migrate(config, using="default")
    assert present() == meant()


def test_a_trigger_that_means_something_else_now_is_made_anew(db, monkeypatch):
    config = apps.get_app_config("bizproc_admin")
    before = present()
    monkeypatch.setitem(revisions.WATCHED, revisions.FEEDS, {"Feed": ("fresh_at",)})
    revisions.make_after_migrate(config, using="default")
    (left,), (came,) = before - present(), present() - before
    assert left.startswith("revised_feed_update_") and came.startswith("revised_feed_update_")


def test_each_source_has_its_own_sign(db, portal):
    assert Revision.objects.filter(source=revisions.DATA).exists()
    before = Revision.objects.signs()
    portal.feeds.update(failure_code="x")
    WorkflowTemplate.objects.update(observed_at=portal.created_at)
    Worker.objects.all().delete()
    after = Revision.objects.signs()
    assert after[revisions.DATA] == before[revisions.DATA]
    if connection.vendor == "sqlite":
        # PostgreSQL counts transactions, and this test is one
        assert after[revisions.FEEDS] != before[revisions.FEEDS]
