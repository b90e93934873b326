"""Forms about workflows: the list's filters and the two ways to end one."""

import uuid
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models import DocumentKind, Person, Portal, Workflow, WorkflowTemplate
from bizproc_admin.models.workflows import LOCK_GRACE

SHOWN = [("running", _("Running")), ("ended", _("Ended")), ("all", _("All"))]
CONDITIONS = [
    ("waiting", _("Waiting for people")),
    ("overdue", _("Overdue")),
    ("locked", _("Locked")),
    ("no-task", _("No open task")),
]
AGES = [
    ("1d", _("over a day")),
    ("7d", _("over a week")),
    ("30d", _("over 30 days")),
    ("90d", _("over 90 days")),
    ("365d", _("over a year")),
]
IDLE = [
    ("10m", _("over 10 minutes")),
    ("1h", _("over an hour")),
    ("1d", _("over a day")),
    ("7d", _("over a week")),
    ("30d", _("over 30 days")),
]
SPANS = {
    "10m": timedelta(minutes=10),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "365d": timedelta(days=365),
}
SORTS = {
    "template": "template_name",
    "document": "document_name",
    "state": "state_text",
    "waiting": "waiting_name",
    "starter": "started_by_name",
    "started": "started_at",
    "idle": "modified_at",
}
# by age and idle time, ascending on the page is descending in the column
BACKWARDS = {"idle"}
DEFAULT_SORT = "-started"
SIZES = (25, 50, 100, 250)
DEFAULT_SIZE = 50
SYSTEM = "system"


class WorkflowFilterForm(forms.Form):
    """The list's filters; all of them live in the address, a bad value is said and ignored."""

    show = forms.ChoiceField(choices=SHOWN, required=False)
    q = forms.CharField(required=False, max_length=200, strip=True, label=_("Search"))
    template = forms.MultipleChoiceField(required=False, label=_("Template"))
    kind = forms.MultipleChoiceField(
        choices=DocumentKind.choices, required=False, label=_("Document")
    )
    starter = forms.MultipleChoiceField(required=False, label=_("Started by"))
    waiting = forms.MultipleChoiceField(required=False, label=_("Waiting for"))
    condition = forms.ChoiceField(
        choices=[("", ""), *CONDITIONS], required=False, label=_("Condition")
    )
    age = forms.ChoiceField(choices=[("", ""), *AGES], required=False, label=_("Age"))
    idle = forms.ChoiceField(choices=[("", ""), *IDLE], required=False, label=_("Idle"))
    sort = forms.CharField(required=False, max_length=20)
    size = forms.TypedChoiceField(
        choices=[(str(size), str(size)) for size in SIZES], coerce=int, required=False
    )
    page = forms.IntegerField(required=False, min_value=1)
    upto = forms.IntegerField(required=False, min_value=0)

    CARRIED = ("show", "sort", "size")
    CHIPS = ("template", "kind", "starter", "waiting", "condition", "age", "idle")

    def __init__(self, data: Any, *, portal: Portal | None) -> None:
        super().__init__(data)
        self.portal = portal
        self.offer_known("template", found=self.named(WorkflowTemplate, "template"))
        people = self.named(Person, "starter", "waiting")
        self.offer_known("starter", found=people | {SYSTEM: _("the portal itself")})
        self.offer_known("waiting", found=people)
        self.is_valid()

    def given(self, name: str) -> list[str]:
        return list(self.data.getlist(name)) if hasattr(self.data, "getlist") else []

    def named(self, model: Any, *names: str) -> dict[str, Any]:
        """Give the names of the keys that some filters name; no query where none is named."""
        keys = {int(k) for n in names for k in self.given(n) if k.isdecimal() and len(k) < 18}
        if not keys:
            return {}
        return {str(r.pk): str(r) for r in model.objects.filter(portal=self.portal, pk__in=keys)}

    def offer_known(self, name: str, *, found: dict[str, Any]) -> None:
        """Offer those of the given keys that exist: a long list of choices is never built."""
        given = self.given(name)
        self.fields[name].choices = [  # type: ignore[attr-defined]
            (key, label) for key, label in found.items() if key in given
        ]

    def value(self, name: str) -> Any:
        """Give a filter's valid value; a bad one counts as not given."""
        return self.cleaned_data.get(name)

    def narrow(self, rows: QuerySet[Workflow]) -> QuerySet[Workflow]:
        """Narrow workflows of the form's portal to what the filters ask for."""
        match self.value("show"):
            case "ended":
                rows = rows.ended()  # type: ignore[attr-defined]
            case "all":
                pass
            case _:
                rows = rows.running()  # type: ignore[attr-defined]
        if text := self.value("q"):
            rows = rows.matching(text)  # type: ignore[attr-defined]
        if keys := self.value("template"):
            rows = rows.filter(template_id__in=keys)
        if kinds := self.value("kind"):
            rows = rows.filter(document_kind__in=kinds)
        if keys := self.value("starter"):
            people = [key for key in keys if key != SYSTEM]
            chosen = Workflow.objects.filter(started_by_id__in=people)
            if SYSTEM in keys:
                chosen |= Workflow.objects.filter(started_by=None)
            rows = rows & chosen
        if keys := self.value("waiting"):
            rows = rows.waiting_for([int(key) for key in keys])  # type: ignore[attr-defined]
        for chip in ("condition", "age", "idle"):
            if key := self.value(chip):
                rows = rows.filter(self.test(chip, key))
        return rows

    def test(self, chip: str, key: str) -> Q:
        """Give what a choice of the chips condition, age and idle asks of a workflow."""
        now = self.portal.now() if self.portal else timezone.now()
        if chip == "age":
            return Q(started_at__lt=now - SPANS[key])
        if chip == "idle":
            return Q(modified_at__lt=now - SPANS[key])
        return Q(is_running=True) & {
            "waiting": Q(open_tasks__gt=0),
            "overdue": Q(overdue_at__lt=now),
            "locked": Q(owned_until__lt=now - LOCK_GRACE),
            "no-task": Q(open_tasks=0),
        }.get(key, Q(pk=None))

    @property
    def sorted_by(self) -> str:
        """Give the sort key, a minus in front for descending."""
        key: str = self.value("sort") or DEFAULT_SORT
        return key if key.lstrip("-") in SORTS else DEFAULT_SORT

    @property
    def order(self) -> tuple[str, str]:
        """Give the columns to order by; the key decides ties, so that pages do not overlap."""
        name = self.sorted_by.lstrip("-")
        descending = self.sorted_by.startswith("-") != (name in BACKWARDS)
        sign = "-" if descending else ""
        return f"{sign}{SORTS[name]}", f"{sign}pk"

    @property
    def page_size(self) -> int:
        return self.value("size") or DEFAULT_SIZE

    @property
    def searched(self) -> str:
        return self.value("q") or ""

    @property
    def part_shown(self) -> str:
        return self.value("show") or SHOWN[0][0]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Give what the form of the chips carries along without showing it."""
        return [pair for pair in self.pairs(page=None, upto=None) if pair[0] in self.CARRIED]

    @property
    def cleared(self) -> str:
        """Give the query string without any filter; what is shown and its order stay."""
        return self.query(**dict.fromkeys((*self.CHIPS, "q", "page", "upto")))

    @property
    def anywhere(self) -> str:
        """Give the query string of the same filters over running and ended workflows."""
        return self.query(show="all", page=None, upto=None)

    @property
    def problems(self) -> list[str]:
        """Say which parameters of the address were not understood and left out."""
        return [
            _("%(filter)s: this filter of the address is not known here and was left out.")
            % {"filter": self.fields[name].label or name}
            for name in self.errors
            if name in (*self.CHIPS, "q")
        ]

    @property
    def has_filters(self) -> bool:
        return any(self.value(name) for name in (*self.CHIPS, "q"))

    def pairs(self, **changes: Any) -> list[tuple[str, str]]:
        """Give the address's parameters with some changed; None leaves one out."""
        values: dict[str, Any] = {
            name: self.value(name) for name in self.fields if self.value(name) not in (None, "", [])
        }
        values |= changes
        return [
            (name, str(item))
            for name, value in values.items()
            if value not in (None, "", [])
            for item in (value if isinstance(value, (list, tuple)) else [value])
        ]

    def query(self, **changes: Any) -> str:
        """Give a query string with some parameters changed."""
        return "?" + urlencode(self.pairs(**changes))

    def chips(self) -> list[dict[str, Any]]:
        """Give each filter's chip: name, label, what is chosen in words, the way to clear it."""
        chips = []
        for name in self.CHIPS:
            value = self.value(name)
            chosen = value if isinstance(value, list) else [value] if value else []
            words = dict(self.fields[name].choices)  # type: ignore[attr-defined]
            chips.append(
                {
                    "name": name,
                    "label": self.fields[name].label,
                    "chosen": [str(words.get(key, key)) for key in chosen],
                    "values": chosen,
                    "clear": self.query(**{name: None, "page": None, "upto": None}),
                }
            )
        return chips


class EndingForm(forms.Form):
    """What terminate and kill ask for: a reason, and the one-time key of this form.

    seen is the workflow's MODIFIED as the page showed it; regardless says not to care.
    """

    key = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Kept in the audit history here. It is not sent to the portal."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    regardless = forms.BooleanField(
        label=_("Do it even if the workflow has moved on since this page was read"),
        required=False,
    )

    @classmethod
    def blank(cls, workflow: Workflow) -> dict[str, Any]:
        """Give the initial values of a fresh form for a workflow."""
        return {"key": uuid.uuid4(), "seen": workflow.modified_at.isoformat()}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            cleaned["seen"] = parse_datetime(cleaned.get("seen", ""))
        except ValueError:
            cleaned["seen"] = None
        if cleaned["seen"] is None and not cleaned.get("regardless"):
            self.add_error(None, _("This form is damaged. Close it and open it again."))
        return cleaned

    @property
    def seen_modified(self) -> datetime | None:
        """Give the MODIFIED to insist on, None to act regardless."""
        seen: datetime | None = self.cleaned_data["seen"]
        return None if self.cleaned_data["regardless"] else seen


class TerminationForm(EndingForm):
    status = forms.CharField(
        label=_("Status text"),
        help_text=_("Shown on the portal, to everybody who may see the workflow there."),
        max_length=255,
        required=False,
    )

    field_order = ["status", "reason", "regardless"]


class RemovalForm(EndingForm):
    """Kill asks for nothing more; that it destroys is said by its dialog."""
