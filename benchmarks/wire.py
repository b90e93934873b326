"""What a list of workflows weighs, asks for, and how soon a cold browser paints it.

Served as in production over a copy of a living portal. First paint is told against the same rows
without style sheets and scripts, in turns, with 40 ms to the server; what Chromium needs for any
page is in both.
"""

import gzip
import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from django.conf import settings
from playwright.sync_api import Page, sync_playwright

from benchmarks.measuring import Line
from benchmarks.polls import ROOT, database_url, session_of, web_process
from benchmarks.portals import administrator, connected, running_sandbox
from bizproc_admin import syncing
from bizproc_admin.models import Feed, FeedName

WORKFLOWS, TIMES, LATENCY = 3_000, 9, 40
# rows of a page: the most KB of the rows as they are, and of the page as it is sent
MOST = {50: (110, 18), 250: (550, 65)}
MOST_REQUESTS = 25
ROWS = re.compile(rb"<tbody id=\"workflow-rows\".*?</tbody>", re.DOTALL)
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def measured() -> list[Line]:
    with running_sandbox(scenario="demo", workflows=WORKFLOWS, limits="off") as sandbox:
        portal = connected(sandbox.webhook_url)
        session = session_of(administrator())
        for name in (FeedName.PEOPLE, FeedName.WORKFLOW_TEMPLATES, *FeedName):
            syncing.sync(Feed.objects.get(portal=portal, name=name).pk, worker="benchmark")
        env = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database_url(),
            "ALLOWED_HOSTS": "127.0.0.1",
        }
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
            cwd=ROOT,
            env=os.environ | env,
            check=True,
        )
        with web_process(env=env) as port:
            url = f"http://127.0.0.1:{port}/workflows/"
            return [*weights(url, session), *paints(url, session)]


def weights(url: str, session: str) -> Iterator[Line]:
    for size, (rows, page) in MOST.items():
        answer = requests.get(
            url,
            params={"size": size},
            cookies={settings.SESSION_COOKIE_NAME: session},
            stream=True,
            timeout=60,
        )
        sent = answer.raw.read(decode_content=False)
        found = ROWS.search(gzip.decompress(sent))
        heavy = len(found[0]) / 1024 if found else float("inf")
        yield Line(
            what=f"{size} rows, as they are",
            figure=f"{heavy:.1f} KB",
            target=f"<= {rows} KB",
            is_met=heavy <= rows,
        )
        yield Line(
            what=f"the page of {size} rows, as it is sent",
            figure=f"{len(sent) / 1024:.1f} KB",
            target=f"<= {page} KB",
            is_met=len(sent) / 1024 <= page,
        )


def paints(url: str, session: str) -> Iterator[Line]:
    """Give first paint of the list with all it asks for, and without, and how much it asks for."""
    asked: list[str] = []
    taken: dict[bool, list[float]] = {True: [], False: []}
    for _turn in range(TIMES):
        for is_whole, times in taken.items():
            with cold(url, session) as page:
                if is_whole:
                    asked.clear()
                    page.on("request", lambda request: asked.append(request.url))
                else:
                    page.route("**/static/**", lambda route: route.abort())
                page.goto(url, wait_until="load")
                page.wait_for_function(f"() => {PAINTED}")
                times.append(page.evaluate(PAINTED))
    whole, bare = (statistics.median(times) for times in taken.values())
    yield Line(
        what="requests of a cold browser",
        figure=str(len(asked)),
        target=f"<= {MOST_REQUESTS}",
        is_met=len(asked) <= MOST_REQUESTS,
    )
    yield Line(
        what=f"first paint at {LATENCY} ms to the server, whole / without styles and scripts",
        figure=f"{whole:.0f} / {bare:.0f} ms = {whole / bare:.2f}",
    )


@contextmanager
def cold(url: str, session: str) -> Iterator[Page]:
    """Open a browser that has nothing yet, with its way to the server as long as LATENCY."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox"],
        )
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
        page = context.new_page()
        network: Callable[..., Any] = context.new_cdp_session(page).send
        network("Network.enable")
        network(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": LATENCY,
                "downloadThroughput": -1,
                "uploadThroughput": -1,
            },
        )
        try:
            yield page
        finally:
            browser.close()
