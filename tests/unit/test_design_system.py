"""Rules of the front end that a reviewer would otherwise have to remember."""

import re
from pathlib import Path

import pytest
from django.template import engines

ROOT = Path(__file__).resolve().parents[2]
STYLES = sorted((ROOT / "static/css").rglob("*.css"))
MODULES = sorted((ROOT / "static/js").glob("*.js"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
RAW_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab|lab|lch)\(")
INLINE = re.compile(r"\sstyle=|\son[a-z]+=|hx-on|<style|javascript:|<script(?![^>]*\ssrc=)")


def relative(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [p for p in STYLES if p.name != "tokens.css"], ids=relative)
def test_colours_are_written_in_the_tokens_alone(path):
    assert not RAW_COLOUR.findall(path.read_text())


@pytest.mark.parametrize("path", STYLES, ids=relative)
def test_every_style_sheet_is_linked_once_and_names_its_layer(path):
    address = relative(path).removeprefix("static/")
    assert (ROOT / "templates/base.html").read_text().count(f"'{address}'") == 1
    assert path.read_text().lstrip().startswith("/*")
    assert "@layer" in path.read_text()


def test_utilities_stay_few():
    utilities = (ROOT / "static/css/utilities.css").read_text()
    assert len(set(re.findall(r"^\s*(?:@media[^{]*\{\s*)?\.([a-z-]+)", utilities, re.M))) < 20


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_a_template_needs_no_exception_from_the_content_policy(path):
    assert not INLINE.findall(path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_a_template_says_first_who_renders_it(path):
    assert re.match(r"\{# .+ #\}\n", path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_a_template_compiles(path):
    engines["django"].get_template(str(path.relative_to(ROOT / "templates")))


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_short_and_writes_no_markup(path):
    text = path.read_text()
    assert len(text.splitlines()) < 100
    assert not re.search(r"innerHTML\s*=|insertAdjacentHTML|\beval\(|new Function", text)
