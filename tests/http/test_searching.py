"""Searching: without case and marks, in every list that searches."""

from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from bizproc_admin.models import Document, Person, Portal, Workflow, WorkflowTemplate
from bizproc_admin.models.searching import searchable
from bizproc_admin.syncing.summaries import summarise


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Müller GmbH & Straße", "muller gmbh & strasse"),
        ("ЁЛКИН Андрей", "елкин андреи"),
        ("Łódź, Ångström, Søren, Čapek", "lodz, angstrom, soren, capek"),
        ("ﬁnance ① İstanbul", "finance 1 istanbul"),
        ("Plain 42", "plain 42"),
    ],
)
def test_case_and_marks_are_folded(text, wanted):
    assert searchable(text) == wanted
    assert searchable(searchable(text)) == searchable(text)


@pytest.mark.parametrize("asked", ["MULLER", "müller", "elkin", "Елкин", "ЁЛКИН"])
def test_a_column_that_is_not_kept_folded_is_found_all_the_same(db, asked):
    Portal.objects.create(name="Dr. Müller", address="https://a.example")
    Portal.objects.create(name="Ёлкин", address="https://b.example")
    found = Portal.objects.filter(name__folds=asked)
    assert [one.name for one in found] == (
        [] if asked == "elkin" else ["Dr. Müller" if "LLER" in asked.upper() else "Ёлкин"]
    )
    assert not Portal.objects.filter(name__folds="%").exists()


@pytest.mark.parametrize(
    "name", ["Hauptstraße 7", "Ægir", "Þór", "Στέργιος", "한국", "Œuvre", "Łódź", "Đorđe"]
)
def test_every_name_finds_itself_however_it_is_written(db, name):
    Portal.objects.create(name=name, address="https://a.example")
    for asked in (name, name.upper(), name.casefold()):
        assert Portal.objects.filter(name__folds=asked).exists(), asked


def test_what_is_kept_folded_is_found_by_folded_words(portal):
    now = timezone.now()
    person = Person.objects.create(portal=portal, remote_id=77, name="Jürgen Weiß")
    template = WorkflowTemplate.objects.create(portal=portal, remote_id=7, name="Утверждение Ёлки")
    document = Document.objects.create(portal=portal, module="crm", entity="X", document_id="X_7")
    workflow = Workflow.objects.create(
        portal=portal, remote_id="1a.2", template=template, document=document, started_at=now,
        modified_at=now, observed_at=now, started_by=person,
    )  # fmt: skip
    summarise([workflow.pk])
    for asked in ("weiss", "JURGEN", "елки", "ЁЛКИ утверждение", "1A.2"):
        assert Workflow.objects.matching(asked).exists(), asked
    assert not Workflow.objects.matching("елка").exists()


def test_rows_of_an_earlier_version_are_folded(portal):
    fold = import_module("bizproc_admin.migrations.0065_folded").fold
    people = [
        Person.objects.create(portal=portal, remote_id=number, search_text=text)
        for number, text in enumerate(("müller", "plain", "ёлкин"), start=1)
    ]
    fold(apps, None)
    found = Person.objects.filter(pk__in=[one.pk for one in people]).order_by("remote_id")
    assert list(found.values_list("search_text", flat=True)) == ["muller", "plain", "елкин"]


@pytest.mark.parametrize(
    ("link", "is_found"),
    [
        ("{portal}/crm/deal/details/777/", True),
        ("{portal}/crm/deal/details/777/?IFRAME=Y&tab=1", True),
        ("/crm/deal/details/777/", True),
        ("{portal}/crm/deal/details/7770/", False),
        ("{portal}/crm/lead/details/777/", False),
        ("https://elsewhere.example/crm/deal/details/777/", False),
        ("{portal}/company/personal/user/777/", False),
    ],
)
def test_a_link_into_the_portal_finds_what_it_shows_there(
    as_, administrator, workflow, portal, link, is_found
):
    asked = {"q": link.format(portal=portal.address.rstrip("/"))}
    client = as_(administrator)
    rows = client.get(reverse("workflow_list"), asked).context["list"].lines
    assert [line.workflow for line in rows] == ([workflow] if is_found else [])
    tasks = client.get(reverse("workflow_task_list"), {**asked, "whose": "everybody"})
    assert (str(workflow.tasks.get()) in tasks.content.decode()) is is_found
