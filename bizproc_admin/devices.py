"""What a browser says of itself, in words: enough to recognise one's own device."""

import re

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
