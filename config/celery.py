"""The Celery application: two queues, no schedule, no result backend."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from config import folder_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

folder_broker.install()


@setup_logging.connect  # type: ignore[untyped-decorator]  # Celery has no types
def logging_is_set_up(**_: Any) -> None:
    """Leave the logs as the settings have them: LOG_LEVEL counts for the workers, too."""


app = Celery("bizproc_admin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")
