"""What a browser fetches before anything is shown."""

from functools import cache
from pathlib import Path

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from bizproc_admin.static_files import IMPORT, SHEET, HashedStaticFilesStorage

register = template.Library()


@register.simple_tag
def style_sheets() -> SafeString:
    """Name the one style sheet, or where files are not collected each that it is made of."""
    return format_html_join(
        "\n  ", '<link rel="stylesheet" href="{}">', ((static(one),) for one in sheets())
    )


def sheets() -> list[str]:
    if isinstance(staticfiles_storage, HashedStaticFilesStorage):
        return [SHEET]
    whole = (Path(settings.BASE_DIR) / "static" / SHEET).read_text()
    return [f"css/{name}" for name in IMPORT.findall(whole)]


@register.simple_tag
def module_preloads() -> SafeString:
    """Name every module, so that all are fetched at once; none where files are collected as one."""
    if isinstance(staticfiles_storage, HashedStaticFilesStorage):
        return SafeString("")
    return format_html_join(
        "\n  ", '<link rel="modulepreload" href="{}">', ((static(one),) for one in modules())
    )


@cache
def modules() -> list[str]:
    folder = Path(settings.BASE_DIR) / "static" / "js"
    return [f"js/{path.name}" for path in sorted(folder.glob("*.js"))]
