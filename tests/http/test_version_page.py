"""The versions of a template: what changed, by whom, and what still runs on which copy."""

from datetime import timedelta

import pytest

from bizproc_admin.models import Workflow, WorkflowTemplate
from tests.http.test_template_list import approval, sequence

pytestmark = pytest.mark.portable


@pytest.fixture
def template(sandbox, portal, sync):
    """A template of two versions, the second of an hour later; it asks somebody else then."""
    sandbox.add_user("Olga", "Petrova", id=31)
    number = sandbox.add_template(
        "Contract",
        structure=sequence(approval("Lawyers", "user_1"), approval("Board", "user_1")),
        constants={"Key": {"Name": "Key", "Type": "string", "Default": "abcdefgh-old"}},
    )
    first = sandbox.start_workflow(
        template_id=number, document_id=["crm", "CCrmDocumentDeal", "DEAL_1"]
    )
    sync()
    sandbox.advance(minutes=60)
    structure = sandbox.portal.structures[sandbox.portal.templates[number].structure_key][0]
    steps = structure["Children"]
    changed = {
        **structure,
        "Children": [
            {**steps[0], "Properties": {**steps[0]["Properties"], "Users": ["user_31"]}},
            {**approval("Chief", "user_31"), "Name": "A_chief"},
        ],
    }
    sandbox.change_template(
        number,
        structure=changed,
        user_id=31,
        constants={"Key": {"Name": "Key", "Type": "string", "Default": "abcdefgh-new"}},
    )
    sandbox.start_workflow(template_id=number, document_id=["crm", "CCrmDocumentDeal", "DEAL_2"])
    sync()
    assert Workflow.objects.filter(remote_id=first).exists()
    return WorkflowTemplate.objects.get(remote_id=number)


def url(template):
    return f"/templates/{template.pk}/versions/"


def test_what_changed_is_readable_and_says_by_whom(as_, auditor, template):
    answer = as_(auditor).get(url(template))
    page = answer.content.decode()
    assert [(c.title, str(c.look.text).strip("\u2063")) for c in answer.context["changes"]] == [
        ("Lawyers", "Changed"),
        ("Chief", "Added"),
        ("Board", "Removed"),
        ("Key", "Changed"),
    ]
    (asked, *_others) = answer.context["changes"]
    assert "Olga Petrova" in asked.now
    assert "Olga Petrova" not in asked.was
    assert "Olga Petrova" in page
    assert "abcdefgh" not in page


def test_workflows_are_counted_on_the_copy_they_began_with(as_, administrator, template):
    answer = as_(administrator).get(url(template))
    assert [line.running for line in answer.context["versions"].lines] == [1, 1]
    assert answer.context["versions"].untold == 0
    assert "1 workflow still runs on this copy" in answer.content.decode()


def test_what_began_between_two_looks_cannot_be_told(as_, administrator, template):
    latest, first = template.versions.latest_first()
    workflow = Workflow.objects.filter(template=template).order_by("started_at").first()
    between = first.last_seen_at + (latest.began_at - first.last_seen_at) / 2
    Workflow.objects.filter(pk=workflow.pk).update(started_at=between)
    answer = as_(administrator).get(url(template))
    assert [line.running for line in answer.context["versions"].lines] == [1, 0]
    assert answer.context["versions"].untold == 1
    assert "1 began before the first version that was seen" in answer.content.decode()
    Workflow.objects.filter(pk=workflow.pk).update(started_at=first.began_at - timedelta(days=1))
    assert as_(administrator).get(url(template)).context["versions"].untold == 1


def test_an_earlier_version_is_chosen_by_its_address(as_, administrator, template):
    _latest, first = template.versions.latest_first()
    answer = as_(administrator).get(url(template), {"version": first.pk})
    assert answer.context["changes"] is None
    assert "the first version that was seen" in answer.content.decode()
    assert as_(administrator).get(url(template), {"version": "x"}).status_code == 200


def test_the_page_of_the_template_leads_to_its_versions_for_who_may_see_them(
    as_, administrator, approver, template
):
    detail = f"/templates/{template.pk}/"
    assert url(template) in as_(administrator).get(detail).content.decode()
    for workflow in Workflow.objects.filter(template=template):
        workflow.started_by = approver.linked_people.get().person
        workflow.save()
    page = as_(approver).get(detail)
    assert page.status_code == 200
    assert url(template) not in page.content.decode()
