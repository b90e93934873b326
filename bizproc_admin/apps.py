"""The one Django application of the program."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BizprocAdminConfig(AppConfig):
    name = "bizproc_admin"
    verbose_name = "bizproc-admin"

    def ready(self) -> None:
        from bizproc_admin import checks, jobs, second_factor, signing_in  # noqa: F401
        from bizproc_admin.audit import triggers

        post_migrate.connect(triggers.remake_after_migrate, sender=self)
        signing_in.connect()
        second_factor.connect()
