"""The form that answers a workflow task, without a database and with people in one."""

import uuid
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from bizproc_admin.forms.completions import CompletionForm
from bizproc_admin.models import Person, Portal, WorkflowTask
from bizproc_admin.models.workflow_tasks import APPROVAL, OPTIONAL, REQUEST, REVIEW
from bizproc_admin.uploads import MOST_OF_ONE, MOST_TOGETHER

KEY = str(uuid.uuid4())


def task(activity=REQUEST, *fields, portal=None, **parameters):
    if fields:
        parameters["Fields"] = list(fields)
    portal = portal or Portal(address="https://northwind.example.com/")
    return WorkflowTask(activity=activity, parameters=parameters, portal=portal)


def asked(kind, name="Q", **more):
    return {"Id": f"Id {name}", "Type": kind, "Name": name, **more}


def filled(to, answer=3, files=None, **typed):
    data = QueryDict(mutable=True)
    data["key"] = KEY
    if answer is not None:
        data["answer"] = str(answer)
    for name, value in typed.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return CompletionForm(to, data, MultiValueDict(files or {}))


def sent(kind, typed, **more):
    """What is sent for one question of a kind when something is typed."""
    form = filled(task(REQUEST, asked(kind, **more)), f_0=typed)
    assert form.is_valid(), form.errors
    return form.values()


def wrong(kind, typed, **more):
    form = filled(task(REQUEST, asked(kind, **more)), f_0=typed)
    assert not form.is_valid()
    assert list(form.errors) == ["f_0"]
    return " ".join(form.errors["f_0"])


# --- answer and comment -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activity", "answer", "is_taken"),
    [
        (APPROVAL, 1, True), (APPROVAL, 2, True), (APPROVAL, 3, False), (APPROVAL, 0, False),
        (REVIEW, 3, True), (REVIEW, 1, False), (REQUEST, 3, True), (REQUEST, 4, False),
        (OPTIONAL, 3, True), (OPTIONAL, 4, True), ("HandleExternalEventActivity", 1, False),
        (APPROVAL, "yes", False), (APPROVAL, None, False),
    ],
)  # fmt: skip
def test_a_task_takes_its_own_answers_only(activity, answer, is_taken):
    assert filled(task(activity), answer).is_valid() is is_taken


@pytest.mark.parametrize(
    ("rule", "needing", "said"),
    [
        ("N", [], ""),
        ("Y", [1, 2], "Required."),
        ("YA", [1], "Required for “Да”."),
        ("YR", [2], "Required for “Reject”."),
    ],
)
def test_a_comment_is_asked_for_where_the_template_wants_it(rule, needing, said):
    to = task(APPROVAL, CommentRequired=rule, CommentLabel="Причина", StatusYesLabel="Да")
    assert CompletionForm(to).fields["comment"].help_text == said
    assert CompletionForm(to).fields["comment"].label == "Причина"
    assert CompletionForm(to).fields["comment"].is_conditional is bool(needing)
    for answer in (1, 2):
        form = filled(to, answer, comment="  ")
        assert form.is_valid() is (answer not in needing)
        if answer in needing:
            assert list(form.errors) == ["comment"]
        assert filled(to, answer, comment="because").is_valid()


def test_a_hidden_comment_is_not_asked_for_even_if_it_were_required():
    to = task(APPROVAL, CommentRequired="Y", ShowComment="N")
    assert "comment" not in CompletionForm(to).fields
    assert filled(to, 1).is_valid()


def test_a_damaged_key_is_no_answer():
    assert not CompletionForm(task(REVIEW), {"key": "x", "answer": "3"}).is_valid()


# --- kinds of questions -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("bool", "on", "Y"),
        ("bool", [], "N"),
        ("date", "2026-03-01", "2026-03-01"),
        ("double", "1 234,50", "1234.50"),
        ("double", "-3.5", "-3.5"),
        ("int", "42", 42),
        ("string", " да ", "да"),
        ("text", "one\r\ntwo", "one\r\ntwo"),
    ],
)
def test_a_value_is_sent_as_the_portal_takes_it(kind, typed, value):
    assert sent(kind, typed) == {"Id Q": value}


def test_a_moment_is_typed_in_the_viewers_zone_and_sent_with_its_offset():
    with timezone.override(ZoneInfo("Asia/Yekaterinburg")):
        assert sent("datetime", "2026-03-01T09:30") == {"Id Q": "2026-03-01T09:30:00+05:00"}
        to = task(REQUEST, asked("datetime", Default="2026-03-01T03:00:00+03:00"))
        assert 'value="2026-03-01T05:00"' in str(CompletionForm(to)["f_0"])


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("date", "yesterday"), ("datetime", "2026-13-01T00:00"), ("double", "a lot"),
        ("int", "1.5"), ("select", "z"), ("double", "NaN"), ("double", "1e999999"),
    ],
)  # fmt: skip
def test_what_is_no_value_of_the_kind_is_said_beside_it(kind, typed):
    assert wrong(kind, typed, Options={"a": "A"})


def test_a_choice_is_sent_by_its_key():
    options = {"a": "Крупный", "b": "Средний"}
    assert sent("select", "b", Options=options) == {"Id Q": "b"}
    assert sent("select", ["a", "b"], Options=options, Multiple="Y") == {"Id Q": ["a", "b"]}
    assert sent("select", "1", Options=["no", "yes"]) == {"Id Q": "1"}


@pytest.mark.parametrize(
    ("kind", "typed", "values"),
    [
        ("string", ["a", "", "b "], ["a", "b"]),
        ("int", ["1", "2", ""], [1, 2]),
        ("double", ["1,5", ""], ["1.5"]),
        ("date", ["2026-03-01", ""], ["2026-03-01"]),
        ("text", ["a", "b", ""], ["a", "b"]),
    ],
)
def test_several_values_are_a_list(kind, typed, values):
    assert sent(kind, typed, Multiple=True) == {"Id Q": values}


def test_an_error_among_several_values_names_the_value_and_keeps_all():
    form = filled(task(REQUEST, asked("int", Multiple=True)), f_0=["1", "two", "3"])
    assert not form.is_valid()
    assert "“two”" in form.errors["f_0"][0]
    assert all(f'value="{typed}"' in str(form["f_0"]) for typed in ("1", "two", "3"))


@pytest.mark.parametrize(
    ("typed", "more", "value"),
    [
        ("C_607", {}, "C_607"),
        ("c_607", {"Options": {"CONTACT": "Y", "LEAD": "N"}}, "C_607"),
        ("607", {"Options": {"CONTACT": "Y", "LEAD": "N"}}, "C_607"),
        ("C_1, D_2 ,C_1", {"Multiple": "Y"}, ["C_1", "D_2"]),
        ("T88_5", {"Options": {"DYNAMIC_136": "Y"}}, "T88_5"),
    ],
)
def test_crm_items_are_bound_by_their_ids(typed, more, value):
    assert sent("E:ECrm", typed, **more) == {"Id Q": value}


@pytest.mark.parametrize(
    ("typed", "more"),
    [
        ("Ivan", {}), ("607", {}), ("C_0", {}), ("C_1, C_2", {}), ("X_Y_1", {}), ("C_1; D_2", {}),
        ("L_1", {"Options": {"CONTACT": "Y", "LEAD": "N"}}),
    ],
)  # fmt: skip
def test_other_texts_are_no_crm_items(typed, more):
    assert wrong("E:ECrm", typed, **more)


# --- required, defaults, what cannot be filled in -----------------------------------------------


@pytest.mark.parametrize("kind", ["date", "int", "string", "text", "select", "E:ECrm", "file"])
@pytest.mark.parametrize("many", ["N", "Y"])
def test_required_is_asked_for_when_submitting_and_not_when_declining(kind, many):
    to = task(OPTIONAL, asked(kind, Required="Y", Options={"a": "A"}, Multiple=many))
    assert list(filled(to, 3).errors) == ["f_0"]
    assert filled(to, 4).is_valid(), filled(to, 4).errors


def test_a_field_left_empty_is_not_sent_unless_it_was_emptied():
    assert sent("string", "") == {}
    assert sent("string", "", Default="old") == {"Id Q": ""}
    assert sent("string", "", Default=["old"], Multiple="Y") == {"Id Q": []}


@pytest.mark.parametrize(
    ("kind", "default", "html"),
    [
        ("string", "x<y", 'value="x&lt;y"'),
        ("int", 0, 'value="0"'),
        ("bool", "Y", "checked"),
        ("date", "2026-03-01T00:00:00+03:00", 'value="2026-03-01"'),
        ("select", "b", '<option value="b" selected>'),
        ("E:ECrm", ["C_607", "D_1"], 'value="C_607, D_1"'),
        ("date", "not a day", "<input"),
    ],
)
def test_defaults_are_filled_in(kind, default, html):
    to = task(
        REQUEST, asked(kind, Default=default, Options={"b": "B"} if kind == "select" else None)
    )
    assert html in str(CompletionForm(to)["f_0"])


def test_what_was_sent_before_stands_there_again():
    to = task(REQUEST, asked("string", Default="default"), asked("int", name="R"))
    inputs = {"comment": "why", "fields": {"Id Q": "typed", "Id R": 7}, "files": [{"name": "a"}]}
    form = CompletionForm(to, inputs=inputs)
    assert 'value="typed"' in str(form["f_0"])
    assert 'value="7"' in str(form["f_1"])
    assert "why" in str(form["comment"])
    assert form.has_files


@pytest.mark.parametrize("kind", ["UF:money", "", "internalselect"])
def test_an_unknown_kind_is_shown_and_cannot_be_filled_in(kind):
    form = filled(task(OPTIONAL, asked(kind)), 3)
    assert form.asked[0]["field"] is None
    assert form.is_valid()
    assert form.values() == {}
    required = task(OPTIONAL, asked(kind, Required="Y"))
    assert [button["is_blocked"] for button in CompletionForm(required).buttons] == [True, False]
    assert "“Q”" in str(filled(required, 3).errors)
    assert filled(required, 4).is_valid()


def test_names_and_descriptions_may_be_objects_and_fields_a_map():
    field = asked("string", name={"ru": "Сумма", "en": "Amount"})
    field |= {"Id": '<x> & "y"', "Description": {"de": "Text"}}
    to = task()
    to.parameters = {"Fields": {"7": field, "8": "broken"}}
    (question,) = CompletionForm(to).questions
    assert (question.name, question.label, question.help) == ("f_0", "Amount", "Text")
    form = filled(to, f_0="5")
    assert form.is_valid()
    assert form.values() == {'<x> & "y"': "5"}


# --- files --------------------------------------------------------------------------------------


def test_a_file_is_sent_beside_the_values():
    to = task(REQUEST, asked("file"), asked("file", name="R", Multiple="Y"))
    one = SimpleUploadedFile("../скан.pdf", b"content")
    two = SimpleUploadedFile("b.txt", b"other")
    form = filled(to, files={"f_0": [one], "f_1": [two]})
    assert form.is_valid()
    assert form.values() == {}
    files = form.sent_files()
    assert [(f.question, f.name, f.content) for f in files] == [
        ("Id Q", "скан.pdf", b"content"), ("Id R", "b.txt", b"other"),
    ]  # fmt: skip
    assert form.multiple == ("Id R",)


def test_an_answer_whose_file_is_gone_is_held_back_until_it_is_chosen_again_or_given_up():
    to = task(OPTIONAL, asked("int"), asked("file", name="R"))
    first = filled(to, f_0="x", files={"f_1": [SimpleUploadedFile("offer.pdf", b"%PDF")]})
    assert not first.is_valid()
    assert "“offer.pdf” is no longer in this form" in first.fields["f_1"].missing
    pressed_again = {"f_0": "5", "f_1_gone": "offer.pdf"}
    for answer in (3, 4):
        held = filled(to, answer, **pressed_again)
        assert list(held.errors) == ["f_1"]
        assert held.fields["f_1"].gone == ["offer.pdf"]
    given_up = filled(to, **pressed_again, f_1_without="1")
    assert given_up.is_valid()
    assert given_up.sent_files() == ()
    again = filled(to, **pressed_again, files={"f_1": [SimpleUploadedFile("new.pdf", b"%PDF")]})
    assert again.is_valid()
    assert [file.name for file in again.sent_files()] == ["new.pdf"]


@pytest.mark.parametrize("options", [None, {}, [], {"": "nothing"}])
@pytest.mark.parametrize("many", ["Y", "N"])
def test_a_required_choice_of_nothing_is_answered_on_the_portal(options, many):
    form = CompletionForm(
        task(OPTIONAL, asked("select", Required="Y", Options=options, Multiple=many))
    )
    assert form.asked[0]["field"] is None
    assert "answer in Bitrix24" in form.obstacle
    assert [button["is_blocked"] for button in form.buttons] == [True, False]


def test_a_file_too_large_is_refused_before_it_is_read():
    class Heavy(SimpleUploadedFile):
        def read(self, *_):
            raise AssertionError("was read")

    heavy = Heavy("big.bin", b"x")
    heavy.size = MOST_OF_ONE + 1
    form = filled(task(REQUEST, asked("file")), files={"f_0": [heavy]})
    assert not form.is_valid()
    assert "10" in form.errors["f_0"][0]


def test_all_files_of_a_request_count_together_also_those_nobody_asked_for():
    files = {name: [SimpleUploadedFile(name, b"x")] for name in ("f_0", "f_1", "other")}
    for listed in files.values():
        listed[0].size = MOST_TOGETHER // 3 + 1
    form = filled(task(REQUEST, asked("file"), asked("file")), files=files)
    assert form.errors["__all__"] == ["All files together may have at most 20.0\xa0MB."]


def test_a_file_that_is_there_stays_unless_another_is_chosen():
    kept = "https://northwind.example.com/file/1"
    to = task(REQUEST, asked("file", Default=kept, Required="Y"))
    assert filled(to).is_valid()
    assert (form := filled(to)).is_valid() and form.values() == {"Id Q": kept}
    form = filled(to, files={"f_0": [SimpleUploadedFile("a", b"a")]})
    assert form.is_valid() and form.values() == {}


# --- people -------------------------------------------------------------------------------------


@pytest.fixture
def people(db):
    portal = Portal.objects.create(name="N", address="https://northwind.example.com/")
    other = Portal.objects.create(name="O", address="https://other.example.com/")
    for number, (where, name) in enumerate(
        [(portal, "Olga Petrova"), (portal, "Oleg Petrov"), (other, "Stranger")], start=5
    ):
        Person.objects.create(
            portal=where, remote_id=number, name=name, search_text=name.casefold(),
            user_type="employee", observed_at=datetime(2026, 1, 1, tzinfo=UTC),
        )  # fmt: skip
    return portal


def test_people_are_sent_by_their_numbers(people):
    to = task(REQUEST, asked("user", Required="Y"), portal=people)
    form = filled(to, f_0="user_5")
    assert form.is_valid() and form.values() == {"Id Q": "user_5"}
    many = task(REQUEST, asked("user", Multiple="Y"), portal=people)
    form = filled(many, f_0=["user_5", "user_6"])
    assert form.is_valid() and form.values() == {"Id Q": ["user_5", "user_6"]}


@pytest.mark.parametrize("key", ["user_7", "user_99", "x", "user_1e9", "user_" + "9" * 30])
def test_nobody_of_elsewhere_can_be_chosen(people, key):
    form = filled(task(REQUEST, asked("user"), portal=people), f_0=key)
    assert list(form.errors) == ["f_0"]


def test_a_typed_name_is_taken_where_it_fits_one_person(people):
    to = task(REQUEST, asked("user"), portal=people)
    form = filled(to, f_0_find="olga")
    assert form.is_valid() and form.values() == {"Id Q": "user_5"}
    form = filled(to, f_0_find="petro")
    assert not form.is_valid()
    assert [str(p) for p in form.fields["f_0"].found] == ["Oleg Petrov", "Olga Petrova"]
    assert not filled(to, f_0_find="stranger").is_valid()


def test_people_by_default_are_held(people):
    to = task(REQUEST, asked("user", Default="user_6"), portal=people)
    assert [str(p) for p in CompletionForm(to).fields["f_0"].chosen] == ["Oleg Petrov"]


# --- what nobody touched ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "default", "shown"),
    [
        ("string", "keep", "keep"),
        ("text", "two\nlines", "two\r\nlines"),
        ("datetime", "2026-11-25T10:00:37+03:00", "2026-11-25T07:00"),
        ("datetime", "0001-01-01T00:00:00+03:00", ""),
        ("date", "no date at all", ""),
        ("select", "gone", ""),
        ("int", "7", "7"),
    ],
)
def test_a_default_nobody_touched_goes_back_as_the_portal_gave_it(kind, default, shown):
    options = {"a": "A"} if kind == "select" else None
    assert sent(kind, shown, Default=default, Options=options) == {"Id Q": default}


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_a_default_at_the_end_of_time_is_shown_and_goes_back_as_it_was(zone):
    never = "9999-12-31T23:59:59+00:00"
    to = task(REQUEST, asked("datetime", Default=never))
    with timezone.override(ZoneInfo(zone)):
        shown = str(CompletionForm(to)["f_0"])
        assert 'value="9999-12-31T' in shown
        typed = shown.split('value="')[1].split('"')[0]
        assert sent("datetime", typed, Default=never) == {"Id Q": never}


def test_what_lies_before_time_zones_is_sent_without_seconds_in_its_offset():
    with timezone.override(ZoneInfo("Europe/Moscow")):
        assert sent("datetime", "1850-01-01T12:00") == {"Id Q": "1850-01-01T09:29:43+00:00"}


def test_a_default_that_was_changed_or_emptied_is_sent_as_it_is_now():
    assert sent("string", "other", Default="keep") == {"Id Q": "other"}
    assert sent("string", "", Default="keep") == {"Id Q": ""}


def test_a_rows_button_that_shows_no_field_empties_none():
    form = filled(
        task(OPTIONAL, asked("string", Default="keep"), asked("bool", "B", Default="Y")), 4, row="1"
    )
    assert form.is_valid(), form.errors
    assert form.values() == {}


@pytest.mark.django_db
def test_people_the_mirror_does_not_know_stay_unless_somebody_is_chosen():
    portal = Portal.objects.create(name="Northwind", address="https://northwind.example.com")
    known = Person.objects.create(
        portal=portal, remote_id=1, name="Anna", search_text="anna", user_type="employee"
    )
    question = asked("user", Default=["user_1", "user_99", "group_hr"], Multiple=True)
    form = filled(task(REQUEST, question, portal=portal), f_0=[f"user_{known.remote_id}"])
    assert form.is_valid(), form.errors
    assert form.values() == {"Id Q": ["user_1", "user_99", "group_hr"]}


@pytest.mark.django_db
def test_a_typed_name_wins_over_a_default_that_was_left_chosen():
    portal = Portal.objects.create(name="Northwind", address="https://northwind.example.com")
    for number, name in ((1, "Anna Koroleva"), (2, "Boris Titov")):
        Person.objects.create(
            portal=portal, remote_id=number, name=name, search_text=name.casefold(),
            user_type="employee",
        )  # fmt: skip
    to = task(REQUEST, asked("user", Default="user_1"), portal=portal)
    form = filled(to, f_0="user_1", f_0_find="titov")
    assert form.is_valid(), form.errors
    assert form.values() == {"Id Q": "user_2"}
    # whoever was picked from what was found stays picked
    form = filled(to, f_0="user_2", f_0_find="tit")
    assert form.is_valid(), form.errors
    assert form.values() == {"Id Q": "user_2"}


@pytest.mark.parametrize("parameters", [{"Fields": 5}, {"Fields": True}, {"Fields": "x"}])
def test_parameters_of_another_shape_ask_for_nothing(parameters):
    assert CompletionForm(task(REQUEST, **parameters)).asked == []


@pytest.mark.parametrize("options", [True, 5, "x", None])
def test_options_of_another_shape_are_none(options):
    assert wrong("select", "a", Options=options)
