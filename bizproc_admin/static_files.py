"""Static files under names that carry their contents' hash, imported modules included.

Django leaves the imports of JavaScript modules alone unless told: a browser that keeps files for
ever would then mix the modules of two versions.
"""

from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Files with hashed names and ready-made compressed copies."""

    support_js_module_import_aggregation = True
    # Only our own modules: what packages bring names modules that are not theirs to serve.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        HashedFilesMixin._js_module_import_aggregation_patterns[1],  # type: ignore[attr-defined]  # not in the stubs
    )
