"""Browsers: what one says of itself, in words, and who has signed in with it before."""

import re
import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

# In this order: most browsers also claim to be the ones they descend from.
BROWSERS = (
    ("YaBrowser", "Yandex"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
PHONES = ("iPhone", "Android")


def device_of(user_agent: str) -> str:
    """Name a device: "Firefox on Windows"."""
    browser = browser_of(user_agent)
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("An unknown device")


def browser_of(user_agent: str) -> str:
    for sign, name in BROWSERS:
        if re.search(rf"{sign}\w*/", user_agent):
            return name
    return ""


def is_phone(user_agent: str) -> bool:
    return any(sign in user_agent for sign in PHONES)


# wrong passwords tried elsewhere do not shut out who has signed in with a browser
KNOWN = "known-browser"
KNOWN_FOR = 180 * 24 * 3600
MOST_KNOWN = 5


def known_to(request: HttpRequest) -> dict[str, str]:
    """Return the accounts that have signed in with this browser: key -> its number for them."""
    try:
        value = signing.loads(request.COOKIES.get(KNOWN, ""), salt=KNOWN, max_age=KNOWN_FOR)
    except signing.BadSignature:
        return {}
    return {str(key): str(number) for key, number in value.items()} if value else {}


def remember(request: HttpRequest, response: HttpResponse, account_pk: int) -> None:
    """Let a browser be known as one that an account has signed in with."""
    numbers = known_to(request)
    number = numbers.pop(str(account_pk), "") or secrets.token_hex(8)
    others = dict([*numbers.items()][-(MOST_KNOWN - 1) :])
    response.set_cookie(
        KNOWN,
        signing.dumps({**others, str(account_pk): number}, salt=KNOWN),
        max_age=KNOWN_FOR,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
