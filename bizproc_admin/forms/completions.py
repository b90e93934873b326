"""The form that answers a workflow task: what its template asks for, in the portal's own words."""

import uuid
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.actions.answers import SentFile
from bizproc_admin.bitrix.texts import line
from bizproc_admin.forms.files import GONE, Chosen, FilesField
from bizproc_admin.forms.people import PeopleField
from bizproc_admin.forms.questions import Question, plain, questions_of
from bizproc_admin.models import WorkflowTask
from bizproc_admin.models.workflow_tasks import Answer
from bizproc_admin.uploads import MOST_TOGETHER

MOST_COMMENT = 10_000


class CommentField(forms.CharField):
    """A comment; is_conditional says that whether it may be left empty depends on the answer."""

    is_conditional = False


class CompletionForm(forms.Form):
    """One answer, a comment, and a field for each question of the workflow task.

    The pressed button is the answer. inputs are those of an earlier command that the portal has
    refused: what was typed then stands there again, files excepted. draft is what typed gave of a
    form that was not sent; it is the later of the two.
    """

    use_required_attribute = False
    key = forms.UUIDField(widget=forms.HiddenInput)
    answer = forms.TypedChoiceField(
        coerce=int,
        widget=forms.HiddenInput,
        error_messages={
            "required": gettext_lazy("Choose an answer."),
            "invalid_choice": gettext_lazy("This task takes no such answer."),
        },
    )

    def __init__(
        self,
        task: WorkflowTask,
        data: Any = None,
        files: Any = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        draft: Mapping[str, list[str]] | None = None,
    ) -> None:
        super().__init__(data, files, auto_id="answer-%s", initial={"key": uuid.uuid4()})
        self.task, self.inputs = task, inputs or {}
        answer = cast("forms.ChoiceField", self.fields["answer"])
        answer.choices = [(way.status, way.caption) for way in task.answers]
        if self.takes_comment:
            self.fields["comment"] = self.comment_field()
            self.initial["comment"] = self.inputs.get("comment", "")
        self.questions = questions_of(task.parameters)
        for question in self.questions:
            self.ask(question)
        if draft is not None:
            self.restore(MultiValueDict(draft))

    def comment_field(self) -> CommentField:
        field = CommentField(
            label=line(str(self.task.parameters.get("CommentLabel") or _("Comment"))),
            required=False,
            max_length=MOST_COMMENT,
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=self.comment_rule,
        )
        # whether it may be left empty is said by the rule, not by the label
        field.is_conditional = bool(self.comment_rule)
        return field

    def ask(self, question: Question) -> None:
        """Add the field of one question, filled with what was sent before or the default."""
        field = question.field(self.task.portal)
        if field is None:
            return
        if self.is_declining:
            field.required = False
        before = self.inputs.get("fields", {})
        value = before.get(question.id, question.default)
        if isinstance(field, FilesField):
            self.miss(question, field)
        elif isinstance(field, PeopleField):
            if len(field.take(question.initial(value))) < len(question.initial(value)):
                field.required = False
                field.help_text = _(
                    "Some of the portal's own choice are not known here; they stay."
                )
        else:
            self.initial[question.name] = question.initial(value)
        self.fields[question.name] = field

    def miss(self, question: Question, field: FilesField) -> None:
        """Let a field for files say which were chosen before: this form does not hold them."""
        if self.is_bound:
            field.miss(field.widget.value_from_datadict(self.data, self.files, question.name))
            return
        before = self.inputs.get("files", [])
        gone = [one["name"] for one in before if one.get("question") == question.id]
        field.miss(Chosen(files=[], gone=gone, is_without=False))

    def restore(self, draft: MultiValueDict[str, str]) -> None:
        """Fill the fields with what was typed and not sent, right or wrong."""
        for name in self.drafted:
            field: Any = self.fields[name]
            posted = field.widget.value_from_datadict(draft, {}, name)
            if isinstance(field, PeopleField):
                field.take(posted["chosen"])
            else:
                self.initial[name] = posted
        for question in self.of_kind_file:
            widget = self.fields[question.name].widget
            chosen = widget.value_from_datadict(draft, {}, question.name)
            self.files_field(question).miss(chosen)

    def files_field(self, question: Question) -> FilesField:
        return cast("FilesField", self.fields[question.name])

    @property
    def drafted(self) -> list[str]:
        """Give the names of the fields a draft keeps: a file is chosen again."""
        files = {question.name for question in self.of_kind_file}
        return [name for name in self.fields if name not in ("key", "answer", *files)]

    @property
    def typed(self) -> dict[str, list[str]]:
        """Give what a filled form holds, as a draft keeps it; nothing where nothing was typed."""
        data: Any = self.data
        files = {
            question.name + GONE: self.files_field(question).gone
            for question in self.of_kind_file
            if self.files_field(question).missing
        }
        if all(self.is_as_shown(name) for name in self.drafted) and not files:
            return {}
        return {name: data.getlist(name) for name in self.drafted if name in data} | files

    def is_as_shown(self, name: str) -> bool:
        """Tell whether a field came back as it was first shown."""
        field = self.fields[name]
        posted = field.widget.value_from_datadict(self.data, self.files, name)
        question = next((one for one in self.questions if one.name == name), None)
        return question.is_as_shown(field, posted) if question else not plain(posted)

    def renew(self) -> None:
        """Give the repainted form another one-time key: the one it came with may be used up.

        That nothing is sent twice is guarded by the person's part of the task as well.
        """
        given: Any = self.data
        self.data = given = given.copy()
        given["key"] = str(uuid.uuid4())

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        answer = cleaned.get("answer")
        if answer is None:
            return cleaned
        if self.task.needs_comment(answer) and not cleaned.get("comment"):
            text = _("“%(answer)s” needs a comment.") % {"answer": self.caption(answer)}
            self.add_error("comment", text)
        if self.obstacle and not self.is_declining:
            self.add_error(None, self.obstacle)
        sizes = [file.size or 0 for _name, files in self.files.lists() for file in files]
        if sum(sizes) > MOST_TOGETHER:
            most = {"most": filesizeformat(MOST_TOGETHER)}
            self.add_error(None, _("All files together may have at most %(most)s.") % most)
        return cleaned

    def values(self) -> dict[str, Any]:
        """Give the answers by the portal's field ids, ready for FIELDS."""
        if "row" in self.data:  # a row's button shows no field: nothing was emptied
            return {}
        sent = {
            question.id: self.sent(question)
            for question in self.questions
            if question.name in self.fields
        }
        return {key: value for key, value in sent.items() if value is not None}

    def sent(self, question: Question) -> Any:
        """Give the value of one question; a default nobody touched goes back as the portal gave it.

        The field may have shown it shortened, or not at all.
        """
        field = self.fields[question.name]
        posted = field.widget.value_from_datadict(self.data, self.files, question.name)
        if question.has_default and question.is_as_shown(field, posted):
            return question.default
        return question.sent(self.cleaned_data.get(question.name))

    def sent_files(self) -> tuple[SentFile, ...]:
        """Give the chosen files with their content."""
        return tuple(
            SentFile.of(question.id, file.name, file.read())
            for question in self.of_files
            for file in self.cleaned_data[question.name]
        )

    @property
    def of_kind_file(self) -> list[Question]:
        return [one for one in self.questions if isinstance(self.fields.get(one.name), FilesField)]

    @property
    def of_files(self) -> list[Question]:
        known = getattr(self, "cleaned_data", {})
        return [one for one in self.of_kind_file if one.name in known]

    @property
    def multiple(self) -> tuple[str, ...]:
        """Give the ids of the questions that take several files."""
        return tuple(one.id for one in self.of_files if one.is_multiple)

    @property
    def has_files(self) -> bool:
        """Tell whether files were chosen that a repainted form cannot hold."""
        return bool(self.files) or bool(self.inputs.get("files"))

    @property
    def takes_comment(self) -> bool:
        return str(self.task.parameters.get("ShowComment") or "Y") == "Y"

    @property
    def is_declining(self) -> bool:
        """Tell whether the pressed button declines what is asked: then nothing is required."""
        pressed = str(self.data.get("answer", ""))
        return any(str(way.status) == pressed and not way.agrees for way in self.task.answers)

    @property
    def comment_rule(self) -> str:
        """Say beforehand which answers need a comment."""
        ways = self.task.answers
        needing = [way.caption for way in ways if self.task.needs_comment(way.status)]
        if not needing:
            return ""
        if len(needing) == len(ways):
            return _("Required.")
        return _("Required for “%(answers)s”.") % {"answers": "”, “".join(needing)}

    @property
    def obstacle(self) -> str:
        """Say why the form cannot be submitted here at all, or nothing."""
        missing = [q.label for q in self.questions if q.is_required and q.name not in self.fields]
        if not missing:
            return ""
        return _("“%(field)s” is required and cannot be filled in here: answer in Bitrix24.") % {
            "field": "”, “".join(missing)
        }

    @property
    def asked(self) -> list[dict[str, Any]]:
        """Give each question with its bound field, None where it cannot be filled in here."""
        return [
            {"question": one, "field": self[one.name] if one.name in self.fields else None}
            for one in self.questions
        ]

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """Give the ways to answer as buttons: what each needs, is it closed, was it pressed."""
        return [
            {
                "way": way,
                "is_blocked": bool(self.obstacle) and way.agrees,
                "needs": self.needs(way),
                "is_meant": str(way.status) == str(self.data.get("answer", "")),
            }
            for way in self.task.answers
        ]

    def needs(self, way: Answer) -> str:
        """Give what must be looked at before an answer: fields, a comment, or nothing."""
        if self.questions and way.agrees:
            return "fields"
        return "comment" if self.task.needs_comment(way.status) else ""

    def caption(self, answer: int) -> str:
        return next(way.caption for way in self.task.answers if way.status == answer)
