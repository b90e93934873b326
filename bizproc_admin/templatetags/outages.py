"""Outages and waiting in words: thin tags over wording."""

from django import template

from bizproc_admin.wording.outages import outage

register = template.Library()
register.simple_tag(outage)
