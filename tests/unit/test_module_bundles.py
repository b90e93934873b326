"""Modules that are put into one file run as they would have run alone."""

import pytest

from bizproc_admin.module_bundles import NotBundledError, bundled

MODULES = {
    "app": 'import "./one.js";\nimport { name as it } from "./two.js";\n',
    "one": 'import { name } from "./two.js";\nconst text = "one";\nsay(text, name);\n',
    "two": 'const text = "two";\nexport const name = () => text;\nexport function other() {}\n',
}


def test_each_module_has_a_scope_of_its_own_and_comes_after_what_it_imports():
    text = bundled("one", MODULES.__getitem__)
    assert text == (
        'const $two = (() => {\nconst text = "two";\nconst name = () => text;\n'
        "function other() {}\nreturn { name, other };\n})();\n"
        "const $one = (() => {\nconst { name } = $two;\n"
        'const text = "one";\nsay(text, name);\n})();'
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('import { name as it } from "./two.js";\n', "import { name as it }"),
        ("export let count = 0;\n", "export let count"),
        ("export default 1;\n", "export default"),
        ('const one = await import("./one.js");\n', "import("),
        ('import { x } from "./app.js";\n', "imports itself"),
    ],
)
def test_what_is_not_read_stops_the_collecting(text, why):
    with pytest.raises(NotBundledError) as raised:
        bundled("app", (MODULES | {"app": text}).__getitem__)
    assert why in str(raised.value)
