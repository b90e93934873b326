"""The portal's own pages for people: signing in, and why an application cannot be opened."""

from collections.abc import Iterable
from html import escape

from sandbox.state.records import User

_STYLE = """
body{margin:0;font:16px/1.5 system-ui,sans-serif;background:#eef2f4;color:#333}
main{max-width:26rem;margin:6vh auto;padding:2rem;background:#fff;border-radius:12px;
box-shadow:0 2px 14px rgb(0 0 0/12%)}
h1{margin:0 0 .25rem;font-size:1.35rem}
.note{margin:0 0 1.25rem;color:#6a737f;font-size:.9rem}
label{display:block;margin-top:1rem;font-weight:600}
input{box-sizing:border-box;width:100%;padding:.6rem .75rem;margin-top:.25rem;font:inherit;
border:1px solid #8a939e;border-radius:6px}
input:focus-visible,button:focus-visible,summary:focus-visible,a:focus-visible{
outline:3px solid #2067b0;outline-offset:2px}
button{width:100%;margin-top:1.5rem;padding:.7rem;font:inherit;font-weight:600;color:#fff;
background:#2067b0;border:0;border-radius:6px;cursor:pointer}
.error{padding:.6rem .75rem;background:#fde8e8;border-radius:6px;color:#8f1d1d}
details{margin-top:1.5rem;font-size:.9rem}
table{width:100%;border-collapse:collapse;margin-top:.5rem}
td,th{padding:.25rem .5rem .25rem 0;text-align:left;vertical-align:top;border-bottom:1px solid #eee}
code{background:#f2f5f7;padding:0 .25em;border-radius:3px}
"""


def sign_in(
    *,
    action: str,
    company: str,
    application: str,
    password: str,
    people: Iterable[User],
    typed: str = "",
    message: str = "",
) -> str:
    """Write the sign-in page; what was typed stays."""
    persons = list(people)
    error = f'<p class="error" role="alert">{escape(message)}</p>' if message else ""
    options = "".join(
        f'<option value="{escape(login(user))}">{escape(user.full_name)}, '
        f"{escape(user.position)}</option>"
        for user in persons
    )
    rows = "".join(
        f"<tr><td>{user.id}</td><td>{escape(user.full_name)}<br>"
        f"<small>{escape(user.position)}</small></td><td><code>{escape(login(user))}</code></td></tr>"
        for user in persons
    )
    wrong = ' aria-invalid="true"' if message else ""
    return _page(
        f"{company}: sign in",
        f"""<h1>{escape(company)}</h1>
<p class="note">Sign in to open “{escape(application)}”. This is an emulated Bitrix24 portal:
everybody's password is <code>{escape(password)}</code>.</p>
{error}
<form method="post" action="{escape(action)}">
<label for="login">E-mail, login or number</label>
<input id="login" name="USER_LOGIN" value="{escape(typed)}" list="people" autocomplete="username"
 required autofocus{wrong}>
<datalist id="people">{options}</datalist>
<label for="password">Password</label>
<input id="password" name="USER_PASSWORD" type="password" autocomplete="current-password" required>
<button>Sign in</button>
</form>
<details><summary>Who works here ({len(persons)})</summary>
<table><thead><tr><th>No.</th><th>Person</th><th>Login</th></tr></thead>
<tbody>{rows}</tbody></table></details>""",
    )


def trouble(*, company: str, title: str, text: str, link: str = "", label: str = "") -> str:
    """Write a page that says why nothing can be opened."""
    way_out = f'<p><a href="{escape(link)}">{escape(label)}</a></p>' if link else ""
    return _page(
        title,
        f'<h1>{escape(title)}</h1><p class="note">{escape(company)}, an emulated Bitrix24 portal'
        f"</p><p>{escape(text)}</p>{way_out}",
    )


def login(user: User) -> str:
    """Return the short login of a person: their e-mail before the @, else their number."""
    return (user.email or "").partition("@")[0] or str(user.id)


def _page(title: str, content: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'  # a browser asks for a file of its own otherwise
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main>{content}</main></body></html>\n"
    )
