"""What goes over the wire: compressed but for secrets, one style sheet, every module at once."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.urls import reverse

from bizproc_admin.middleware import SHOWING_SECRETS

pytestmark = pytest.mark.portable
GZIP = {"Accept-Encoding": "gzip"}


def test_pages_are_compressed(as_, administrator, workflow):
    client = as_(administrator)
    plain = client.get(reverse("workflow_list"))
    packed = client.get(reverse("workflow_list"), headers=GZIP)
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert gzip.decompress(packed.content).startswith(plain.content[:200])
    assert len(packed.content) < len(plain.content) / 3
    # as long as the last time it never is
    lengths = {
        len(client.get(reverse("workflow_list"), headers=GZIP).content) for _time in range(8)
    }
    assert len(lengths) > 1


def test_a_page_that_shows_a_secret_is_not(as_, administrator, participant):
    client = as_(administrator)
    shown = client.post(reverse("account_reset", args=[participant.pk]), headers=GZIP)
    assert b"/accounts/entry/" in shown.content
    assert "Content-Encoding" not in shown
    for name in SHOWING_SECRETS - {"account_reset", "account_entry", "workflow_template_constants"}:
        assert "Content-Encoding" not in client.get(reverse(name), headers=GZIP)


def test_every_module_is_named_beforehand(as_, administrator, db):
    page = as_(administrator).get(reverse("overview")).content.decode()
    named = set(re.findall(r'rel="modulepreload" href="[^"]*/js/(\w+)\.js"', page))
    there = {path.stem for path in (settings.BASE_DIR / "static" / "js").glob("*.js")}
    assert named == there
    imports = {name: imported(name) for name in there}
    waiting, reached = ["app"], set()
    while waiting:
        name = waiting.pop()
        reached.add(name)
        waiting += imports[name] - reached
    # and app.js leads to each of them
    assert reached == named


def imported(name):
    text = Path(finders.find(f"js/{name}.js")).read_text()
    return set(re.findall(r'^(?:import|export) .*?"\./(\w+)\.js"', text, re.MULTILINE))


def test_style_sheet_and_script_are_one_file_each_where_files_are_collected(
    settings, tmp_path, as_, administrator, db
):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "bizproc_admin.static_files.HashedStaticFilesStorage"},
    }
    call_command("collectstatic", "--noinput", "--verbosity", "0")
    (sheet,) = tmp_path.glob("css/console.*.css")
    text = sheet.read_text()
    assert "@import" not in text
    parts = list(Path(settings.BASE_DIR, "static", "css").rglob("*.css"))
    for part in parts:
        if part.name != "console.css":
            assert part.read_text().strip()[-200:] in text, part
    (script,) = tmp_path.glob("js/app.*.js")
    text = script.read_text()
    assert not re.findall(r"^(?:import|export)\b", text, re.MULTILINE)
    for module in Path(settings.BASE_DIR, "static", "js").glob("*.js"):
        assert f"const ${module.stem} = " in text
    page = as_(administrator).get(reverse("overview")).content.decode()
    assert "modulepreload" not in page
    assert f"js/{script.name}" in page
    # what it asks for is there under a hashed name and compressed, and nothing else is made of them
    asked_for = set(re.findall(r'(?:src|href)="/static/([^"]+)"', page))
    assert {Path(name).parts[0] for name in asked_for} == {"css", "django_htmx", "icons", "js"}
    for name in asked_for:
        assert (tmp_path / f"{name}.br").exists(), name
    for folder in ("css", "django_htmx", "js"):
        assert len(list((tmp_path / folder).rglob("*.br"))) == 1, folder
