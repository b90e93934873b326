"""The embedded broker: kombu's folder transport, made safe for several processes.

The original opens a message's file before it writes it: a reader in between takes an empty message,
and its worker dies of it. Here a message appears under its name only when it is whole, and one that
cannot be read is passed over. Losing one loses nothing: the database is the truth.
"""

import json
import logging
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem

log = logging.getLogger(__name__)

TRIES = 50
PAUSE = 0.01


class Channel(filesystem.Channel):
    """A channel whose messages come and go by renaming, which is atomic within a folder.

    It makes its folders: whoever starts first finds none.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for folder in (self.data_folder_in, self.data_folder_out, self.control_folder):
            Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)

    def _put(  # type: ignore[override]  # kombu's own two classes disagree about the name
        self, queue: Any, payload: Any, **kwargs: Any
    ) -> None:
        folder = Path(self.data_folder_out)
        name = f"{time.time_ns()}_{uuid.uuid4()}.{queue}.msg"
        hidden = folder / f".{name}"
        hidden.write_text(json.dumps(payload))
        hidden.rename(folder / name)

    def _get(self, queue: Any, timeout: Any = None) -> Any:
        folder = Path(self.data_folder_in)
        for name in sorted(path.name for path in folder.iterdir()):
            if name.startswith(".") or name.partition(".")[2] != f"{queue}.msg":
                continue
            taken = folder / f".taken-{os.getpid()}-{name}"
            try:
                (folder / name).rename(taken)
            except OSError:
                continue  # another worker was faster
            try:
                return json.loads(taken.read_text())
            except ValueError:
                log.warning("message_unreadable queue=%s", queue)
            finally:
                taken.unlink(missing_ok=True)
        raise Empty

    def get_table(self, exchange: str) -> Any:
        return patiently(lambda: super(Channel, self).get_table(exchange))

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        patiently(lambda: super(Channel, self)._queue_bind(exchange, routing_key, pattern, queue))


class Transport(filesystem.Transport):
    Channel = Channel


def patiently(act: Callable[[], Any]) -> Any:
    """Repeat while another process is just writing the file that is read."""
    for _ in range(TRIES):
        try:
            return act()
        except ValueError:
            time.sleep(PAUSE)
    return act()


def install() -> None:
    """Let filesystem:// addresses use this transport."""
    TRANSPORT_ALIASES["filesystem"] = "config.folder_broker:Transport"
