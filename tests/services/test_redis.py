"""Workers over Redis: a click arrives, and a broker that forgets everything loses nothing."""

from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.conf import settings

from bizproc_admin.models import Command, CommandState, Portal, Workflow
from bizproc_admin.sandbox import Sandbox
from tests.workers.conftest import Workers, begin

pytestmark = [pytest.mark.services, pytest.mark.worker]


def test_a_redis_that_forgets_everything_loses_no_click(
    installation: Workers,
    portal: Portal,
    workflow: Workflow,
    sandbox: Sandbox,
    ask: Callable[..., Command],
    eventually: Callable[..., Any],
) -> None:
    server = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    forget_everything(server)  # what other tests' clicks have left
    workflows = [workflow, *(begin(portal, sandbox) for _ in range(5))]

    asked = [ask(one) for one in workflows[:2]]
    assert server.llen("interactive") >= 2
    forget_everything(server)
    installation.start()
    asked += [ask(one) for one in workflows[2:4]]
    forget_everything(server)
    asked += [ask(one, "kill") for one in workflows[4:]]

    def all_confirmed() -> bool:
        return not Command.objects.exclude(state=CommandState.CONFIRMED).exists()

    eventually(all_confirmed)
    assert sorted(line["target"] for line in sandbox.ledger()) == sorted(
        command.target_id for command in asked
    )

    forget_everything(server)
    last = ask(begin(portal, sandbox))
    eventually(all_confirmed)
    assert sandbox.ledger()[-1]["target"] == last.target_id
    server.close()


def forget_everything(server: redis.Redis) -> None:
    """Empty the database as a restart without a dump does, but for the note that it is taken."""
    for key in server.scan_iter():
        if key != b"bizproc-services":
            server.delete(key)
