"""The shapes of icons: a page holds those it shows, all of them are fetched once."""

import re

import pytest
from django.urls import reverse

from bizproc_admin.templatetags.icons import ICONS, digest


def shapes(text):
    return set(re.findall(r'<symbol id="i-([a-z0-9-]+)"', text))


def shown(text):
    return set(re.findall(r'href="#i-([a-z0-9-]+)"', text))


@pytest.mark.parametrize("page", ["/workflows/", "/workflow-tasks/", "/", "/portals/"])
def test_a_page_holds_the_shapes_of_what_it_shows_and_no_others(as_, administrator, workflow, page):
    text = as_(administrator).get(page).content.decode()
    assert shapes(text) == shown(text)
    assert len(shapes(text)) < len(ICONS) / 2
    assert reverse("icons", args=[digest()]) in text


def test_a_part_of_a_page_holds_none(as_, administrator, workflow):
    part = as_(administrator).get("/workflows/", headers={"HX-Request": "true"}).content.decode()
    assert shown(part) and not shapes(part)


def test_all_shapes_are_kept_for_good_by_whoever_fetches_them(client, as_, administrator):
    for browser in (client, as_(administrator)):
        answer = browser.get(reverse("icons", args=[digest()]))
        assert shapes(answer.content.decode()) == set(ICONS)
        assert (answer["Content-Type"], answer["Cache-Control"]) == (
            "image/svg+xml",
            "public, max-age=31536000, immutable",
        )
    # an open page of an earlier version finds what it asks for, too, but does not keep it
    other = client.get(reverse("icons", args=["0123456789ab"]))
    assert shapes(other.content.decode()) == set(ICONS)
    assert other["Cache-Control"] == "no-store"
