"""Finding in templates: who or what is named where; the index holds references and titles only."""

from collections.abc import Sequence

from bizproc_admin.access.permissions import Capability
from bizproc_admin.lists.list_page import ListPage
from bizproc_admin.lists.mention_filters import MentionFilterForm
from bizproc_admin.lists.mention_lines import MentionLine, mention_lines
from bizproc_admin.lists.shown import Shown
from bizproc_admin.models import FeedName, TemplateMention


def lines_of(
    shown: Shown[MentionFilterForm, TemplateMention, MentionLine],
    mentions: Sequence[TemplateMention],
) -> list[MentionLine]:
    return mention_lines(mentions, portal=shown.request.portal)


MENTIONS = ListPage(
    noun="template_mention",
    capability=Capability.SEE_STRUCTURES,
    template="workflow_templates/search.html",
    feed=FeedName.WORKFLOW_TEMPLATES,
    filters=lambda request: MentionFilterForm(
        request.GET, portal=request.portal, viewer=request.user
    ),
    rows=lambda request: TemplateMention.objects.visible_to(request.user).current(),
    here=lambda request, mentions: mentions.filter(template__portal=request.portal),
    fetched=lambda filters: TemplateMention.objects.select_related("template"),
    lines=lines_of,
)
