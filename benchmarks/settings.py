"""The program's settings on a database of the benchmark's own, with Django's admin beside it."""

import base64
import os
from pathlib import Path

folder = Path(os.environ["BENCHMARK_FOLDER"])
for name in ("queue", "control", "cache", "static"):
    (folder / name).mkdir(parents=True, exist_ok=True)

os.environ |= {
    "ENV_FILE": "/nonexistent",
    "SECRET_KEY": "benchmark-" + "k" * 60,
    "FIELD_KEYS": base64.urlsafe_b64encode(b"0123456789abcdef0123456789abcdef").decode(),
    "DATABASE_URL": os.environ.get("BENCHMARK_DATABASE_URL") or f"sqlite:///{folder}/db.sqlite3",
    "BROKER_URL": "filesystem://localhost",
    "VAR_DIR": str(folder),
    "STATIC_ROOT": str(folder / "static"),
    "INSECURE_COOKIES": "on",
    "REQUIRE_SECOND_FACTOR": "off",
    "ALLOWED_HOSTS": "testserver",
    "LOG_LEVEL": "WARNING",
}

from config.settings import *  # noqa: E402, F403
from config.settings import INSTALLED_APPS, STORAGES  # noqa: E402

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin"]
ROOT_URLCONF = "benchmarks.urls"
ILLEGAL_MOVES_RAISE = True
SILENCED_SYSTEM_CHECKS = ["bizproc.E001", "admin.E404", "admin.E406"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
