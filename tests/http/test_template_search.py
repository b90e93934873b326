"""Finding in templates: who or what is named where, without opening a structure."""

import pytest
from django.urls import reverse

from bizproc_admin.models import Department, Person, TemplateMention, TemplateStructure
from tests.http.test_template_list import approval, sequence
from tests.language import plain

URL = "/templates/search/"
SECRET = "https://hooks.example/rest/1/abcdefgh12345678/"


@pytest.fixture
def dmitri(sandbox):
    return sandbox.add_user("Дмитрий", "Соколов", active=False)


@pytest.fixture
def named(sandbox, portal, sync, dmitri):
    """Three templates that name a dismissed person, a department, a field and each other."""
    first = sandbox.add_template(
        "Contract", structure=sequence(approval("Lawyers", f"user_{dmitri}", "group_d1"))
    )
    sandbox.add_template(
        "Orders",
        structure=sequence(
            {
                "Type": "StartWorkflowActivity",
                "Properties": {"Title": "Contract, too", "TemplateId": str(first)},
            },
            {
                "Type": "WebHookActivity",
                "Properties": {"Title": "Tell", "Handler": SECRET + "?{=Document:UF_SUM}"},
            },
        ),
        constants={"Boss": {"Name": "The boss", "Type": "user", "Default": [f"user_{dmitri}"]}},
    )
    sync()
    return Person.objects.get(remote_id=dmitri)


def found(answer):
    return [
        (line.mention.template.name, plain(line.named), plain(line.place), line.mention.title)
        for line in answer.context["list"].lines
    ]


def test_a_person_is_found_by_name_and_by_chip(as_, administrator, named):
    client = as_(administrator)
    expected = [
        ("Contract", "Дмитрий Соколов", "is asked", "Lawyers"),
        ("Orders", "Дмитрий Соколов", "value of a constant", "The boss"),
    ]
    assert found(client.get(URL, {"q": "соколов"})) == expected
    assert found(client.get(URL, {"person": named.pk})) == expected
    assert found(client.get(URL, {"person": named.pk, "place": "constant"})) == expected[1:]
    lines = client.get(URL, {"person": named.pk}).context["list"].lines
    assert all(line.is_gone for line in lines)
    step = TemplateMention.objects.get(kind="person", place="approver", number=named.remote_id)
    assert lines[0].url == f"/templates/{step.template_id}/?step={step.step}"


def test_fields_templates_types_and_titles_are_found(as_, administrator, named):
    client = as_(administrator)
    assert found(client.get(URL, {"q": "uf_sum"})) == [
        ("Orders", "UF_SUM", "in its settings", "Tell")
    ]
    assert found(client.get(URL, {"kind": "template"})) == [
        ("Orders", "Contract", "in its settings", "Contract, too")
    ]
    assert found(client.get(URL, {"q": "webhookactivity"})) == [
        ("Orders", "Call of an address", "the step itself", "Tell")
    ]
    assert {row[3] for row in found(client.get(URL, {"q": "lawyers"}))} == {"Lawyers"}
    department = Department.objects.get(remote_id=1)
    assert found(client.get(URL, {"department": department.pk})) == [
        ("Contract", department.name, "is asked", "Lawyers")
    ]
    for chip in ("kind", "person", "department", "place", "template"):
        page = client.get(f"{URL}choices/{chip}/")
        assert page.status_code == 200
    assert "Дмитрий Соколов" in client.get(f"{URL}choices/person/").content.decode()


def test_finding_opens_no_structure_and_shows_no_secret(as_, auditor, named):
    TemplateStructure.objects.update(content=b"not readable with any key")
    pages = [
        as_(auditor).get(URL, {"q": q}).content.decode() for q in ("", "hooks", "abcdefgh", "tell")
    ]
    assert "Дмитрий" in pages[0]
    assert not any("abcdefgh12345678" in page for page in pages)
    assert "No template names that" in pages[1]


def test_the_page_of_a_person_says_where_templates_name_them(as_, administrator, manager, named):
    url = reverse("person_detail", args=[named.pk])
    page = as_(administrator).get(url).content.decode()
    assert "Named in 2 templates" in page
    assert "Lawyers" in page
    assert f"{URL}?person={named.pk}" in page


def test_what_is_deleted_on_the_portal_is_found_no_longer(as_, administrator, named, sandbox, sync):
    template = TemplateMention.objects.filter(template__name="Contract").first().template
    sandbox.remove_template(template.remote_id)
    sync()
    assert {row[0] for row in found(as_(administrator).get(URL, {"person": named.pk}))} == {
        "Orders"
    }


def test_the_search_costs_the_same_for_few_and_many(
    as_, administrator, named, sandbox, sync, django_assert_max_num_queries
):
    client = as_(administrator)
    client.get(URL)
    with django_assert_max_num_queries(17) as few:
        client.get(URL)
    for number in range(10):
        steps = [approval(f"Step {n}", f"user_{n + 1}", f"group_d{n}") for n in range(5)]
        sandbox.add_template(f"Template {number}", structure=sequence(*steps))
    sync()
    with django_assert_max_num_queries(len(few)):
        assert len(client.get(URL).context["list"].lines) == 50
