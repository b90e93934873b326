"""The demo: a living portal, the web process and both workers, started and ended together.

Everything it keeps lies in one folder (var/demo): the portal's state, the database, .env, logs.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

BASE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BASE))

from config.first_run import write_env  # noqa: E402
from scripts.commands import Commands  # noqa: E402
from scripts.portal_sign_in import sign_in  # noqa: E402
from scripts.processes import Processes, workers  # noqa: E402

HOME = Path(os.environ.get("DEMO_HOME") or BASE / "var" / "demo")
BIN = Path(sys.executable).parent
ACCOUNTS = (
    ("admin", "Robin Berg", "portal administrator"),
    ("manager", "Maria Hoffmann", "manager"),
    ("auditor", "Arthur Bell", "auditor"),
)
# everybody's on the emulated portal
PORTAL_PASSWORD = "sandbox"  # noqa: S105  # printed for everybody to see
# who signs in through the portal: login there and what there is to see
PEOPLE = (
    ("olga.petrova", "an approver: tasks of every kind"),
    ("marina.lebedeva", "head of sales: a team's tasks"),
    ("anna.koroleva", "administers the portal"),
)


def main() -> int:
    if os.environ.get("RESET"):
        shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True, exist_ok=True)
    kept = read_kept()
    sandbox_port = kept.get("sandbox_port") or free_port(int(os.environ.get("SANDBOX_PORT", 8400)))
    if not is_free(sandbox_port):
        return say(
            f"Port {sandbox_port} is taken, and this demo's portal lives there. Is the demo "
            "running already? End what uses the port, or start afresh: make demo RESET=1"
        )
    kept["sandbox_port"] = sandbox_port
    kept.setdefault("passwords", {name: secrets.token_urlsafe(12) for name, *_ in ACCOUNTS})
    keep(kept)
    web_port = free_port(int(os.environ.get("PORT", 8000)))
    write_env(HOME / ".env", var=HOME, portal_hosts=f"127.0.0.1:{sandbox_port}")
    env = {
        "ENV_FILE": str(HOME / ".env"),
        "STATIC_ROOT": str(HOME / "static"),
        "PYTHONPATH": str(BASE),
        "PYTHONUNBUFFERED": "1",
        "REQUIRE_SECOND_FACTOR": "off",
        "PUBLIC_URL": f"http://127.0.0.1:{web_port}",
    }
    os.chdir(BASE)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stop in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, lambda *_: sys.exit(0))
    processes = Processes(env=env, logs=HOME / "logs")
    console = f"http://127.0.0.1:{web_port}"
    work = workers(str(BIN / "celery"))
    try:
        with Commands(env=env, log=HOME / "logs" / "commands.log") as manage:
            sandbox = start_sandbox(processes, sandbox_port, console=console)
            if sandbox is None:
                return say(f"The portal did not start; see {HOME / 'logs' / 'sandbox.log'}")
            manage("collectstatic", "--noinput", "--verbosity", "0")
            manage("migrate", "--verbosity", "0")
            # they get ready while the rest is prepared
            processes.start("web", web_command(web_port))
            make_accounts(kept, manage)
            for name, command in work.items():
                processes.start(name, command)
            connect(kept, manage, sandbox)
            if not answers(f"{console}/healthz"):
                return say(f"The web process did not start; see {HOME / 'logs' / 'web.log'}")
            connect_both(kept, manage, sandbox, console=console)
        welcome(web_port, sandbox, kept["passwords"])
        ended = processes.wait(restarts=list(work))
        return say(f"The process {ended!r} ended; see {HOME / 'logs' / ended}.log")
    except KeyboardInterrupt:
        print("\nEnding ...", flush=True)
        return 0
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        processes.stop()


def make_accounts(kept: dict[str, Any], manage: Commands) -> None:
    passwords = kept["passwords"]
    for username, name, role in ACCOUNTS:
        once(
            kept, f"account {username}", manage, "administrator", username, "--name", name,
            "--role", role, stdin=passwords[username],
        )  # fmt: skip


def connect(kept: dict[str, Any], manage: Commands, sandbox: dict[str, Any]) -> None:
    webhook = sandbox["webhook_url"]
    once(kept, "connect", manage, "connect", "-", "--name", "Northwind", stdin=webhook)
    oauth = sandbox["oauth"]
    once(
        kept, "application", manage, "application", oauth["client_id"], "--token-url",
        oauth["token_url"], "--everybody", stdin=oauth["client_secret"],
    )  # fmt: skip
    once(kept, "link people", manage, "link_demo_people", "--not", *[login for login, _ in PEOPLE])


def connect_both(
    kept: dict[str, Any], manage: Commands, sandbox: dict[str, Any], *, console: str
) -> None:
    """Let the portal's people sign in and the portal call, once the console answers."""
    if "first sign-in" not in kept["done"]:
        # the first administrator who signs in pins the portal's identity for all others
        sign_in(console, login="anna.koroleva", password=PORTAL_PASSWORD)
        kept["done"].append("first sign-in")
        keep(kept)
    if "calls" not in kept["done"]:
        # the portal's queue holds calls until it is said where the application is served
        registered = json.dumps(control(sandbox, "actions"))
        handler = manage("keep_demo_actions", stdin=registered).strip()
        manage("test_calls", "--wait", "120")
        control(sandbox, "serve_actions", address=handler)
        kept["done"].append("calls")
        keep(kept)


def start_sandbox(processes: Processes, port: int, *, console: str) -> dict[str, Any] | None:
    """Start the portal from its state file, or a new one; give what its first line says."""
    process = processes.start(
        "sandbox",
        [
            sys.executable, "-m", "sandbox", "--port", str(port),
            "--scenario", "demo", "--state", str(HOME / "portal.state"), "--control",
            "--password", PORTAL_PASSWORD,
            "--redirect-uri", f"{console}/sign-in/bitrix24/callback/",
        ],
        reads=True,
    )  # fmt: skip
    line = process.stdout.readline() if process.stdout else ""
    return json.loads(line) if line.startswith("{") else None


def read_kept() -> dict[str, Any]:
    """Read what earlier starts made: port, passwords, and the steps that are done."""
    if not (HOME / "demo.json").exists():
        return {"done": []}
    kept: dict[str, Any] = json.loads((HOME / "demo.json").read_text())
    accounts = [f"account {username}" for username, *_ in ACCOUNTS]
    kept.setdefault("done", [*accounts, "connect"])
    return kept


def keep(kept: dict[str, Any]) -> None:
    path = HOME / "demo.json"
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(kept, indent=2))
    fresh.replace(path)


def once(
    kept: dict[str, Any], step: str, manage: Commands, *arguments: str, stdin: str = ""
) -> None:
    """Do a step of the first start unless it is done; Ctrl-C waits until it is noted, too."""
    if step in kept["done"]:
        return
    waiting = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    signal.pthread_sigmask(signal.SIG_BLOCK, waiting)
    try:
        manage(*arguments, stdin=stdin)
        kept["done"].append(step)
        keep(kept)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, waiting)


def control(sandbox: dict[str, Any], operation: str, **arguments: Any) -> Any:
    """Have the portal's control plane do something; give what it answers."""
    request = urllib.request.Request(  # noqa: S310  # of this machine
        f"{sandbox['control_url']}{operation}",
        data=json.dumps(arguments).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.loads(answer.read())


def web_command(port: int) -> list[str]:
    return [
        str(BIN / "gunicorn"), "config.wsgi", "--bind", f"127.0.0.1:{port}",
        "--config", "config/gunicorn.py",
    ]  # fmt: skip


def answers(url: str) -> bool:
    """Wait until the address answers anything at all."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=5)  # noqa: S310
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.2)
        else:
            return True
    return False


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(wanted: int) -> int:
    """Give the wanted port or the next free one."""
    return next(port for port in range(wanted, wanted + 100) if is_free(port))


def welcome(port: int, sandbox: dict[str, Any], passwords: dict[str, str]) -> None:
    print(f"\n  bizproc-admin   http://127.0.0.1:{port}/")
    print(f"  demo portal     {sandbox['portal_url']}   (3,000 running workflows, living)\n")
    for username, _name, role in ACCOUNTS:
        print(f"  {username:<16} {passwords[username]:<20} {role}")
    print('\n  or through the portal, "Sign in with Bitrix24":')
    for login, what in PEOPLE:
        print(f"  {login:<16} {PORTAL_PASSWORD:<20} {what}")
    print(
        f"\n  Kept in {os.path.relpath(HOME)}. End with Ctrl-C; RESET=1 starts afresh.\n",
        flush=True,
    )


def say(text: str) -> int:
    print(text, file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        # before anything was started
        sys.exit(130)
