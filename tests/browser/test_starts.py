"""Starting workflows in a real browser: what is typed stays with what it was typed for."""

import re

from playwright.sync_api import expect

from bizproc_admin.models import Command, Person, Workflow, WorkflowTemplate
from tests.browser.conftest import PHONE

PARAMETERS = {
    "Kind": {"Name": "Kind", "Type": "select", "Options": {"ser": "Serial", "one": "Single"}},
    "Urgent": {"Name": "Urgent", "Type": "bool", "Default": "N"},
    "Place": {"Name": "Place", "Type": "string"},
    "Lead": {"Name": "Lead", "Type": "user"},
    "Crew": {"Name": "Crew", "Type": "user", "Multiple": "1"},
}


def test_what_is_typed_returns_to_the_template_it_was_typed_for(
    page, enter, chief, company, context
):
    page.set_viewport_size(PHONE)
    named = Workflow.objects.exclude(document__name="").select_related("document").first()
    template = WorkflowTemplate.objects.listed().get(pk=named.template_id)
    other = WorkflowTemplate.objects.listed().exclude(pk=template.pk).first()
    WorkflowTemplate.objects.update(parameters=PARAMETERS)
    url = f"{enter(chief)}/workflows/start/"
    page.goto(f"{url}?template={template.pk}")
    document = page.get_by_role("textbox", name="Document", exact=True)
    document.fill(named.document.name)
    page.get_by_label(re.compile("Place")).fill("Köln")
    page.get_by_label(re.compile("Kind")).select_option("one")
    page.get_by_label("Yes").check()
    # chosen among what is found, it is as if it had been typed
    page.locator(f"[name=pick][value='{named.document.document_id}']").click()
    expect(document).to_have_value(named.document.document_id)
    expect(page.locator("#start-named .found")).to_contain_text(named.document.document_id)
    page.get_by_label(re.compile("Place")).press("Enter")
    page.wait_for_timeout(300)
    assert not Command.objects.exists()
    page.goto(f"{url}?template={other.pk}")
    expect(document).to_have_value("")
    expect(page.get_by_label(re.compile("Place"))).to_have_value("")
    # signed out while typing: the page stays until one goes to sign in
    page.goto(f"{url}?template={template.pk}")
    context.clear_cookies(name="session")
    page.get_by_label(re.compile("Place")).fill("Köln 2")
    expect(page.locator("#signed-out")).to_contain_text("You are signed out")
    enter(chief)
    page.goto(f"{url}?template={template.pk}")
    expect(document).to_have_value(named.document.document_id)
    expect(page.get_by_label(re.compile("Place"))).to_have_value("Köln 2")
    expect(page.get_by_label(re.compile("Kind"))).to_have_value("one")
    expect(page.get_by_label("Yes")).to_be_checked()
    # and what would be sent is told of what is shown
    expect(page.locator("#start-named .found")).to_contain_text(named.document.document_id)
    # what is wrong is what one sees
    document.fill("")
    page.get_by_role("button", name="Start the workflow").click()
    expect(page.locator("#start-document_error")).to_be_in_viewport()
    expect(document).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_people_who_were_chosen_return_with_the_rest_of_a_form(page, enter, chief, company):
    """They were found by a search, so that the page that comes back does not hold them."""
    named = Workflow.objects.exclude(document__name="").select_related("document").first()
    WorkflowTemplate.objects.update(parameters=PARAMETERS)
    page.goto(f"{enter(chief)}/workflows/start/?template={named.template_id}")
    lead, crew = (page.locator("fieldset.person-search", has_text=one) for one in ("Lead", "Crew"))
    names = list(
        Person.objects.filter(is_active=True).order_by("pk").values_list("name", flat=True)
    )
    for question, name in ((lead, names[0]), (crew, names[1]), (crew, names[2])):
        question.get_by_role("combobox").fill(name)
        question.get_by_role("option", name=name).click()
    page.get_by_label(re.compile("Place")).fill("Köln")
    page.reload()
    expect(page.get_by_label(re.compile("Place"))).to_have_value("Köln")
    chosen = [(lead, names[0]), (crew, names[1]), (crew, names[2])]
    for question, name in chosen:
        expect(question.get_by_role("option", name=name, selected=True)).to_be_visible()
    expect(lead.locator("input:checked")).to_have_count(1)
    # whom one takes out again stays out
    crew.get_by_role("option", name=names[1]).click()
    page.reload()
    expect(crew.get_by_role("option", name=names[2], selected=True)).to_be_visible()
    expect(crew.locator("input:checked")).to_have_count(1)
