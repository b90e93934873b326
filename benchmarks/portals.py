"""A sandbox as a process of its own, and the mirror's portal that points at it."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from bizproc_admin import bitrix
from bizproc_admin.models import Account, Feed, FeedName, Portal, Role
from bizproc_admin.portals.connections import hint
from bizproc_admin.secrets.fields import Secret


@dataclass(frozen=True, kw_only=True)
class RunningSandbox:
    webhook_url: str
    control_url: str
    gateway_url: str
    gateway_key: str
    pid: int

    def control(self, name: str) -> Any:
        with urllib.request.urlopen(f"{self.control_url}{name}") as answer:  # noqa: S310 - loopback
            return json.load(answer)

    def http_requests(self) -> int:
        """Count the HTTP requests since the calls were last cleared."""
        return sum(not call["in_batch"] for call in self.control("calls"))


@contextmanager
def running_sandbox(
    *, workflows: int, limits: str, scenario: str = "huge"
) -> Iterator[RunningSandbox]:
    """Run a scenario until the block ends; demo is a living portal."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--scenario", scenario, "--port", "0",
         "--workflows", str(workflows), "--limits", limits, "--control"],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        names = ("webhook_url", "control_url", "gateway_url", "gateway_key")
        yield RunningSandbox(**{name: told[name] for name in names}, pid=process.pid)
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def connected(webhook: str) -> Portal:
    """Make the sandbox a connected portal with its feeds."""
    address = bitrix.WebhookUrl(webhook)
    portal = Portal.objects.create(
        name="Northwind",
        address=address.portal_url,
        webhook=Secret(address.reveal()),
        webhook_hint=hint(address),
        is_connected=True,
        probed_at=timezone.now(),
    )
    for name in FeedName:
        Feed.objects.create(portal=portal, name=name.value)
    return portal


def administrator() -> Account:
    made = Account.objects.create_superuser(username="anna", password="a-long-enough-password")
    made.groups.add(Group.objects.get(name=Role.PORTAL_ADMINISTRATOR.value))
    return made
