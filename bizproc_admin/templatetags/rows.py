"""Rows of lists, light on the wire."""

import re
from typing import Any, cast

from django import template
from django.template.base import Node, NodeList, Parser, TextNode, Token
from django.template.context import Context
from django.utils.safestring import SafeString

register = template.Library()

LAYOUT = re.compile(r"\s+")
BETWEEN_TAGS = re.compile(r"> +<")
SPACES = re.compile(r"  +")


class TightNode(Node):
    child_nodelists = ("nodelist",)

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        text = BETWEEN_TAGS.sub("><", self.nodelist.render(context))
        return SafeString(SPACES.sub(" ", text).strip(" "))


@register.simple_tag
def read_as(shown: Any, line: Any) -> SafeString:
    """Write what a row reads, for the open page to tell, and that it comes alone where it does."""
    alone = ' hx-swap-oob="true"' if shown.is_polled and not shown.is_whole else ""
    return SafeString(f'data-reads="{shown.reads(line)}"{alone}')


@register.tag
def tight(parser: Parser, token: Token) -> TightNode:
    """Write what stands inside without the spaces a template is laid out with.

    None is left between two tags, one of several elsewhere: nothing inside may need more. It goes
    around the row itself, where its partial is defined.
    """
    nodelist = parser.parse(("endtight",))
    parser.delete_first_token()
    # once for all: little is left to do each time
    for text in cast("list[TextNode]", nodelist.get_nodes_by_type(TextNode)):
        text.s = BETWEEN_TAGS.sub("><", LAYOUT.sub(" ", text.s))
    return TightNode(nodelist)
