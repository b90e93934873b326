"""Whose turn it is, in words: a thin tag over wording."""

from django import template

from bizproc_admin.wording.turns import turn

register = template.Library()
register.simple_tag(turn)
