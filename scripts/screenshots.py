"""Take the pictures of docs/using.md from a demo of its own.

Usage: screenshots.py [--all FOLDER]; --all takes every page at both widths, light and dark.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

BASE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BASE))

from scripts.demo import PORTAL_PASSWORD  # noqa: E402

IMAGES = BASE / "docs" / "images"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--force-device-scale-factor=1",
]  # fmt: skip
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def main() -> int:
    everything = Path(sys.argv[2]) if sys.argv[1:2] == ["--all"] else None
    with demo() as (address, passwords), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or None, args=FLAGS
        )
        if everything:
            take_all(browser, address, passwords, everything)
        else:
            take_for_docs(browser, address, passwords)
        browser.close()
    return 0


@contextmanager
def demo() -> Iterator[tuple[str, dict[str, str]]]:
    """Start a demo in a folder of its own and wait until its first copy is made."""
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [sys.executable, str(BASE / "scripts" / "demo.py")],
            env={**os.environ, "DEMO_HOME": home, "PORT": "8100", "SANDBOX_PORT": "8500"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            address = next(
                found.group(1)
                for line in process.stdout or ()
                if (found := re.search(r"bizproc-admin\s+(http\S+)", line))
            )
            kept = json.loads((Path(home) / "demo.json").read_text())
            time.sleep(25)
            yield address.rstrip("/"), kept["passwords"]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def signed_in(
    browser: Browser, address: str, who: str, passwords: dict[str, str], **look: Any
) -> Page:
    page = browser.new_context(locale="en-GB", **look).new_page()
    page.goto(f"{address}/sign-in/")
    page.get_by_label("Username").fill(who)
    page.get_by_label("Password", exact=True).fill(passwords[who])
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def through_the_portal(browser: Browser, address: str, who: str, **look: Any) -> Page:
    page = browser.new_context(locale="en-GB", **look).new_page()
    page.goto(f"{address}/sign-in/")
    page.get_by_role("button", name="Sign in with Bitrix24").click()
    page.locator("[name=USER_LOGIN]").fill(who)
    page.locator("[name=USER_PASSWORD]").fill(PORTAL_PASSWORD)
    page.locator("form button").click()
    page.wait_for_url(f"{address}/**")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def take_for_docs(browser: Browser, address: str, passwords: dict[str, str]) -> None:
    """Take the pictures the manual shows, in the order of its story."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    page = signed_in(browser, address, "admin", passwords, viewport=WIDE, color_scheme="light")
    shoot(page, f"{address}/", "overview")
    shoot(page, f"{address}/workflows/?sort=-idle", "workflows")
    shoot(page, f"{address}/workflows/?condition=locked", "workflows-locked")
    page.goto(f"{address}/workflows/?condition=waiting")
    page.locator("a[id^=workflow-link-]").first.click()
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / "workflow-beside.png")
    page.get_by_role("link", name="Open the page").click()
    expect(page.locator(".hero")).to_be_visible()
    page.wait_for_timeout(2500)
    page.screenshot(path=IMAGES / "workflow.png")
    page.locator("a[data-dialog][href$='/termination/']").first.click()
    page.get_by_label("Reason").fill("The contract was withdrawn by the customer.")
    page.screenshot(path=IMAGES / "termination.png")
    page.get_by_role("button", name=re.compile("^Terminate")).last.click()
    page.wait_for_timeout(3500)
    page.screenshot(path=IMAGES / "terminated.png")
    for name, image in (("Согласование договора", "template"), ("Продажа оборудования", "states")):
        page.goto(f"{address}/templates/")
        page.get_by_role("link", name=name).first.click()
        page.wait_for_timeout(600)
        page.screenshot(path=IMAGES / f"{image}.png")
    shoot(page, f"{address}/audit/", "audit")
    shoot(page, f"{address}/accounts/", "accounts")
    shoot(page, f"{address}/portals/1/", "portal")
    shoot(page, f"{address}/people/", "people")
    approver = through_the_portal(
        browser, address, "olga.petrova", viewport=WIDE, color_scheme="light"
    )
    shoot(approver, f"{address}/workflow-tasks/", "tasks")
    approver.get_by_role("link", name="Dienstreise genehmigen").first.click()
    approver.wait_for_timeout(2500)
    approver.screenshot(path=IMAGES / "task.png")
    shoot(approver, f"{address}/own-account/", "own-account")
    handy = through_the_portal(
        browser, address, "olga.petrova", viewport=PHONE, color_scheme="dark"
    )
    shoot(handy, f"{address}/workflow-tasks/", "tasks-phone")
    handy.get_by_role("link", name="Dienstreise genehmigen").first.click()
    handy.wait_for_timeout(2500)
    handy.screenshot(path=IMAGES / "task-phone.png")
    dark = signed_in(browser, address, "admin", passwords, viewport=WIDE, color_scheme="dark")
    shoot(dark, f"{address}/workflows/", "workflows-dark")
    phone = signed_in(browser, address, "admin", passwords, viewport=PHONE, color_scheme="light")
    shoot(phone, f"{address}/workflows/", "workflows-phone")
    shoot(phone, f"{address}/", "overview-phone")


def take_all(browser: Browser, address: str, passwords: dict[str, str], folder: Path) -> None:
    """Take every page in every look."""
    folder.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        for name, size in (("1440", WIDE), ("390", PHONE)):
            page = signed_in(browser, address, "admin", passwords, viewport=size,
                             color_scheme=scheme)  # fmt: skip
            page.goto(f"{address}/workflows/?condition=waiting")
            workflow = page.locator("a[id^=workflow-link-]").first.get_attribute("href")
            paths = {
                "overview": "/", "workflows": "/workflows/", "workflow": workflow,
                "termination": f"{workflow}termination/", "removal": f"{workflow}removal/",
                "none": "/workflows/?q=nothing-like-it", "audit": "/audit/",
                "tasks": "/workflow-tasks/", "tasks-none": "/workflow-tasks/?q=nothing-like-it",
                "accounts": "/accounts/", "account": "/accounts/creation/",
                "portals": "/portals/", "portal": "/portals/1/", "connect": "/portals/creation/",
                "choices": "/workflows/choices/waiting/", "404": "/nowhere/",
            }  # fmt: skip
            for label, path in paths.items():
                page.goto(f"{address}{path}")
                page.wait_for_timeout(400)
                page.screenshot(path=folder / f"{label}-{name}-{scheme}.png", full_page=True)


def shoot(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.wait_for_timeout(600)
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
