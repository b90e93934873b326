"""Sign in to a console through its portal, as a person with a browser does."""

import re
from urllib.parse import urljoin

import requests

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
DOOR = re.compile(r'action="(/sign-in/bitrix24/\d+/)"')


def sign_in(console: str, *, login: str, password: str) -> None:
    """Go from the console's sign-in page to the portal and back; RuntimeError says what stopped."""
    with requests.Session() as browser:
        page = browser.get(urljoin(console, "/sign-in/"), timeout=20)
        token, door = TOKEN.search(page.text), DOOR.search(page.text)
        if token is None or door is None:
            raise RuntimeError("the sign-in page has no door to the portal")
        form = browser.post(
            urljoin(console, door[1]), data={"csrfmiddlewaretoken": token[1]}, timeout=20
        )
        back = browser.post(
            form.url, data={"USER_LOGIN": login, "USER_PASSWORD": password}, timeout=20
        )
        if not back.ok or not back.url.startswith(console):
            raise RuntimeError(f"the portal did not send {login} back: {back.status_code}")
