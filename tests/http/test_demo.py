"""What the demo prepares: accounts and people that do not get into each other's way."""

import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from bizproc_admin.models import Department, Feed, LinkedPerson, Person, Role, WorkflowTask
from scripts.demo import ACCOUNTS, PEOPLE
from tests.conftest import account

pytestmark = pytest.mark.portable

MINUTE = timedelta(minutes=1)


@pytest.fixture
def demo(portal, sandbox, sync):
    account("manager", "Maria Hoffmann", Role.MANAGER)
    sandbox.load("demo", workflows=200, seed=5)
    sync()
    return portal


def test_the_demos_manager_is_nobody_who_takes_the_account_over_by_signing_in(demo):
    assert "manager" in [username for username, *_ in ACCOUNTS]
    logins = [login for login, _what in PEOPLE]
    call_command("link_demo_people", "--not", *logins)
    person = LinkedPerson.objects.get(user__username="manager").person
    assert person.email.partition("@")[0] not in logins
    below = Person.objects.at(demo).subordinates_of(person)
    assert WorkflowTask.objects.waiting_for(set(below.values_list("pk", flat=True))).exists()


def test_a_worker_that_is_at_the_people_already_is_waited_for(demo, monkeypatch):
    Department.objects.update(head=None)
    now = timezone.now()
    people = Feed.objects.filter(name="people")
    people.update(full_at=None, next_at=None, leased_by="a worker", lease_until=now + MINUTE)

    def passes(_seconds):
        people.update(lease_until=None)

    monkeypatch.setattr(time, "sleep", passes)
    call_command("link_demo_people")
    assert LinkedPerson.objects.get().person.email.startswith("marina.lebedeva@")


def test_the_demos_manager_leads_the_greatest_department_that_is_left(demo):
    call_command("link_demo_people")
    assert LinkedPerson.objects.get().person.email.startswith("marina.lebedeva@")
