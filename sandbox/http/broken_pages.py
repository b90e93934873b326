"""Pages that a portal, or what stands before it, sends where JSON was expected."""

from dataclasses import dataclass

_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Page:
    """A page with its status and content type."""

    status: int
    text: str
    kind: str = _HTML


_SIGN_IN = (
    "<!DOCTYPE html><html><head><title>Authorization</title></head>"
    '<body><form method="post"><input name="USER_LOGIN"></form></body></html>'
)
_BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n"
    "</body>\r\n</html>\r\n"
)
_STYLE = "\n".join(
    f".error-page__part--{number}{{margin:{number}px auto;background:url(data:image/png;base64,"
    f"{'iVBORw0KGgo' * 12})}}"
    for number in range(300)
)
# As long as the cloud's own: nearly all of it is style and pictures.
_UNAVAILABLE = (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    f"<title>503 Service Temporarily Unavailable</title>\n<style>\n{_STYLE}\n</style>\n</head>\n"
    '<body>\n<div class="error-page">\n<h1>The service is temporarily unavailable</h1>\n'
    "<p>We are already working on it &mdash; please try again in&nbsp;a&nbsp;few minutes.</p>\n"
    "</div>\n</body>\n</html>\n"
)
_CLOSED = (
    '<!DOCTYPE html>\n<html>\n<head>\n<meta charset="utf-8">\n<title>Site closed</title>\n</head>\n'
    "<body>\n<h1>The public part of this site is temporarily closed.</h1>\n"
    "<p>The site is under maintenance. Please come back later.</p>\n</body>\n</html>\n"
)
#: By the kind of fault that sends them.
PAGES = {
    "html_page": Page(200, _SIGN_IN),
    "bad_gateway": Page(502, _BAD_GATEWAY, "text/html"),
    "unavailable_page": Page(503, _UNAVAILABLE),
    "closed_page": Page(503, _CLOSED),
}
