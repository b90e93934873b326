"""Static files under names that carry their contents' hash, imported modules included.

Django leaves the imports of JavaScript modules alone unless told: a browser that keeps files for
ever would then mix the modules of two versions. What the style sheet imports is put into it: forty
files are as many round trips before anything is shown.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from django.contrib.staticfiles.storage import HashedFilesMixin
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

SHEET: Final = "css/console.css"
IMPORT: Final = re.compile(r'@import "([^"]+)";')


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Files with hashed names and ready-made compressed copies, and one style sheet."""

    support_js_module_import_aggregation = True
    # Only our own modules: what packages bring names modules that are not theirs to serve.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        HashedFilesMixin._js_module_import_aggregation_patterns[1],  # type: ignore[attr-defined]  # not in the stubs
    )

    def post_process(
        self,
        paths: dict[str, Any],
        dry_run: bool = False,  # noqa: FBT001, FBT002  # as the base class has it
        **options: Any,
    ) -> Iterator[Any]:
        if SHEET in paths and not dry_run:
            storage, path = paths[SHEET]
            with storage.open(path) as sheet:
                whole = IMPORT.sub(lambda found: self.sheet(paths, found[1]), sheet.read().decode())
            self.delete(SHEET)
            self._save(SHEET, ContentFile(whole.encode()))
            paths[SHEET] = (self, SHEET)
        yield from super().post_process(paths, dry_run, **options)

    def sheet(self, paths: dict[str, Any], name: str) -> str:
        """Return a sheet that stands beside the one that imports it; it names no other files."""
        storage, path = paths[f"css/{name}"]
        with storage.open(path) as found:
            return str(found.read().decode())
