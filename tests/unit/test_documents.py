"""Documents that a reader follows into the code, and the code into them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = [
    p
    for name in ("bizproc_admin", "sandbox", "config", "benchmarks", "scripts")
    for p in (ROOT / name).rglob("*.py")
]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
TITLES = re.findall(r"^## (.+)$", (ROOT / "docs/portal.md").read_text(), re.M)


def test_the_story_of_a_click_names_files_that_exist():
    story = (ROOT / "docs/one-click.md").read_text()
    files = set(re.findall(r"`((?:bizproc_admin|static|templates|tests)/[\w./-]+\.\w+)`", story))
    assert len(files) > 20
    assert sorted(name for name in files if not (ROOT / name).is_file()) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_of_a_document_leads_somewhere(document):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_code_cites_sections_that_exist_in_documents_that_exist():
    cited = 0
    for path in CODE:
        text = " ".join(path.read_text().split())
        assert not re.search(r"bitrix24-api|reliability\.md|design\.md", text), path
        for document in re.findall(r"docs/[\w/-]+\.md", text):
            assert (ROOT / document).is_file(), (path, document)
        for titles in re.findall(r"docs/portal\.md: ([A-Z][\w ,]+)", text):
            cited += 1
            assert all(title.strip() in TITLES for title in titles.split(",")), (path, titles)
    assert cited > 5


def test_contributing_names_every_package_and_root_module():
    layout = (
        (ROOT / "CONTRIBUTING.md").read_text().split("## Layout")[1].split("## Good and bad")[0]
    )
    package = ROOT / "bizproc_admin"
    names = {f"{p.name}/" for p in package.iterdir() if (p / "__init__.py").is_file()}
    names |= {p.name for p in package.glob("*.py") if p.name != "__init__.py"}
    assert sorted(name for name in names if f"\n  {name} " not in layout) == []
