"""Starting on pages: choosing, the document, the parameters, what is sent, what came of it."""

import uuid
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import audit, commands
from bizproc_admin.audit import AuditAction, By, Facts
from bizproc_admin.forms.documents import document_of
from bizproc_admin.forms.parameters import digest_of, name_of, parameters_of
from bizproc_admin.models import (
    AuditEntry,
    Command,
    CommandState,
    Document,
    LinkedPerson,
    Person,
    PersonToken,
    Watched,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.models.documents import kind_of
from bizproc_admin.views import starting
from tests.http.participations import let_start
from tests.http.test_starting import ENDS_AT_ONCE

pytestmark = pytest.mark.portable

START = "bizproc.workflow.start"
EVERY_KIND = {
    "Article": {"Name": "Артикул", "Type": "string", "Required": "1"},
    "Note": {"Name": "Note", "Type": "text", "Default": "Для клиента"},
    "Urgent": {"Name": "Urgent", "Type": "bool", "Required": "Y", "Default": "N"},
    "Count": {"Name": "Count", "Type": "int"},
    "Price": {"Name": "Price", "Type": "double"},
    "Kind": {"Name": "Kind", "Type": "select", "Options": {"ser": "Serial", "one": "Single"}},
    "Shops": {
        "Name": "Shops",
        "Type": "select",
        "Multiple": "1",
        "Options": {"a": "Assembly", "b": "Paint", "c": "Stock"},
        "Default": ["a"],
    },
    "Due": {"Name": "Due", "Type": "date"},
    "Meeting": {"Name": "Meeting", "Type": "datetime"},
    "Lead": {"Name": "Lead", "Type": "user"},
    "Team": {"Name": "Team", "Type": "S:UserID", "Multiple": True},
    "Scan": {"Name": "Scan", "Type": "file"},
    "Client": {"Name": "Client", "Type": "E:ECrm", "Options": {"CONTACT": "Y", "COMPANY": "Y"}},
    "Place": {"Name": "Place", "Type": "UF:address"},
    "Author": {"Name": "Author", "Type": "user", "Default": ["author"]},
    "TargetUser": {"Name": "Target user", "Type": "user"},
}


def approval(users):
    """A template that waits for somebody's consent."""
    asking = {
        "Type": "ApproveActivity",
        "Name": "A1_2_3_4",
        "Activated": "Y",
        "Properties": {"Title": "Approve", "Users": users, "Name": "Approve", "ApproveType": "any"},
        "Children": [],
    }
    return {
        "Type": "SequentialWorkflowActivity",
        "Name": "Template",
        "Activated": "Y",
        "Properties": {"Title": "Every kind"},
        "Children": [asking],
    }


NAMES = {key: name_of(key) for key in EVERY_KIND}


@pytest.fixture
def template(workflow, sandbox, sync):
    """A template that asks for a value of every kind."""
    number = sandbox.add_template(
        "Every kind", structure=approval(["user_2"]), parameters=EVERY_KIND
    )
    sync()
    sandbox.clear_calls()
    return WorkflowTemplate.objects.get(remote_id=number)


def filled(template, **changes):
    values = {
        "key": str(uuid.uuid4()),
        "template": template.pk,
        "asked": digest_of(parameters_of(template.portal, template.parameters)),
        "document": "901",
        "reason": "Новый договор",
        NAMES["Article"]: "П-17",
        NAMES["Note"]: "Для клиента",
        NAMES["Urgent"]: "N",
        NAMES["Shops"]: ["a"],
    }
    return {**values, **{NAMES.get(key, key): value for key, value in changes.items()}}


def post(client, committing, data):
    with committing():
        return client.post(reverse("workflow_start"), data)


def content(answer):
    return " ".join(answer.content.decode().split())


# --- choosing -----------------------------------------------------------------------------------


def test_the_templates_that_one_may_start_are_offered(as_, administrator, workflow):
    client = as_(administrator)
    template = workflow.template
    page = client.get(reverse("workflow_start"))
    assert f"?template={template.pk}" in page.content.decode()
    WorkflowTemplate.objects.filter(pk=template.pk).update(gone_at=timezone.now())
    assert str(template) not in client.get(reverse("workflow_start")).content.decode()
    gone = client.get(reverse("workflow_start"), {"template": template.pk})
    assert gone.status_code == 404
    assert "The portal lists this template no more" in content(gone)


def test_a_template_that_is_gone_since_its_page_was_opened_is_said_to_be(
    as_, administrator, participant, template, committing
):
    data = filled(template)
    WorkflowTemplate.objects.filter(pk=template.pk).update(gone_at=timezone.now())
    answer = post(as_(administrator), committing, data)
    assert answer.status_code == 404
    assert "The portal lists this template no more" in content(answer)
    assert Command.objects.count() == 0
    # of a template that they may not see nobody is told anything
    assert "lists this template" not in content(post(as_(participant), committing, data))


def test_how_many_run_is_told_of_each_template_and_how_many_are_not_shown(
    as_, administrator, workflow, sandbox, sync, monkeypatch
):
    for name in ("Alpha", "Beta"):
        sandbox.add_template(name, structure=ENDS_AT_ONCE)
    sync()
    client, url = as_(administrator), reverse("workflow_start")
    offers = client.get(url).context["offered"]
    assert [(one.template.name, one.running) for one in offers] == [
        ("Alpha", 0), ("Beta", 0), (workflow.template.name, 1),
    ]  # fmt: skip
    monkeypatch.setattr(starting, "MOST_OFFERED", 1)
    assert "2 more templates are not shown" in content(client.get(url))
    assert "not shown" not in content(client.get(url, {"q": "alpha"}))


def test_a_participant_is_offered_what_they_take_part_in_and_told_to_sign_in(
    as_, participant, workflow, portal
):
    client = as_(participant)
    assert "Only those of document kinds" in content(client.get(reverse("workflow_start")))
    person = workflow.tasks.get().assignments.get().person
    LinkedPerson.objects.create(user=participant, portal=portal, person=person)
    page = client.get(reverse("workflow_start"))
    assert f"?template={workflow.template.pk}" in page.content.decode()
    assert "the portal decides" in content(page)
    form = client.get(reverse("workflow_start"), {"template": workflow.template.pk})
    assert "Sign in with Bitrix24 once" in content(form)


# --- parameters ---------------------------------------------------------------------------------


def test_each_kind_of_parameter_is_sent_as_the_engine_takes_it(
    as_, administrator, template, committing, sandbox, portal
):
    portal.time_zone = "Europe/Moscow"
    portal.save()
    person = Person.objects.get(portal=portal, remote_id=2)
    data = filled(
        template,
        Note="",
        Urgent="Y",
        Count="12",
        Price="1 250,50",
        Kind="one",
        Shops=["b", "c"],
        Due="2026-12-01",
        Meeting="2026-12-01T14:00",
        Lead="user_2",
        Team=["user_1", "user_2"],
        Scan="4711",
        Client="C_12",
        Place="Köln|50.9;6.9",
    )
    answer = post(as_(administrator), committing, data)
    command = Command.objects.get()
    assert answer.status_code == 302
    assert answer.url == reverse("workflow_start_outcome", args=[command.pk])
    assert command.state == CommandState.CONFIRMED
    expected = {
        "Article": "П-17", "Note": "", "Urgent": "Y", "Count": "12", "Price": "1250.50",
        "Kind": "one", "Shops": ["b", "c"], "Due": "01.12.2026", "Lead": "user_2",
        "Team": ["user_1", "user_2"], "Scan": "4711", "Client": "C_12", "Place": "Köln|50.9;6.9",
    }  # fmt: skip
    sent = dict(command.inputs["parameters"])
    # typed on the viewer's clock, which is the portal's for somebody without a zone of their own
    assert sent.pop("Meeting") == "01.12.2026 14:00:00"
    assert sent == expected
    got = sandbox.workflow(command.result)["parameters"]
    assert {key: got[key] for key in expected} == expected
    assert got["TargetUser"] == "user_1"
    assert str(person.remote_id) == "2"


def test_what_nobody_touched_keeps_the_template_s_default(
    as_, administrator, template, committing, sandbox
):
    post(as_(administrator), committing, filled(template))
    command = Command.objects.get()
    assert command.inputs["parameters"] == {"Article": "П-17"}
    got = sandbox.workflow(command.result)["parameters"]
    assert (got["Note"], got["Shops"], got["Author"]) == ("Для клиента", ["a"], ["author"])


ODD_DEFAULTS = {
    "Limit": {"Name": "Limit", "Type": "int", "Default": "{=Constant:Limit}"},
    "Price": {"Name": "Price", "Type": "double", "Default": "{=Constant:Price}"},
    "Day": {"Name": "Day", "Type": "date", "Default": "{=System:Date}", "Required": "1"},
    "Days": {
        "Name": "Days", "Type": "S:Date", "Default": ["{=System:Date}"], "Multiple": "Y",
        "Required": "Y",
    },
    "Moment": {"Name": "Moment", "Type": "datetime", "Default": "01.12.2026 14:00:30"},
    "Urgent": {"Name": "Urgent", "Type": "bool", "Default": "{=Variable:Urgent}", "Required": "Y"},
    "Kind": {"Name": "Kind", "Type": "select", "Options": {"a": "A"}, "Default": "z",
             "Required": "1"},
    "Shops": {"Name": "Shops", "Type": "L", "Options": {"a": "A", "b": "B"}, "Multiple": 1,
              "Default": {"1": "a", "2": "b"}},
    "Item": {"Name": "Item", "Type": "E:ECrm", "Options": "", "Default": "{=Document:ID}"},
    "Team": {"Name": "Team", "Type": "user", "Default": {"1": "user_1", "2": "group_hr"},
             "Multiple": "1", "Required": "1"},
    "Note": {"Name": "Note", "Type": "text", "Default": " a\r\nb\n"},
    "Scan": {"Name": "Scan", "Type": "F", "Default": "12"},
    "Empty": {"Name": "Empty", "Type": "select", "Options": ""},
}  # fmt: skip


class Posted(HTMLParser):
    """What a browser would send of the form that starts a workflow."""

    def __init__(self, page):
        super().__init__()
        self.values, self.choice, self.text = {}, None, None
        self.feed(page)

    def give(self, name, value):
        if name:
            self.values.setdefault(name, []).append(value or "")

    def handle_starttag(self, tag, attrs):
        has = dict(attrs)
        is_chosen = has.get("type") not in ("checkbox", "radio") or "checked" in has
        if tag == "input" and is_chosen:
            # a control for numbers holds nothing else
            is_empty = has.get("type") == "number" and not has.get("value", "").isdecimal()
            self.give(has.get("name"), "" if is_empty else has.get("value"))
        elif tag == "select":
            self.choice = has["name"]
        elif tag == "option" and self.choice:
            value, is_first = has["value"], self.choice not in self.values
            if is_first or "selected" in has:
                self.values[self.choice] = [value]
        elif tag == "textarea":
            self.text = has["name"]

    def handle_data(self, data):
        if self.text:
            self.give(self.text, data.replace("\r\n", "\n").replace("\n", "\r\n"))

    def handle_endtag(self, tag):
        if tag == "select":
            self.choice = None
        elif tag == "textarea":
            self.text = None


def test_a_default_that_no_control_can_show_is_told_and_kept(
    as_, administrator, template, committing
):
    WorkflowTemplate.objects.filter(pk=template.pk).update(parameters=ODD_DEFAULTS)
    client = as_(administrator)
    page = client.get(reverse("workflow_start"), {"template": template.pk})
    shown = content(page)
    for default in ("{=System:Date}", "{=Variable:Urgent}", ": z."):
        assert default in shown
    posted = Posted(page.content.decode()).values
    assert posted[name_of("Shops")] == ["a", "b"]
    assert posted[name_of("Team")] == ["user_1"]
    answer = post(client, committing, {**posted, "document": "901"})
    assert answer.status_code == 302, answer.context["form"].errors
    assert Command.objects.get().inputs["parameters"] == {}


ODD_VALUES = [
    ("Count", "9" * 31, None), ("Count", "9" * 5000, None), ("Count", "-7", "-7"),
    ("Price", "1e999999999", None), ("Price", "NaN", None), ("Price", "1e5", "100000"),
    ("Due", "0099-05-05", "05.05.0099"), ("Due", "9999-12-31", "31.12.9999"),
    ("Meeting", "0001-01-01T12:30", "01.01.0001 12:30:00"), ("Scan", "0", None),
    ("Scan", "1" * 40, None), ("Lead", "user_9999999999999999999999999", None),
    ("Client", "\0", None), ("Kind", "zzz", None), ("Place", "x" * 50_001, None),
    ("Urgent", "", None),
]  # fmt: skip


def test_odd_values_are_refused_or_sent_as_they_are_meant(as_, administrator, template, portal):
    client, told = as_(administrator), []
    for key, value, _sent in ODD_VALUES:
        data = filled(template, **{key: value})
        answer = client.post(reverse("workflow_start_preview"), data)
        told.append((key, value, dict(answer.context["sent"]).get(key)))
    assert told == ODD_VALUES


def test_a_moment_that_the_portal_s_clock_does_not_have_is_refused(
    as_, administrator, template, portal
):
    portal.time_zone = "Pacific/Kiritimati"
    portal.save()
    person = Person.objects.get(portal=portal, remote_id=1)
    Person.objects.filter(pk=person.pk).update(time_zone="UTC")
    LinkedPerson.objects.create(user=administrator, portal=portal, person=person)
    data = filled(template, Meeting="9999-12-31T20:00")
    page = as_(administrator).post(reverse("workflow_start"), data)
    assert page.status_code == 422
    assert set(page.context["form"].errors) == {NAMES["Meeting"]}


def test_a_template_changed_since_the_page_was_opened_is_looked_at_again(
    as_, administrator, template, committing
):
    client, data = as_(administrator), filled(template, Place="Köln", Count="5")
    first = {"First": {"Name": "Цех", "Type": "string", "Default": "1"}}
    WorkflowTemplate.objects.filter(pk=template.pk).update(parameters={**first, **EVERY_KIND})
    preview = content(client.post(reverse("workflow_start_preview"), data))
    assert "has been changed since this page was opened" in preview
    answer = post(client, committing, data)
    assert answer.status_code == 422
    assert "has been changed since this page was opened" in content(answer)
    assert Command.objects.count() == 0
    # what was typed stays with what it was typed for
    again = Posted(answer.content.decode()).values
    assert (again[NAMES["Place"]], again[NAMES["Count"]]) == (["Köln"], ["5"])
    again[name_of("First")] = "1"
    assert post(client, committing, again).status_code == 302
    sent = Command.objects.get().inputs["parameters"]
    assert sent == {"Article": "П-17", "Count": "5", "Place": "Köln"}


def test_dates_are_written_as_the_portal_writes_them(
    as_, administrator, template, committing, portal
):
    client = as_(administrator)
    saved = client.post(
        reverse("portal_time_zone", args=[portal.pk]),
        {"zone": "Europe/Berlin", "date_format": "m/d/Y"},
    )
    assert saved.status_code == 302
    data = filled(template, Due="2026-12-01", Meeting="2026-12-01T14:05")
    post(client, committing, data)
    sent = Command.objects.get().inputs["parameters"]
    assert (sent["Due"], sent["Meeting"]) == ("12/01/2026", "12/01/2026 02:05:00 pm")


def test_what_is_required_is_enforced_here_and_what_was_typed_stays(
    as_, administrator, template, committing, sandbox
):
    data = filled(template, Article="", Count="many", Place="Köln")
    answer = post(as_(administrator), committing, data)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert set(form.errors) == {NAMES["Article"], NAMES["Count"]}
    assert 'value="Köln"' in answer.content.decode()
    assert 'value="many"' in answer.content.decode()
    assert Command.objects.count() == 0
    assert sandbox.calls(START) == []


def test_the_preview_says_what_is_missing_and_what_would_be_sent(as_, administrator, template):
    client = as_(administrator)
    data = filled(template, Article="", Price="7,5")
    page = content(client.post(reverse("workflow_start_preview"), data))
    assert "1 value is still to be given or mended" in page
    assert "<dt>Price</dt><dd>7.5</dd>" in page
    assert "DEAL_901" in page
    data = filled(template)
    assert "All required values are given" in content(
        client.post(reverse("workflow_start_preview"), data)
    )


def test_people_are_found_for_a_parameter(as_, administrator, template):
    answer = as_(administrator).get(
        reverse("person_search"),
        {"template": template.pk, "purpose": NAMES["Lead"], "q": "orlov"},
    )
    assert 'value="user_2"' in answer.content.decode()
    other = as_(administrator).get(
        reverse("person_search"), {"template": template.pk, "purpose": NAMES["Count"]}
    )
    assert other.status_code == 404


# --- documents ----------------------------------------------------------------------------------

DEAL = ("crm", "CCrmDocumentDeal", "DEAL")
DYNAMIC = ("crm", "Bitrix\\Crm\\Integration\\BizProc\\Document\\Dynamic", "DYNAMIC_147")
INVOICE = ("crm", "Bitrix\\Crm\\Integration\\BizProc\\Document\\SmartInvoice", "SMART_INVOICE")
QUOTE = ("crm", "Bitrix\\Crm\\Integration\\BizProc\\Document\\Quote", "QUOTE")
LIST = ("lists", "Bitrix\\Lists\\BizprocDocumentLists", "iblock_164")
FEED = ("lists", "BizprocDocument", "iblock_31")
FILE = ("disk", "Bitrix\\Disk\\BizProcDocument", "STORAGE_12")


def of_type(portal, kind):
    module, entity, document_type = kind
    return WorkflowTemplate(
        portal=portal, remote_id=1, module=module, entity=entity,
        document_type=document_type, kind=kind_of(entity),
    )  # fmt: skip


NAMED = [
    (DEAL, "{portal}crm/deal/details/2218/", "DEAL_2218"),
    (DEAL, "{portal}crm/deal/show/2218/?tab=x", "DEAL_2218"),
    (DEAL, "{host}/s2/crm/deal/edit/2218/", "DEAL_2218"),
    (DEAL, "/crm/deal/details/2218", "DEAL_2218"),
    (DEAL, " 2218 ", "DEAL_2218"),
    (DEAL, "DEAL_2218", "DEAL_2218"),
    (DEAL, "d_2218", "DEAL_2218"),
    (DEAL, '["crm","CCrmDocumentDeal","DEAL_2218"]', "DEAL_2218"),
    (DEAL, '["CCrmDocumentDeal","DEAL_2218"]', "DEAL_2218"),
    (DYNAMIC, "{portal}crm/type/147/details/9/", "DYNAMIC_147_9"),
    (DYNAMIC, "{portal}page/sales/claims/type/147/details/9/", "DYNAMIC_147_9"),
    (DYNAMIC, "T93_9", "DYNAMIC_147_9"),
    (DYNAMIC, "DYNAMIC_147_9", "DYNAMIC_147_9"),
    (INVOICE, "{portal}crm/type/31/details/3/", "SMART_INVOICE_3"),
    (QUOTE, "{portal}crm/type/7/details/3/", "QUOTE_3"),
    (QUOTE, "{portal}crm/quote/show/3/", "QUOTE_3"),
    (LIST, "{portal}company/lists/164/element/0/777/", "777"),
    (LIST, "{portal}workgroups/group/5/lists/164/element/0/777/", "777"),
    (FEED, "{portal}bizproc/processes/31/element/0/777/", "777"),
    (FEED, "{portal}bizproc/processes/?livefeed=y&list_id=31&element_id=777", "777"),
    (FILE, "{portal}bitrix/tools/disk/focus.php?objectId=88&cmd=show", "88"),
    (FILE, "88", "88"),
    (DEAL, "Договор 12/2026", None),
    (DEAL, "ООО Ромашка/Центр 1.2/3", None),
    (DEAL, "https://me@{host}/crm/deal/details/2218/", "DEAL_2218"),
]
MISNAMED = [
    (DEAL, "{portal}crm/lead/details/5/", "another kind of document"),
    (DEAL, "LEAD_5", "another kind of document"),
    (DEAL, "https://other.bitrix24.de/crm/deal/details/5/", "leads to other.bitrix24.de"),
    (DEAL, "{portal}crm/deal/details/0/", "No document has this number"),
    (DEAL, "{portal}crm/invoice/show/5/", "of the old kind"),
    (DEAL, "{portal}company/personal/user/1/tasks/task/view/5/", "automation alone"),
    (DEAL, "{portal}crm/deal/list/", "No document is recognised"),
    (DEAL, "{portal}crm/deal/details/12345678901234567890/", "No document is recognised"),
    (DEAL, "{portal}crm/deal/details/5-copy/", "No document is recognised"),
    (DEAL, '["crm","CCrmDocumentDeal"]', "another kind of document"),
    (DEAL, "[1", "is written [module, entity, id]"),
    (DEAL, "[" * 2000, "is written [module, entity, id]"),
    (DEAL, '["crm","CCrmDocumentDeal",1e999]', "is written [module, entity, id]"),
    (DEAL, "https://[/crm/deal/details/5/", "No document is recognised"),
    (DEAL, "https://me:secret@other.bitrix24.de/crm/deal/details/5/", "leads to other.bitrix24.de"),
    (DEAL, "1" * 19, "No document has this number"),
    (DYNAMIC, "{portal}crm/type/152/details/9/", "another kind of document"),
    (LIST, "{portal}company/lists/7/element/0/777/", "another kind of document"),
    (LIST, "{portal}bizproc/processes/164/element/0/777/", "another kind of document"),
    (FILE, "{portal}docs/file/Договор.docx", "Copy internal link"),
    (FILE, "{portal}~abcDEF", "Copy internal link"),
]


def read(portal, kind, text):
    """Return what a text names, or what is said of it."""
    text = text.format(portal=f"{portal.address.rstrip('/')}/", host=portal.host)
    try:
        return document_of(text, of_type(portal, kind))
    except ValidationError as error:
        return " ".join(error.messages)


def test_a_document_is_named_by_link_or_id(portal):
    read_as = [(kind, text, read(portal, kind, text)) for kind, text, _number in NAMED]
    assert read_as == [(kind, text, number and (*kind[:2], number)) for kind, text, number in NAMED]


def test_a_link_of_a_portal_s_former_host_names_a_document(portal, administrator):
    audit.record(
        AuditEntry.Kind.CONNECTION,
        AuditAction.PORTAL_FOLLOWED,
        by=By(account=administrator),
        target=portal.as_target,
        facts=Facts(inputs={"from": "former.bitrix24.de", "to": portal.host}),
    )
    link = "https://former.bitrix24.de/crm/deal/details/5/"
    assert read(portal, DEAL, link) == (*DEAL[:2], "DEAL_5")


def test_what_names_no_document_of_the_template_says_why(portal):
    said = [(text, read(portal, kind, text), why) for kind, text, why in MISNAMED]
    assert [one for one in said if one[2] not in one[1]] == []


def test_a_document_known_here_is_found_by_name_and_chosen(
    as_, administrator, template, committing, workflow
):
    client = as_(administrator)
    page = client.post(reverse("workflow_start_preview"), filled(template, document="насосов"))
    assert 'name="pick" value="DEAL_777"' in page.content.decode()
    answer = post(client, committing, filled(template, document="насосов"))
    assert answer.status_code == 422
    assert "choose one of those below" in content(answer)
    picked = client.post(
        reverse("workflow_start"),
        filled(template, document="насосов", pick="DEAL_777", Place="Köln"),
    )
    assert picked.status_code == 200
    assert 'value="DEAL_777"' in picked.content.decode()
    assert 'value="Köln"' in picked.content.decode()
    assert "Поставка насосов" in picked.content.decode()
    assert Command.objects.count() == 0
    nothing = post(client, committing, filled(template, document="нет такого"))
    assert "Nothing known here is called" in content(nothing)


def test_whatever_is_typed_for_a_document_is_answered(as_, administrator, template):
    client = as_(administrator)
    for text in ("[" * 100_000, "слово " * 20_000, "a" * 60_000, "a b " * 60, "\0", "a\0/b"):
        data = filled(template, document=text)
        assert client.post(reverse("workflow_start_preview"), data).status_code == 200
        assert client.post(reverse("workflow_start"), data).status_code == 422


def test_a_participant_learns_no_name_of_a_document_they_have_no_part_in(
    as_, participant, administrator, template, workflow, portal, sandbox, sync
):
    person = workflow.tasks.get().assignments.get().person
    LinkedPerson.objects.create(user=participant, portal=portal, person=person)
    document = Document.objects.create(
        portal=portal, module="crm", entity="CCrmDocumentDeal", document_id="DEAL_5",
        kind="deal", name="Секретная сделка",
    )  # fmt: skip
    Workflow.objects.create(
        portal=portal, remote_id="hidden", template=workflow.template, document=document,
        started_at=timezone.now(), modified_at=timezone.now(), observed_at=timezone.now(),
        search_text="секретная сделка",
    )  # fmt: skip
    page = reverse("workflow_start_preview")
    for text in ("5", "секретная"):
        mine = as_(participant).post(page, filled(template, document=text)).content.decode()
        theirs = as_(administrator).post(page, filled(template, document=text)).content.decode()
        assert "Секретная сделка" not in mine
        assert "Секретная сделка" in theirs


def test_a_start_tells_a_participant_no_name_that_they_may_not_know(
    as_, participant, administrator, template, workflow, portal, committing, door, gives_token
):
    person = workflow.tasks.get().assignments.get().person
    LinkedPerson.objects.create(user=participant, portal=portal, person=person)
    gives_token(person)
    Document.objects.create(
        portal=portal, module="crm", entity="CCrmDocumentDeal", document_id="DEAL_5",
        kind="deal", name="Секретная сделка",
    )  # fmt: skip
    client = as_(participant)
    page = client.get(post(client, committing, filled(template, document="5")).url)
    assert "Deal 5" in content(page) or "Deal #5" in content(page)
    assert "Секретная сделка" not in content(page)
    assert "Секретная" not in Command.objects.get().target_label
    # nor what somebody else has given a workflow that they take part in
    post(as_(administrator), committing, filled(template, Place="Köln"))
    command = Command.objects.latest("pk")
    let_start(person, Workflow.objects.filter(pk=command.workflow_id))
    page = {"workflow": command.workflow_id}
    assert "Köln" not in as_(participant).get(reverse("workflow_start"), page).content.decode()
    assert "Köln" in as_(administrator).get(reverse("workflow_start"), page).content.decode()


# --- one runs already ---------------------------------------------------------------------------


def test_a_second_one_on_a_document_has_to_be_wanted(
    as_, administrator, template, workflow, committing, sandbox, sync
):
    remote_id = sandbox.start_workflow(
        template_id=template.remote_id, document_id=["crm", "CCrmDocumentDeal", "DEAL_777"]
    )
    sync()
    client, data = as_(administrator), filled(template, document="777")
    shown = content(client.post(reverse("workflow_start_preview"), data))
    assert "One already runs on this document" in shown
    assert f'name="seen" value="{remote_id}"' in shown
    # what was not shown yet was not agreed to
    unshown = {**data, "although": "on"}
    assert "Should a second?" in content(post(client, committing, unshown))
    data["seen"] = remote_id
    assert "Should a second?" in content(post(client, committing, data))
    other = {**unshown, "seen": "another"}
    assert "meanwhile" in content(post(client, committing, other))
    assert Command.objects.count() == 0
    data["although"] = "on"
    assert post(client, committing, data).status_code == 302
    command = Command.objects.get()
    assert (command.state, command.inputs["beside"]) == (CommandState.CONFIRMED, [remote_id])


def test_that_no_step_waits_is_said_before(as_, administrator, template, sandbox, sync):
    number = sandbox.add_template("At once")
    sync()
    at_once = WorkflowTemplate.objects.get(remote_id=number)
    client, url = as_(administrator), reverse("workflow_start")
    assert "it ends at once" in content(client.get(url, {"template": at_once.pk}))
    assert "it ends at once" not in content(client.get(url, {"template": template.pk}))


# --- what came of it ----------------------------------------------------------------------------


def test_the_workflow_s_page_opens_by_itself_once_it_is_known(
    as_, administrator, template, committing
):
    client = as_(administrator)
    post(client, committing, filled(template))
    command = Command.objects.get()
    page = client.get(reverse("workflow_start_outcome", args=[command.pk]))
    workflow_url = reverse("workflow_detail", args=[command.workflow.pk])
    assert workflow_url in page.content.decode()
    polled = client.get(
        reverse("workflow_start_outcome", args=[command.pk]), headers={"HX-Request": "true"}
    )
    assert polled["HX-Redirect"] == workflow_url
    workflow_page = client.get(workflow_url).content.decode()
    assert f"?workflow={command.workflow.pk}" in workflow_page
    again = client.get(reverse("workflow_start"), {"workflow": command.workflow.pk})
    assert 'value="П-17"' in again.content.decode()


def test_a_person_says_which_one_came_of_it_or_none(
    as_, administrator, template, committing, sandbox
):
    client = as_(administrator)
    sandbox.fail_next("timeout_after_apply", method=START)
    post(client, committing, filled(template))
    command = Command.objects.get()
    assert command.state == CommandState.NEEDS_HUMAN
    outcome = reverse("workflow_start_outcome", args=[command.pk])
    (candidate,) = command.evidence["candidates"]
    assert candidate["id"] in client.get(outcome).content.decode()
    decision = reverse("workflow_start_decision", args=[command.pk])
    assert client.post(decision, {"workflow": "another"}).status_code == 422
    assert client.post(decision, {"reason": ""}).status_code == 422
    answer = client.post(decision, {"workflow": candidate["id"]})
    command.refresh_from_db()
    assert answer.url == reverse("workflow_detail", args=[command.workflow.pk])
    assert command.state == CommandState.CONFIRMED
    # its tasks are read at once
    assert Watched.objects.filter(workflow=command.workflow).exists()
    entry = command.audit_entries.get(kind=AuditEntry.Kind.HUMAN_DECISION)
    page = content(client.get(reverse("audit_entry_detail", args=[entry.pk])))
    assert ("What was decided" in page, "a reading showed" in page) == (True, False)
    # what no reading could tell is not said to have been read
    assert "came of it a person has said" in content(client.get(outcome))
    assert "reading of the portal agrees" not in content(client.get(outcome))
    assert client.post(decision, {"reason": "None"}).status_code == 409
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED


def test_of_two_who_decide_the_second_is_not_led_to_another_start(
    as_, administrator, template, committing, sandbox, monkeypatch
):
    client = as_(administrator)
    sandbox.fail_next("timeout_after_apply", method=START)
    post(client, committing, filled(template))
    command = Command.objects.get()
    workflow = Workflow.objects.get(remote_id=command.evidence["candidates"][0]["id"])
    decide = starting.decide

    def too_late(command, *, by, reason):
        # the first one says which workflow it was, when the second was let through already
        assert commands.recognise(Command.objects.get(), workflow, by=by, reason="This one")
        return decide(command, by=by, reason=reason)

    monkeypatch.setattr(starting, "decide", too_late)
    decision = reverse("workflow_start_decision", args=[command.pk])
    assert client.post(decision, {"reason": "None", "again": "1"}).status_code == 409
    command.refresh_from_db()
    assert (command.state, command.workflow) == (CommandState.CONFIRMED, workflow)


def test_what_came_of_another_start_is_not_offered(
    as_, administrator, template, committing, sandbox
):
    client = as_(administrator)
    sandbox.fail_next("timeout_before_apply", method=START)
    post(client, committing, filled(template))
    post(client, committing, filled(template, Place="Köln"))
    lost, other = Command.objects.order_by("pk")
    assert (lost.state, other.state) == (CommandState.UNKNOWN, CommandState.CONFIRMED)
    evidence = {"candidates": [{"id": other.result}]}
    Command.objects.filter(pk=lost.pk).update(state=CommandState.NEEDS_HUMAN, evidence=evidence)
    page = content(client.get(reverse("workflow_start_outcome", args=[lost.pk])))
    assert "No workflow of this template has been seen" in page
    decision = reverse("workflow_start_decision", args=[lost.pk])
    answer = client.post(decision, {"workflow": other.result})
    assert answer.status_code == 422
    assert "none of those that may have come of it" in content(answer)
    lost.refresh_from_db()
    assert lost.state == CommandState.NEEDS_HUMAN


def test_none_leads_to_the_same_form_filled_again(
    as_, administrator, template, committing, sandbox
):
    client = as_(administrator)
    sandbox.fail_next("timeout_before_apply", method=START)
    post(client, committing, filled(template, Place="Köln"))
    command = Command.objects.get()
    Command.objects.filter(pk=command.pk).update(state=CommandState.NEEDS_HUMAN)
    decision = reverse("workflow_start_decision", args=[command.pk])
    answer = client.post(decision, {"reason": "Not on the deal", "again": "1"})
    assert answer.url == f"{reverse('workflow_start')}?again={command.pk}"
    news = content(client.get(reverse("news_list")))
    assert "Start: not done" in news
    assert "the portal refused" not in news
    form = client.get(answer.url)
    assert 'value="Köln"' in form.content.decode()
    data = filled(template, Place="Köln", again=command.pk)
    post(client, committing, data)
    second = Command.objects.latest("pk")
    assert second.inputs["again"] == command.pk
    pages = [reverse("workflow_start_outcome", args=[one.pk]) for one in (command, second)]
    first_page, second_page = (content(client.get(page)) for page in pages)
    assert (pages[1] in first_page, pages[0] in second_page) == (True, True)
    command.refresh_from_db()
    assert command.error_code == ""
    assert len(sandbox.calls(START)) == 2


def test_evidence_is_contested_on_its_page(
    as_, administrator, template, committing, sandbox, door, gives_token
):
    person = Person.objects.get(portal=door, remote_id=1)
    LinkedPerson.objects.create(user=administrator, portal=door, person=person)
    gives_token(person)
    client = as_(administrator)
    sandbox.fail_next("timeout_after_apply", method=START)
    post(client, committing, filled(template))
    command = Command.objects.get()
    assert command.state == CommandState.EVIDENT
    page = client.get(reverse("workflow_start_outcome", args=[command.pk]))
    assert "taken for the one that was asked for" in content(page)
    contest = reverse("workflow_start_contest", args=[command.pk])
    assert client.post(contest, {"reason": ""}).status_code == 422
    assert client.post(contest, {"reason": "That was me, by hand"}).status_code == 302
    command.refresh_from_db()
    assert (command.state, command.workflow) == (CommandState.NEEDS_HUMAN, None)
    page = reverse("workflow_start_outcome", args=[command.pk])
    assert "No other workflow of this template has been seen" in content(client.get(page))


def test_a_start_whose_token_was_lost_meanwhile_says_that_it_waits_for_a_sign_in(
    as_, approver, template, sandbox, committing
):
    client = as_(approver)
    data = filled(template)
    client.post(reverse("workflow_start"), data)
    command = Command.objects.get()
    PersonToken.objects.update(lost_at=timezone.now())
    commands.carry_out(command.pk, worker="test")
    page = content(client.get(reverse("workflow_start_outcome", args=[command.pk])))
    assert "waits for its person to sign in" in page
    assert "its turn next" not in page
    assert sandbox.calls(START) == []


def test_whoever_asked_for_the_same_start_is_named_and_their_start_is_theirs_to_see(
    as_, administrator, approver, template, committing, sandbox
):
    sandbox.fail_next("timeout_before_apply", method=START)
    post(as_(administrator), committing, filled(template))
    outcome = reverse("workflow_start_outcome", args=[Command.objects.get().pk])
    theirs = post(as_(administrator), committing, filled(template))
    mine = post(as_(approver), committing, filled(template))
    assert (theirs.status_code, mine.status_code) == (409, 409)
    assert "has asked for the same start" in content(mine)
    assert (outcome in content(theirs), outcome in content(mine)) == (True, False)


def test_somebody_else_s_start_is_nobody_s_business_but_an_administrator_s(
    as_, administrator, participant, template, committing, portal, workflow
):
    post(as_(administrator), committing, filled(template))
    command = Command.objects.get()
    Command.objects.filter(pk=command.pk).update()
    person = workflow.tasks.get().assignments.get().person
    LinkedPerson.objects.create(user=participant, portal=portal, person=person)
    for name in ("workflow_start_outcome", "workflow_start_decision", "workflow_start_contest"):
        url = reverse(name, args=[command.pk])
        client = as_(participant)
        answer = client.get(url) if name.endswith("outcome") else client.post(url, {"reason": "x"})
        assert answer.status_code == 404


def test_the_same_form_posted_twice_starts_once(as_, administrator, template, committing, sandbox):
    client, data = as_(administrator), filled(template)
    first = post(client, committing, data)
    assert post(client, committing, data).url == first.url
    assert len(sandbox.calls(START)) == 1
    later = timezone.now() + timedelta(hours=1)
    assert not Command.objects.due(later).exists()
