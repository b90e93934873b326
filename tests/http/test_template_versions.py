"""Structures of templates: each one that was seen is kept, and nobody claims which held unseen."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from bizproc_admin.models import TemplateStructure, WorkflowTemplate
from bizproc_admin.models.template_versions import (
    Structure,
    keep_structure,
    structure_of,
    version_at,
)

MONDAY = datetime(2026, 3, 2, 9, tzinfo=timezone.get_fixed_timezone(0))
SECRET = "https://example.com/rest/1/abcdefgh12345678/"


def structure(title):
    root = {"Type": "SequentialWorkflowActivity", "Properties": {"Title": title}, "Children": []}
    return Structure(
        template=[root], parameters=[], variables={}, constants={"C": {"Name": SECRET}}
    )


@pytest.fixture
def template(portal):
    return WorkflowTemplate.objects.create(portal=portal, remote_id=7, name="Contract")


@pytest.fixture
def keeps(template):
    def keep(title, *, changed, seen):
        return keep_structure(
            template,
            None if title is None else structure(title),
            modified_at=MONDAY + timedelta(hours=changed),
            changed_by=None,
            seen_at=MONDAY + timedelta(hours=seen),
        )

    return keep


def test_the_same_structure_seen_again_is_the_same_version(template, keeps):
    version, is_new = keeps("first", changed=0, seen=1)
    again, is_new_again = keeps("first", changed=2, seen=3)
    assert (version.pk, is_new, is_new_again) == (again.pk, True, False)
    assert again.last_seen_at == MONDAY + timedelta(hours=3)
    assert structure_of(template) == structure("first")


def test_one_that_comes_back_is_a_version_of_its_own_and_kept_once(template, keeps):
    for hour, title in enumerate(("first", "second", "first")):
        keeps(title, changed=hour, seen=hour)
    assert [v.structure.opened() for v in template.versions.latest_first()] == [
        structure("first"),
        structure("second"),
        structure("first"),
    ]
    assert TemplateStructure.objects.count() == 2


def test_nothing_of_a_structure_lies_open_in_the_database(keeps):
    keeps("first", changed=0, seen=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM bizproc_admin_templatestructure")
        stored = bytes(cursor.fetchone()[0])
    assert b"abcdefgh" not in stored
    assert b"first" not in stored


def test_what_held_between_two_looks_cannot_be_told(template, keeps):
    first, _ = keeps("first", changed=0, seen=24)
    keeps("first", changed=0, seen=48)
    second, _ = keeps("second", changed=60, seen=72)
    at = {
        hour: version_at(template, MONDAY + timedelta(hours=hour)) for hour in (-1, 1, 48, 50, 61)
    }
    assert at == {-1: None, 1: first, 48: first, 50: None, 61: second}


def test_one_too_large_to_read_is_a_version_without_a_structure(template, keeps):
    keeps("first", changed=0, seen=1)
    version, is_new = keeps(None, changed=2, seen=3)
    assert is_new
    assert version.is_too_large
    assert structure_of(template) is None


def test_one_nested_deeper_than_can_be_written_is_too_large(template):
    deep = []
    for _ in range(5000):
        deep = [deep]
    nested = Structure(template=deep, parameters=[], variables=[], constants=[])
    version, _ = keep_structure(
        template, nested, modified_at=MONDAY, changed_by=None, seen_at=MONDAY
    )
    assert version.is_too_large
