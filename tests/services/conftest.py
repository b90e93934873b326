"""What only real servers show; skipped where the suite runs on SQLite."""

import pytest
from django.conf import settings

from tests.workers.conftest import (  # noqa: F401
    ask,
    environment,
    eventually,
    installation,
    workflow,
)


@pytest.fixture(autouse=True)
def real_servers() -> None:
    if "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
        pytest.skip("needs PostgreSQL and Redis: make services")
    if not settings.CELERY_BROKER_URL.startswith("redis"):
        pytest.skip("needs Redis: make services")
