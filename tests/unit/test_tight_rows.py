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
    assert text.strip() == '<tr id="a" data-row><td><b>one</b> two <i>three</i></td></tr>'
