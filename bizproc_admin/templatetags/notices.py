"""Something to know, where it matters: a notice with its body and what can be done about it."""

from django import template
from django.template import Context, Node, NodeList
from django.template.base import FilterExpression, Parser, Token, token_kwargs
from django.utils.safestring import SafeString

register = template.Library()

OPTIONS = ("tone", "icon", "title", "role", "id", "extra", "attributes")


class NoticeNode(Node):
    """The component with its options, its body and its actions worked out."""

    child_nodelists = ("body", "actions")

    def __init__(
        self, options: dict[str, FilterExpression], body: NodeList, actions: NodeList
    ) -> None:
        self.options, self.body, self.actions = options, body, actions

    def render(self, context: Context) -> SafeString:
        """Return the notice; without an action that shows it has no place for them."""
        assert context.template is not None  # noqa: S101 - it is being rendered
        values = {name: value.resolve(context) for name, value in self.options.items()}
        values["body"] = self.body.render(context)
        values["actions"] = self.actions.render(context)
        component = context.template.engine.get_template("components/notice.html")
        return component.render(context.new(values))


@register.tag
def notice(parser: Parser, token: Token) -> Node:
    """Show a notice: `{% notice tone="warn" title=_("…") %}…{% actions %}…{% endnotice %}`.

    tone is ok, warn, danger, unknown, calm or none; icon the sprite's, "info" unless told; title
    stands before the body. role, id, an extra class and other attributes go to the notice itself.
    What follows `{% actions %}` is what can be done about it; it may be left out.
    """
    name, *bits = token.split_contents()
    options = token_kwargs(bits, parser)
    if bits or not set(options) <= set(OPTIONS):
        raise template.TemplateSyntaxError(f"{name} takes {', '.join(OPTIONS)}")
    body, actions = parser.parse(("actions", "endnotice")), NodeList()
    if parser.next_token().contents == "actions":
        actions = parser.parse(("endnotice",))
        parser.delete_first_token()
    return NoticeNode(options, body, actions)
