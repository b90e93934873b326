"""Template files that somebody has uploaded, to be looked through before they go to a portal."""

import hashlib
import json
import zlib
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from bizproc_admin.models.accounts import Account
from bizproc_admin.models.portals import Portal
from bizproc_admin.models.workflow_templates import WorkflowTemplate
from bizproc_admin.secrets.fields import EncryptedBytesField

# an upload that nobody has sent on is forgotten after this
KEPT_FOR = timedelta(hours=24)


class TemplateFileQuerySet(models.QuerySet["TemplateFile"]):
    """Narrowing uploaded files."""

    def of(self, account: Account) -> Self:
        """Narrow to what an account has uploaded itself."""
        return self.filter(account=account)

    def unread(self) -> Self:
        return self.filter(state=TemplateFile.State.WAITING)

    def outdated(self) -> Self:
        return self.filter(uploaded_at__lt=timezone.now() - KEPT_FOR)


class TemplateFile(models.Model):
    """An uploaded file: kept encrypted until it is sent on, or for a day.

    state says whether a worker has read it; code and values say why it could not, and notes, a list
    of {"code", "path", "key"}, what is worth knowing of one that could. parts is what was read, as
    JSON, compressed: the bytes themselves are never handed on. tries counts how often a worker has
    begun to read it. template is what it is meant to
    change, None for a new one.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        READ = "read"
        REFUSED = "refused"

    portal = models.ForeignKey(Portal, models.PROTECT, related_name="template_files")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    template = models.ForeignKey(WorkflowTemplate, models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=255)
    content = EncryptedBytesField()
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    code = models.CharField(max_length=50, blank=True)
    values = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    tries = models.PositiveSmallIntegerField(default=0)
    parts = EncryptedBytesField(default=b"")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    objects = TemplateFileQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["state", "uploaded_at"], name="template_file_state")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def uploaded(
        cls,
        portal: Portal,
        account: Account,
        *,
        name: str,
        content: bytes,
        template: WorkflowTemplate | None,
    ) -> "TemplateFile":
        """Keep an upload, unread."""
        return cls.objects.create(
            portal=portal,
            account=account,
            template=template,
            name=name[-255:],
            content=content,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )

    def keep_parts(self, parts: dict[str, Any], notes: list[dict[str, Any]]) -> None:
        """Keep what was read of it."""
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()
        self.parts, self.notes = zlib.compress(text), notes
        self.state, self.code, self.values = self.State.READ, "", {}
        self.save(update_fields=["parts", "notes", "state", "code", "values"])

    def refuse(self, code: str, values: dict[str, Any]) -> None:
        """Keep why it could not be read."""
        self.state, self.code, self.values = self.State.REFUSED, code, values
        self.save(update_fields=["state", "code", "values"])

    def opened(self) -> dict[str, Any]:
        """Return what was read, by the names of the file's parts: its whole content."""
        found: dict[str, Any] = json.loads(zlib.decompress(self.parts))
        return found

    @property
    def forgotten_at(self) -> datetime:
        return self.uploaded_at + KEPT_FOR
