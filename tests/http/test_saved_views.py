"""Saved views: a list's filters, order and columns under a name, private or shared; one is home."""

import re
from uuid import uuid4

import pytest
from django.urls import reverse

from bizproc_admin.actions.workflows import TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.commands import issue
from bizproc_admin.lists.shown import Shown
from bizproc_admin.models import AuditEntry, Portal, Role, SavedView, Workflow
from bizproc_admin.views.saved_views import LISTS
from tests.http.test_signing_in import sign_in

pytestmark = pytest.mark.portable
LIST = "/workflows/"
CREATION = "/views/workflow/creation/"


def menu(client, query="", noun="workflow"):
    return client.get(f"/views/{noun}/{query}", HTTP_HX_REQUEST="true").content.decode()


def named(page):
    """Give what a page says of the view it comes from."""
    summary = page.split('-views">')[1].split("<summary")[1].split("</summary>")[0]
    return " ".join(re.sub("<[^>]*>", " ", f"<{summary}").split())


def view_of(account, portal, name="Idle", **given):
    return SavedView.objects.create(
        **{"account": account, "portal": portal, "noun": "workflow", "name": name, **given}
    )


def test_what_is_shown_is_saved_under_a_name_and_named_when_it_is_opened(
    as_, administrator, portal, workflow
):
    client = as_(administrator)
    query = "?page=2&sort=-idle&condition=locked&hide=started&upto=7"
    dialog = client.get(CREATION + query, HTTP_HX_REQUEST="true").content.decode()
    assert "Save as a new view" in dialog
    answer = client.post(CREATION + query, {"name": " Locked now "}, HTTP_HX_REQUEST="true")
    view = SavedView.objects.get()
    assert (view.name, view.account, view.portal) == ("Locked now", administrator, portal)
    # where one was in the list is no part of it
    assert view.query == "condition=locked&hide=started&sort=-idle"
    where = f"{LIST}?{view.query}&view={view.pk}"
    assert (answer.status_code, answer["HX-Redirect"]) == (204, where)
    assert named(client.get(LIST).content.decode()) == "Views"
    assert named(client.get(where).content.decode()) == "View: Locked now"
    changed = client.get(where.replace("locked", "overdue"), HTTP_HX_REQUEST="true")
    assert named(changed.content.decode()) == "View: Locked now changed"


def test_a_view_is_saved_anew_renamed_and_deleted_by_its_owner_alone(
    as_, administrator, auditor, portal, workflow
):
    view = view_of(administrator, portal, query="condition=locked", shared_role=Role.AUDITOR)
    client, other = as_(administrator), as_(auditor)
    for name in ("detail", "filters", "home", "deletion"):
        address = reverse(f"saved_view_{name}", args=[view.pk])
        assert other.post(address, {"name": "Mine"}).status_code == 404
    client.post(f"/views/{view.pk}/filters/?condition=overdue&view={view.pk}")
    client.post(f"/views/{view.pk}/change/", {"name": "Late", "shared_role": Role.MANAGER})
    view.refresh_from_db()
    assert (view.query, view.name, view.shared_role) == ("condition=overdue", "Late", Role.MANAGER)
    answer = client.post(f"/views/{view.pk}/deletion/")
    assert answer.url == f"{LIST}?condition=overdue"
    assert not SavedView.objects.exists()


def test_a_name_is_asked_for_and_is_its_owners_once_a_list(as_, administrator, auditor, portal):
    view_of(administrator, portal, "Late")
    view_of(auditor, portal, "Theirs")
    client = as_(administrator)
    for name, said in (("", "This field is required"), ("late", "a view of this name")):
        answer = client.post(CREATION, {"name": name}, HTTP_HX_REQUEST="true")
        assert (answer.status_code, answer["HX-Retarget"]) == (422, "#dialog-content")
        page = answer.content.decode()
        assert said in page
        assert f'value="{name}"' in page or not name
    assert client.post(CREATION, {"name": "Theirs"}).status_code == 302
    assert client.post(CREATION.replace("workflow", "workflow_task"), {"name": "Late"}).url
    assert SavedView.objects.of(administrator).count() == 3


def test_one_shares_with_ones_own_role_and_an_administrator_with_any(
    as_, administrator, manager, portal
):
    given = {"name": "For auditors", "shared_role": Role.AUDITOR}
    assert as_(manager).post(CREATION, given).status_code == 422
    assert as_(administrator).post(CREATION, given).status_code == 302


def test_the_menu_holds_ones_own_and_what_is_shared_with_ones_role_with_counts(
    as_, administrator, auditor, portal, workflow
):
    view_of(administrator, portal, "Everything", shared_role=Role.AUDITOR)
    view_of(administrator, portal, "Hers alone")
    view_of(administrator, portal, "For managers", shared_role=Role.MANAGER)
    view_of(auditor, portal, "My tasks", noun="workflow_task")
    other = Portal.objects.create(name="Southwind", address="https://south.example")
    view_of(auditor, other, "Elsewhere")
    mine = view_of(auditor, portal, "Nothing", query="q=nosuchword")
    page = menu(as_(auditor), f"?view={mine.pk}&q=nosuchword")
    running = Workflow.objects.running().count()
    names = ("Nothing", "Everything", "Hers alone", "For managers", "My tasks", "Elsewhere")
    assert [name in page for name in names] == [True, True, False, False, False, False]
    counts = page.split('views__count num">')[1:]
    assert [one.split("<")[0] for one in counts] == ["0", str(running)]
    assert page.count('aria-current="true"') == 1


def test_a_shared_view_widens_nobodys_rights(as_, administrator, nobody, participant, portal):
    view = view_of(
        administrator, portal, noun="audit_entry", shared_role=Role.PARTICIPANT, query="q=a"
    )
    assert as_(participant).get(f"/audit/?q=a&view={view.pk}").status_code == 403
    assert as_(participant).get("/views/audit_entry/").status_code == 404
    assert as_(nobody).get("/views/workflow/").status_code == 403


def test_a_view_whose_value_is_gone_shows_no_row_and_says_so(as_, administrator, portal, workflow):
    view = view_of(administrator, portal, query="template=999999")
    page = as_(administrator).get(f"{LIST}?template=999999&view={view.pk}").content.decode()
    assert "is not known here, so no row is shown" in page
    assert named(page) == "View: Idle"


@pytest.mark.parametrize(
    ("noun", "always"),
    [
        ("workflow", 2),
        ("workflow_task", 2),
        ("person", 1),
        ("workflow_template", 1),
        ("audit_entry", 1),
        ("command", 1),
    ],
)
def test_a_hidden_column_is_hidden_in_heads_and_rows_and_never_the_first(
    as_, administrator, portal, workflow, noun, always
):
    issue(
        TerminateWorkflow(workflow=workflow, reason="no"), by=By(account=administrator), key=uuid4()
    )
    kind = LISTS[noun]
    client = as_(administrator)
    where = reverse(f"{noun}_list")
    page = client.get(where, {"whose": "everybody"}).content.decode()
    assert "data-hides" not in page
    # the places that are hidden are those of the heads
    heads = page.split("<thead>")[1].split("</thead>")[0].count("<th ")
    assert heads == len(kind.columns) + always
    last = list(kind.columns)[-1]
    shown = [key for key in kind.columns if key != last]
    answer = client.post(f"/views/{noun}/columns/?whose=everybody", {"shown": shown})
    assert f"hide={last}" in answer.url
    page = client.get(answer.url).content.decode()
    assert f'data-hides="{len(kind.columns) + 1}"' in page
    assert (
        "data-hides"
        not in client.get(f"{where}?hide=first.nonsense&whose=everybody").content.decode()
    )
    assert client.post(f"/views/{noun}/columns/", {"shown": ["nonsense"]}).status_code == 422


def test_an_open_page_costs_no_query_for_views_until_one_is_asked_for(
    as_, administrator, portal, workflow, django_assert_num_queries, rf
):
    request = rf.get(LIST)
    request.user, request.portal = administrator, portal
    shown = Shown(LISTS["workflow"], request)
    with django_assert_num_queries(0):
        assert (shown.views.current, shown.views.is_changed) == (None, False)


def test_whoever_signs_in_lands_at_home_with_its_portal_chosen(
    client, as_, administrator, participant, portal
):
    assert sign_in(client).url == reverse("home")
    assert client.get("/home/").url == reverse("overview")
    assert as_(participant).get("/home/").url == reverse("workflow_task_list")
    other = Portal.objects.create(name="Southwind", address="https://south.example")
    before = view_of(administrator, portal, "Before", is_home=True)
    view = view_of(administrator, portal, "Now", query="condition=locked")
    client.post(f"/views/{view.pk}/home/")
    before.refresh_from_db()
    assert not before.is_home
    session = client.session
    session["portal"] = other.pk
    session.save()
    answer = client.get("/home/")
    assert answer.url == f"{LIST}?condition=locked&view={view.pk}"
    assert named(client.get(answer.url).content.decode()) == "View: Now"
    # where it is set, it is taken back
    client.post(f"/views/{view.pk}/home/")
    assert client.get("/home/").url == reverse("overview")


def test_a_home_that_may_not_be_seen_any_more_leads_to_the_overview(as_, manager, portal):
    view_of(manager, portal, noun="audit_entry", is_home=True)
    assert as_(manager).get("/home/").url == reverse("overview")


def told(view_key):
    """Give what the history tells of a view: the act, and what others saw before and see since."""
    entries = AuditEntry.objects.filter(target_kind="saved_view", target_id=str(view_key))
    return [(e.action, e.detail.before, e.detail.after) for e in entries.order_by("pk")]


def test_what_becomes_of_a_shared_view_is_in_the_history(as_, auditor, administrator, portal):
    client = as_(administrator)
    client.post(f"{CREATION}?condition=locked", {"name": "Held"})
    view = SavedView.objects.get()
    client.post(f"/views/{view.pk}/filters/?condition=overdue")
    assert told(view.pk) == [], "nobody else's business"
    client.post(f"/views/{view.pk}/change/", {"name": "Held", "shared_role": Role.MANAGER})
    seen = {"name": "Held", "list": "workflow", "query": "condition=overdue", "role": Role.MANAGER}
    client.post(f"/views/{view.pk}/filters/?condition=overdue")
    client.post(f"/views/{view.pk}/filters/?condition=waiting")
    after = seen | {"query": "condition=waiting"}
    key = view.pk
    client.post(f"/views/{view.pk}/deletion/")
    assert told(key) == [
        ("saved_view.shared", None, seen),
        ("saved_view.changed", seen, after),
        ("saved_view.withdrawn", after, None),
    ]
    entry = AuditEntry.objects.filter(action="saved_view.changed").get()
    assert entry.actor == administrator
    page = as_(auditor).get(reverse("audit_entry_detail", args=[entry.pk])).content.decode()
    assert "Changed a shared view: Held" in page
    assert "condition=waiting" in page
    assert "What others saw before" in page and "What others see since" in page
    assert "What a reading showed" not in page, "nothing was read of the portal"
    listed = as_(auditor).get(reverse("audit_entry_list"), {"action": "saved_view.withdrawn"})
    assert "Shared a view no more: Held" in listed.content.decode()


def test_an_administrator_takes_a_view_out_of_others_menus(
    as_, administrator, manager, portal, workflow
):
    view = view_of(manager, portal, "Wrong", query="condition=locked", shared_role=Role.MANAGER)
    client = as_(administrator)
    assert "Shared with other roles" in menu(client)
    assert "no more" not in menu(client)
    opened = menu(client, f"?condition=locked&view={view.pk}")
    assert f"/views/{view.pk}/withdrawal/" in opened
    assert f"/views/{view.pk}/change/" not in opened, "it is not theirs"
    answer = client.post(f"/views/{view.pk}/withdrawal/", follow=True)
    assert f"{manager.display_name} keeps it" in answer.content.decode()
    view.refresh_from_db()
    assert view.shared_role == ""
    assert [action for action, *_ in told(view.pk)] == ["saved_view.withdrawn"]
    assert "Wrong" not in menu(client)
    assert "Wrong" in menu(as_(manager))
    assert client.post(f"/views/{view.pk}/withdrawal/").status_code == 404
