"""How the web process is served: under a host name of its own, never below a path."""

import os

if os.environ.get("SCRIPT_NAME"):
    raise SystemExit(
        "SCRIPT_NAME is set, and the console does not work below a path: give it a host name of "
        "its own (docs/operating.md, The proxy)."
    )

workers = 2
threads = 4
worker_class = "gthread"
# loaded once for all workers: one that is started again answers at once
preload_app = True
timeout = 60
# a connection that is closed just as the next request comes fails it: longer than a proxy keeps one
# that is idle (60 s), and than somebody thinks between two clicks
keepalive = 75
graceful_timeout = 20
accesslog = None
control_socket_disable = True
forwarded_allow_ips = "127.0.0.1"
# no header may put the console below a path either
forwarder_headers = ""


def when_ready(server: object) -> None:
    """Get warm before the workers are forked; nothing here may open a connection they would share.

    The first page would take seconds.
    """
    warm_up()


def post_worker_init(worker: object) -> None:
    """Say what is wrong with the guards of the history, and open the way to the broker.

    Nothing is waited for: the broker may be away. It is done in each worker: a connection to the
    database that is older than the fork would be shared.
    """
    from bizproc_admin import doorbell
    from bizproc_admin.audit import triggers

    triggers.tell()
    doorbell.open_the_way()


def warm_up() -> None:
    """Load views and templates."""
    import logging

    from django.conf import settings
    from django.template import TemplateSyntaxError
    from django.template.loader import get_template
    from django.urls import resolve

    resolve("/")
    folder = settings.BASE_DIR / "templates"
    for path in folder.rglob("*.html"):
        try:
            get_template(str(path.relative_to(folder)))
        except TemplateSyntaxError:  # it breaks its own page, and no other
            logging.getLogger(__name__).exception("template_broken path=%s", path)
