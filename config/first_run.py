"""Write the .env of a first local run, with generated secrets. Never touches an existing one."""

import base64
import os
import secrets
import sys
from pathlib import Path

TEMPLATE = """\
# Written on the first local run; the secrets were generated then. See .env.example for all.
SECRET_KEY={secret_key}
FIELD_KEYS={field_key}
DATABASE_URL=sqlite:///{database}
BROKER_URL=filesystem://localhost
VAR_DIR={var}
INSECURE_COOKIES=on
PORTAL_HOSTS_ALLOWED={portal_hosts}
"""


def write_env(
    path: Path, *, var: Path, portal_hosts: str = "127.0.0.1:8400", more: str = ""
) -> bool:
    """Write the file, readable by its owner alone; False when there is one already."""
    for folder in (var, var / "queue", var / "control", var / "cache"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        return False
    text = TEMPLATE.format(
        secret_key=secrets.token_urlsafe(50),
        field_key=base64.urlsafe_b64encode(os.urandom(32)).decode(),
        database=var / "bizproc_admin.sqlite3",
        var=var,
        portal_hosts=portal_hosts,
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + more)
    return True


if __name__ == "__main__":
    base = Path(__file__).resolve().parent.parent
    if write_env(base / ".env", var=base / "var"):
        sys.stdout.write("Wrote .env with generated secrets.\n")
