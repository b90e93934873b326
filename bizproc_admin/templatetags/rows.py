"""Rows of lists, light on the wire."""

import re

from django import template
from django.template.base import Node, NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString

register = template.Library()

BETWEEN_TAGS = re.compile(r">\s+<")
SPACES = re.compile(r"\s{2,}")


class TightNode(Node):
    child_nodelists = ("nodelist",)

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        text = BETWEEN_TAGS.sub("><", self.nodelist.render(context))
        return SafeString(SPACES.sub(" ", text))


@register.tag
def tight(parser: Parser, token: Token) -> TightNode:
    """Write what stands inside without the spaces a template is laid out with.

    None is left between two tags, one of several elsewhere: nothing inside may need more.
    """
    nodelist = parser.parse(("endtight",))
    parser.delete_first_token()
    return TightNode(nodelist)
