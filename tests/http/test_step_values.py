"""What a step is answered with: each type of value, through the form to the portal's ledger."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from bizproc_admin.forms.parameters import name_of
from bizproc_admin.models import Command, CommandFile
from tests.http import waiting

pytestmark = pytest.mark.portable

SEND = "bizproc.event.send"
TYPES = {
    "yes": {"NAME": "Yes", "TYPE": "bool"},
    "day": {"NAME": "Day", "TYPE": "date"},
    "moment": {"NAME": "Moment", "TYPE": "datetime"},
    "amount": {"NAME": "Amount", "TYPE": "double"},
    "score": {"NAME": "Score", "TYPE": "int"},
    "choice": {"NAME": "Choice", "TYPE": "select", "OPTIONS": {"a": "Да", "b": "Нет"}},
    "line": {"NAME": "Line", "TYPE": "string"},
    "lines": {"NAME": "Lines", "TYPE": "string", "MULTIPLE": "Y"},
    "long": {"NAME": "Long", "TYPE": "text"},
    "who": {"NAME": "Who", "TYPE": "user"},
    "paper": {"NAME": "Paper", "TYPE": "file"},
    "papers": {"NAME": "Papers", "TYPE": "file", "MULTIPLE": "Y"},
    "odd": {"NAME": "Odd", "TYPE": "UF:address"},
}


@pytest.fixture
def step(door, sandbox, app, sync):
    kind, given = waiting.register(sandbox, app, returns=TYPES | {"odd": {"NAME": "Odd"}})
    waiting.workflow_of(sandbox, waiting.template(sandbox, kind))
    call = app.next()
    sync()
    sandbox.advance(60)
    return waiting.kept(door, call, definition={**given, "RETURN_PROPERTIES": TYPES})


@pytest.fixture
def post(as_, administrator, step, committing):
    client = as_(administrator)

    def answer(**values):
        form = client.get(reverse("application_step_detail", args=[step.pk])).context["form"]
        given = {name_of(key): value for key, value in values.items()}
        data = {"key": form["key"].value(), "asked": form["asked"].value(), "reason": "By hand"}
        with committing():
            return client.post(
                reverse("application_step_answer", args=[step.pk]), {**data, **given}
            )

    return answer


def sent(sandbox):
    (line,) = [one for one in sandbox.ledger() if one["method"] == SEND]
    return line["applied"]["values"]


def test_each_type_reaches_the_portal_as_it_takes_it(post, sandbox):
    answer = post(
        yes="Y", day="2027-05-31", moment="2027-05-31T10:30", amount="12,5", score="82",
        choice="b", line="Привет", lines=["eins", "zwei", ""], long="Длинный\nтекст",
        who="user_2", odd="D|1", paper=SimpleUploadedFile("Акт.pdf", b"%PDF"),
        papers=[SimpleUploadedFile("1.txt", b"1"), SimpleUploadedFile("2.txt", b"2")],
    )  # fmt: skip
    assert answer.status_code == 302, answer.context["form"].errors
    values = sent(sandbox)
    assert (values["yes"], values["day"], values["amount"]) == ("Y", "31.05.2027", "12.5")
    assert (values["score"], values["choice"], values["line"]) == ("82", "b", "Привет")
    assert values["lines"] == ["eins", "zwei"]
    assert values["long"].splitlines() == ["Длинный", "текст"]
    assert (values["who"], values["odd"]) == ("user_2", "D|1")
    assert values["moment"].startswith("31.05.2027 ")
    assert values["paper"][0] == "Акт.pdf"
    assert [one[0] for one in values["papers"]] == ["1.txt", "2.txt"]
    command = Command.objects.get()
    assert command.state == "confirmed"
    assert not CommandFile.objects.exists()
    assert "JVBERg" not in str(command.inputs)


def test_what_is_left_empty_is_not_sent(post, sandbox):
    assert post(line="x").status_code == 302
    assert sent(sandbox) == {"line": "x"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("score", "82.5"), ("score", "9" * 30), ("amount", "viel"), ("day", "31.02.2027"),
        ("moment", "morgen"), ("choice", "c"), ("line", "x" * 2001), ("long", "x" * 50_001),
        ("who", "user_999"),
    ],
)  # fmt: skip
def test_what_the_portal_would_not_understand_is_said_beside_its_field(post, sandbox, name, value):
    answer = post(**{name: value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [name_of(name)]
    assert sandbox.calls(SEND) == []
