"""How the web process is served."""

workers = 2
threads = 4
worker_class = "gthread"
timeout = 60
graceful_timeout = 20
accesslog = None
control_socket_disable = True
forwarded_allow_ips = "127.0.0.1"


def when_ready(server: object) -> None:
    """Say in the log what is wrong with the guards of the history, before anything is served."""
    import django

    django.setup()
    from bizproc_admin import triggers

    triggers.tell()


def post_worker_init(worker: object) -> None:
    """Open the way to the broker now, without waiting for it; it may be away."""
    from bizproc_admin import doorbell

    doorbell.open_the_way()
