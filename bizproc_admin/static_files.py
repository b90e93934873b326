"""Static files under names that carry their contents' hash; one style sheet and one script of ours.

What the style sheet and the script import is put into them: eighty files are as many requests
before a page is shown and answers to a hand. So no browser that keeps files for ever mixes the
modules of two versions either. What no page asks for by itself gets neither: compressing is most
of what collecting takes.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

from bizproc_admin.module_bundles import bundled

SHEET: Final = "css/console.css"
SCRIPT: Final = "js/app.js"
HTMX: Final = "django_htmx/htmx-2.min.js"
# folders of which pages ask for these files alone
ASKED_FOR: Final = {"css": SHEET, "js": SCRIPT, "django_htmx": HTMX}
IMPORT: Final = re.compile(r'@import "([^"]+)";')


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Files with hashed names and ready-made compressed copies, one style sheet, one script."""

    # a name without a hash is what no page asks for
    keep_only_hashed_files = True

    def post_process(
        self,
        paths: dict[str, Any],
        dry_run: bool = False,  # noqa: FBT001, FBT002  # as the base class has it
        **options: Any,
    ) -> Iterator[Any]:
        def text_of(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as found:
                return str(found.read().decode())

        def put(name: str, text: str) -> None:
            self.delete(name)
            self._save(name, ContentFile(text.encode()))
            paths[name] = (self, name)

        if SHEET in paths and not dry_run:
            put(SHEET, IMPORT.sub(lambda found: text_of(f"css/{found[1]}"), text_of(SHEET)))
            put(SCRIPT, bundled("app", lambda name: text_of(f"js/{name}.js")))
        asked_for = {name: path for name, path in paths.items() if is_asked_for(name)}
        yield from super().post_process(asked_for, dry_run, **options)


def is_asked_for(name: str) -> bool:
    return ASKED_FOR.get(name.partition("/")[0], name) == name
