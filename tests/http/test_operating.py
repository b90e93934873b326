"""What machines ask: health, headers, errors."""

import logging
import re
from datetime import timedelta

import pytest
from django.template import engines
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import heartbeats
from bizproc_admin.models import Chore, Feed, Worker
from config import gunicorn
from config.logs import QuietRefusals


def test_health_is_well_only_when_everything_is(client, portal):
    assert client.get("/healthz").status_code == 503
    for queue in heartbeats.QUEUES:
        Worker.objects.create(
            name=queue, queue=queue, started_at=timezone.now(), seen_at=timezone.now()
        )
    Feed.objects.update(fresh_at=timezone.now())
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    Worker.objects.filter(queue="interactive").update(
        seen_at=timezone.now() - timedelta(seconds=21)
    )
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["workers"] == {"interactive": "down", "background": "ok"}


@pytest.fixture
def crew(portal):
    """Living workers, one for each queue, and whatever else is asked for."""
    Feed.objects.update(fresh_at=timezone.now())

    def worker(name, queue="interactive", *, silent=False, **told):
        now = timezone.now()
        told = {"node": name, "threads": 4, "broker_at": now, **told}
        seen = now - timedelta(seconds=21) if silent else now
        began = now - timedelta(minutes=10)
        return Worker.objects.create(name=name, queue=queue, started_at=began, seen_at=seen, **told)

    worker("interactive@a", began_at=timezone.now() - timedelta(seconds=12))
    worker("background@a", queue="background")
    return worker


def test_health_says_of_each_process_what_it_is_at(client, crew):
    answer = client.get("/healthz").json()
    assert (answer["status"], answer["broker"], answer["oldest_due"]) == ("ok", "ok", None)
    first = answer["processes"][0]
    assert 12 <= first.pop("job_began") < 14
    assert first.pop("seen") < 2
    assert first.pop("broker_reached") < 2
    assert first == {"queue": "interactive", "state": "ok", "busy": 0, "threads": 4}


def test_one_of_two_workers_is_not_all_of_them(client, crew, as_, administrator, manager):
    crew("interactive@b", silent=True)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["workers"]["interactive"]) == (503, "1 of 2")
    assert [one["state"] for one in answer.json()["processes"]].count("silent") == 1
    page = as_(administrator).get("/").content.decode()
    assert "1 of 2 workers is running" in page
    assert re.search(r"interactive: seen 2\d s ago", page)
    page = as_(manager).get("/").content.decode()
    assert "1 of 2 workers is running" in page
    assert not re.search(r"seen \d+ s ago", page)
    # the next process at its place takes its place
    crew("another name", node="interactive@b")
    assert client.get("/healthz").status_code == 200


def test_a_worker_that_begins_nothing_is_told_and_a_busy_one_is_not(
    client, crew, as_, administrator
):
    ago = timezone.now() - timedelta(seconds=45)
    Worker.objects.update(due_at=ago, began_at=ago)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert 45 <= answer.json()["oldest_due"] < 47
    page = as_(administrator).get("/").content.decode()
    assert "the worker begins none" in page
    assert "The oldest command has been due for 45 s" in page
    Worker.objects.filter(queue="interactive").update(busy=1)
    assert client.get("/healthz").status_code == 200


def test_a_broker_that_nobody_reaches_is_told(client, crew, as_, administrator):
    Worker.objects.update(broker_at=timezone.now() - timedelta(seconds=40))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["broker"]) == (503, "away")
    assert "message broker cannot be reached" in as_(administrator).get("/").content.decode()
    crew("background@b", queue="background")
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("host", ["10.1.2.3:8000", "[::1]", "anything.example"])
def test_health_answers_under_any_address(client, crew, host):
    assert client.get("/healthz", headers={"Host": host}).status_code == 200
    assert client.get("/", headers={"Host": host}).status_code == 400
    assert client.post("/healthz", headers={"Host": host}).status_code == 405


def test_a_chore_is_claimed_by_one_worker_and_due_again_later(db):
    assert Chore.objects.claim("tidy", every=60)
    assert not Chore.objects.claim("tidy", every=60)
    Chore.objects.update(due_at=timezone.now())
    assert [Chore.objects.claim("tidy", every=60) for _ in range(2)] == [True, False]


def test_health_tells_no_names(client, portal):
    text = client.get("/healthz").content.decode()
    assert portal.name not in text
    assert portal.host not in text


@pytest.mark.parametrize("address", ["/sign-in/", "/", "/workflows/", "/audit/"])
def test_every_page_carries_the_strict_policy_and_is_not_stored(
    address, as_, administrator, portal
):
    answer = as_(administrator).get(address, follow=True)
    policy = answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    if address != "/sign-in/":
        assert "no-store" in answer["Cache-Control"]


def test_no_page_has_inline_script_or_style(as_, administrator, workflow):
    client = as_(administrator)
    for address in ("/", "/workflows/", reverse("workflow_detail", args=[workflow.pk]), "/audit/"):
        page = client.get(address).content.decode()
        assert "<script>" not in page
        assert " style=" not in page
        assert " onclick" not in page


def test_a_page_that_does_not_exist_is_said_kindly(as_, administrator):
    answer = as_(administrator).get("/nowhere/")
    assert answer.status_code == 404
    assert b"<html" in answer.content


@pytest.mark.parametrize(
    ("path", "sent"),
    [("/sign-in/", {"headers": {"host": "evil.example"}}), ("/sign-in/", {"data": "too many"})],
)
def test_a_request_that_is_refused_leaves_one_line_in_the_log(client, caplog, settings, path, sent):
    """Anybody can send thousands of them."""
    settings.ALLOWED_HOSTS = ["testserver"]
    if "data" in sent:
        settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1
        sent = {"data": {"login": "a", "password": "b"}}
    assert client.post(path, **sent).status_code == 400
    told = [one for one in caplog.records if one.name.startswith("django.security")]
    assert told
    for record in told:
        assert QuietRefusals().filter(record)
        assert "Traceback" not in logging.Formatter("%(message)s").format(record)


def test_the_web_process_has_its_pages_at_hand_before_it_answers():
    """Whoever came first after a start would wait for all of them."""
    cached = engines["django"].engine.template_loaders[0].loaders[0]
    cached.reset()
    gunicorn.when_ready(None)
    loaded = {str(one.name) for one in cached.get_template_cache.values()}
    assert {"base.html", "overview/overview.html", "workflows/list.html"} <= loaded


def test_a_template_that_cannot_be_read_does_not_keep_the_web_process_from_starting(
    settings, tmp_path, caplog
):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "base.html").write_text("{% nothing of the kind %}")
    templates = [{**settings.TEMPLATES[0], "DIRS": [tmp_path / "templates"]}]
    settings.BASE_DIR, settings.TEMPLATES = tmp_path, templates
    gunicorn.warm_up()
    assert "template_broken" in caplog.text
