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


@pytest.mark.parametrize("path", [p for p in STYLES if p.name != "console.css"], ids=relative)
def test_every_style_sheet_is_a_part_of_the_look_once_and_names_its_layer(path):
    address = relative(path).removeprefix("static/css/")
    assert (ROOT / "static/css/console.css").read_text().count(f'"{address}"') == 1
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


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_a_line_of_a_template_can_be_read(path):
    long = [n for n, line in enumerate(path.read_text().splitlines(), 1) if len(line) > 160]
    assert not long, f"{relative(path)}: lines {long} pass 160 characters"


def written():
    """Everything that may name a class: templates, scripts, and what Python writes."""
    places = [*TEMPLATES, *MODULES, *(ROOT / "bizproc_admin").rglob("*.py")]
    return "\n".join(path.read_text() for path in places)


def test_every_class_of_the_style_sheets_is_used():
    text = written()
    words = {"htmx-request", *re.findall(r"[A-Za-z][\w-]*", text)}  # htmx marks what waits
    # a variant whose name is put together: "badge--{}", "notice--{{ tone }}"
    stems = set(re.findall(r"([a-z][\w-]*--)(?=\{)", text))
    named = {
        name
        for path in STYLES
        for name in re.findall(
            r"\.([a-z][\w-]*)", re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        )
    }
    assert sorted(n for n in named - words if not n.startswith(tuple(stems))) == []


def test_every_component_is_used():
    text = written()
    components = {
        relative(p).removeprefix("templates/") for p in TEMPLATES if p.parent.name == "components"
    }
    assert sorted(name for name in components if text.count(name) == 0) == []


def test_no_notice_is_written_by_hand():
    """It is the tag's to write, so that every notice looks and reads alike."""
    hands = [relative(p) for p in TEMPLATES if re.search(r'class="notice[" {]', p.read_text())]
    assert hands == ["templates/components/notice.html"]


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_a_message_is_no_piece_of_a_sentence(path):
    """Another language puts its words in another order: a value has its place in the message."""
    messages = re.findall(r'{% translate "([^"]*)"', path.read_text())
    assert [text for text in messages if re.match(r"[,.;:]|ago$", text) or text[-1:] == ","] == []
