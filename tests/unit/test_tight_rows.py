"""Rows carry no more spaces than they need."""

from django.template import engines


def test_what_a_template_is_laid_out_with_is_left_out_and_no_word_runs_into_another():
    source = """{% load rows %}{% tight %}
      <tr id="a"
          data-row>
        <td><b>one</b>
          two
          <i>three</i></td>
      </tr>
    {% endtight %}"""
    text = engines["django"].from_string(source).render()
    assert text == '<tr id="a" data-row><td><b>one</b> two <i>three</i></td></tr>'


def test_what_is_left_between_tags_by_what_is_not_shown_goes_too():
    source = """{% load rows %}{% tight %}
      <b>{{ x }}</b>
      {% if no %}<i>no</i>{% endif %}
      <u>2  x</u>
    {% endtight %}"""
    text = engines["django"].from_string(source).render({"x": "1 and  1"})
    assert text == "<b>1 and 1</b><u>2 x</u>"
