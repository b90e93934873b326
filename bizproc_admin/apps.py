"""The one Django application of the program."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate


class BizprocAdminConfig(AppConfig):
    name = "bizproc_admin"
    verbose_name = "bizproc-admin"

    def ready(self) -> None:
        from bizproc_admin import checks, jobs  # noqa: F401
        from bizproc_admin.access import allauth_adapter, second_factor
        from bizproc_admin.audit import triggers
        from bizproc_admin.models import revisions, searching, word_indexes

        connection_created.connect(searching.teach)
        pre_migrate.connect(revisions.remove_before_migrate, sender=self)
        post_migrate.connect(revisions.make_after_migrate, sender=self)
        post_migrate.connect(triggers.remake_after_migrate, sender=self)
        post_migrate.connect(word_indexes.make_after_migrate, sender=self)
        allauth_adapter.connect()
        second_factor.connect()
