"""Icons: cheap references to one sprite, and no way to draw what the sprite lacks."""

import re

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.template.base import TextNode

from bizproc_admin.templatetags.icons import ICONS, symbols_of


def render(source, **context):
    return Template("{% load icons %}" + source).render(Context(context))


def test_an_icon_is_a_reference_hidden_from_screen_readers():
    assert render('{% icon "lock" %}') == (
        '<svg class="icon" aria-hidden="true"><use href="#i-lock"/></svg>'
    )


def test_a_literal_icon_costs_nothing_while_rendering():
    template = Template('{% load icons %}{% icon "lock" %}')
    assert isinstance(template.nodelist[-1], TextNode)


def test_an_icon_the_sprite_lacks_is_refused_when_the_template_is_compiled():
    with pytest.raises(TemplateSyntaxError, match="no icon 'lok'"):
        Template('{% load icons %}{% icon "lok" %}')


def test_an_icon_needs_exactly_one_name():
    with pytest.raises(TemplateSyntaxError, match="takes one name"):
        Template("{% load icons %}{% icon %}")


def test_a_name_known_only_while_rendering_is_looked_up():
    assert "#i-lock" in render("{% icon name %}", name="lock")


def test_an_unknown_name_while_rendering_shows_a_circle_and_no_markup_of_its_own():
    assert render("{% icon name %}", name='"><script>') == render('{% icon "circle" %}')


def symbols(text):
    return re.findall(r'<symbol id="i-([a-z0-9-]+)" viewBox="0 0 24 24">(.+?)</symbol>', text)


def test_the_sprite_holds_every_icon_once_with_its_shapes():
    found = symbols(symbols_of(ICONS))
    assert [name for name, _ in found] == sorted(ICONS)
    assert len(set(ICONS)) == len(ICONS)
    assert all(shapes.startswith("<") and "<svg" not in shapes for _, shapes in found)


def test_a_page_holds_the_shapes_of_what_it_shows_before_it_and_no_others():
    shown = render(
        '{% drawn %}{% icon "lock" %}{% icon name %}{% icon "lock" %}'
        "<b>{{ text }}</b>{% enddrawn %}",
        name="zap",
        text='<use href="#i-eye"',
    )
    assert [name for name, _ in symbols(shown)] == ["lock", "zap"]
    assert shown.index("</symbol></svg>") < shown.index("#i-lock")
    assert "<b>&lt;use" in shown
    whole = re.search(r'data-whole="/icons/([0-9a-f]{12})\.svg"', shown)
    assert whole
    with pytest.raises(TemplateSyntaxError, match="takes nothing"):
        Template("{% load icons %}{% drawn all %}{% enddrawn %}")
