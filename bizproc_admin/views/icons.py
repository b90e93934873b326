"""The shapes of all icons, for pages that are open: each page itself holds those it shows."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from bizproc_admin.templatetags.icons import ICONS, digest, symbols_of

FOR_GOOD = "public, max-age=31536000, immutable"


@require_safe
@login_not_required
def icons(request: HttpRequest, version: str) -> HttpResponse:
    """Answer with all shapes, to be kept for good; a page of another version gets these, too."""
    sprite = f'<svg xmlns="http://www.w3.org/2000/svg">{symbols_of(ICONS)}</svg>'
    response = HttpResponse(sprite, content_type="image/svg+xml")
    response["Cache-Control"] = FOR_GOOD if version == digest() else "no-store"
    return response
