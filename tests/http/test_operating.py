"""What machines ask: health, headers, errors."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import heartbeats
from bizproc_admin.models import Feed, Worker


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
