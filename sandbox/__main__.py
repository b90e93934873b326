"""Run an emulated portal: python -m sandbox --port 8400 --scenario demo."""

import argparse
import json
import signal
import sys
import threading
from types import FrameType

from sandbox.language import LANGUAGES
from sandbox.operations.portal import STATUSES
from sandbox.sandbox import Sandbox
from sandbox.scenarios import NAMES
from sandbox.side_actors import SideActors
from sandbox.state.state_file import StateFileError


def main() -> int:
    """Serve until SIGTERM or SIGINT, then save and return the exit code."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    options = _options()
    try:
        sandbox = Sandbox(
            scenario=options.scenario,
            workflows=options.workflows,
            seed=options.seed,
            limits=options.limits,
            latency=options.latency,
            state=options.state,
            host=options.host,
            port=options.port,
            with_control=options.control,
            redirect_uri=options.redirect_uri,
            token_lifetime=options.token_lifetime,
            password=options.password,
            language=options.language,
            zone=options.zone,
            statuses=options.statuses,
            portal_url=options.portal_url,
            auth_url=options.auth_url,
            call_hosts=tuple(options.call_host),
        )
    except OSError as error:
        sys.stderr.write(
            f"The sandbox cannot listen on {options.host}:{options.port}: {error.strerror}. "
            "Choose another with --port, or 0 for any free one.\n"
        )
        return 2
    except (StateFileError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    actors = SideActors(sandbox.portal)
    with sandbox:
        sys.stdout.write(json.dumps(sandbox.announcement()) + "\n")
        sys.stdout.flush()
        actors.start()
        stopped.wait()
        actors.stop()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="Run an emulated Bitrix24 portal."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8400, help="port to listen on; 0 = any free")
    parser.add_argument("--scenario", choices=NAMES, default="empty", help="what it starts with")
    parser.add_argument("--workflows", type=int, help="how many workflows demo or huge have")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same portal")
    parser.add_argument("--limits", choices=("real", "off"), default="off", help="the rate limits")
    parser.add_argument("--latency", type=float, default=0, help="milliseconds added per answer")
    parser.add_argument("--state", help="file it saves itself into and starts from")
    parser.add_argument("--redirect-uri", help="where the application takes people back to")
    parser.add_argument("--token-lifetime", type=float, help="seconds an access token lives; 3600")
    parser.add_argument("--password", help="everybody's, told on the sign-in page; sandbox")
    parser.add_argument("--language", choices=LANGUAGES, help="the portal's language; en")
    parser.add_argument("--zone", help="IANA name of the portal's time zone; UTC+03:00")
    parser.add_argument("--statuses", choices=STATUSES, default="usual", help="those of errors")
    parser.add_argument("--portal-url", help="the portal's public address, as clients are told it")
    parser.add_argument("--auth-url", help="the authorisation server's, another host than its")
    parser.add_argument(
        "--call-host", action="append", default=[], help="a host beyond this machine to call"
    )
    parser.add_argument("--control", action="store_true", help="open the control plane")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
