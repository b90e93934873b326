"""The program's settings with a test's variables: generated secrets, short waits, jobs in place."""

import base64
import os
import tempfile
from pathlib import Path

var = Path(os.environ.get("TEST_VAR_DIR") or tempfile.mkdtemp(prefix="bizproc-admin-"))
for folder in ("queue", "control", "cache"):
    (var / folder).mkdir(parents=True, exist_ok=True)

os.environ |= {
    "ENV_FILE": "/nonexistent",
    "SECRET_KEY": "test-" + "k" * 60,
    "FIELD_KEYS": base64.urlsafe_b64encode(b"0123456789abcdef0123456789abcdef").decode(),
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{var / 'db.sqlite3'}",
    "BROKER_URL": os.environ.get("TEST_BROKER_URL") or "filesystem://localhost",
    "VAR_DIR": str(var),
    "INSECURE_COOKIES": "on",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "PACE_PER_SECOND": "1000",
    "PACE_BURST": "1000",
    "GATEWAY_PER_SECOND": "1000",
    "CONNECT_TIMEOUT": "2",
    "SIGN_IN_TIMEOUT": "1.5",
    "REQUIRE_SECOND_FACTOR": "off",
    "READ_TIMEOUT": "1",
    "TOTAL_TIMEOUT": "2.5",
}

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, LOGGING, MIDDLEWARE, STORAGES  # noqa: E402

ILLEGAL_MOVES_RAISE = True
MIDDLEWARE = ["tests.canary.Recorder", *MIDDLEWARE]
DATABASES["default"]["TEST"] = (
    {"NAME": str(var / "test.sqlite3")} if "sqlite" in (DATABASES["default"]["ENGINE"]) else {}
)
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
LOGGING = {**LOGGING, "root": {"handlers": ["console"], "level": "WARNING"}}
