"""The Celery application: two queues, a schedule in code, no result backend."""

import os

from celery import Celery

from config import folder_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

folder_broker.install()

app = Celery("bizproc_admin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")
