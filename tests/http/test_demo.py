"""What the demo prepares: accounts and people that do not get into each other's way."""

import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from bizproc_admin.models import Department, Feed, LinkedPerson, Person, Role, WorkflowTask
from config.first_run import write_env
from scripts.commands import Commands
from scripts.demo import ACCOUNTS, PEOPLE
from tests.conftest import PASSWORD, account

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


@pytest.fixture
def manage(tmp_path):
    """Commands of an installation of their own, in one process."""
    write_env(tmp_path / ".env", var=tmp_path)
    with Commands(env={"ENV_FILE": str(tmp_path / ".env")}, log=tmp_path / "log") as commands:
        yield commands


def test_the_demos_commands_are_carried_out_by_one_process(manage, monkeypatch):
    assert manage("migrate", "--verbosity", "0") == ""
    process = manage.process.pid
    with pytest.raises(SystemExit, match=r"application failed: Name the portal"):
        manage("application", "local.1", stdin="a key")
    made = manage("administrator", "admin", "--name", "Robin Berg", stdin=PASSWORD)
    assert made.startswith("admin may sign in as portal administrator.")
    assert manage.process.pid == process
    assert manage.process.poll() is None


def test_a_command_that_ends_the_process_leads_to_its_log(manage):
    with pytest.raises(SystemExit, match=r"administrator failed: see .*log"):
        manage("administrator", "admin", "--name", "Robin", stdin="no tables yet")
    assert "no such table" in manage.log.read_text()
