"""The embedded broker under several producers and consumers at once."""

import threading
from pathlib import Path

from kombu import Connection

from config import folder_broker  # noqa: F401  # config.celery installs it

FEW = 40


def connection(folder: Path) -> Connection:
    (folder / "control").mkdir(exist_ok=True)
    options = {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.005,
    }
    return Connection("filesystem://localhost", transport_options=options)


def test_every_message_arrives_once_whoever_writes_and_reads(tmp_path):
    got, lock, written = [], threading.Lock(), threading.Event()

    def produce(name):
        with connection(tmp_path) as way:
            queue = way.SimpleQueue("busy")
            for number in range(FEW):
                queue.put([name, number])

    def consume():
        with connection(tmp_path) as way:
            queue = way.SimpleQueue("busy")
            while True:
                try:
                    message = queue.get(timeout=0.2)
                except queue.Empty:
                    if written.is_set():
                        return
                    continue
                message.ack()
                with lock:
                    got.append(tuple(message.payload))

    with connection(tmp_path) as way:
        way.SimpleQueue("busy")  # the queue is there before anybody writes, as a worker's is
    producers = [threading.Thread(target=produce, args=(name,)) for name in "ab"]
    consumers = [threading.Thread(target=consume) for _ in range(2)]
    for thread in [*consumers, *producers]:
        thread.start()
    for thread in producers:
        thread.join()
    written.set()
    for thread in consumers:
        thread.join()
    assert sorted(got) == [(name, number) for name in "ab" for number in range(FEW)]


def test_a_file_that_is_no_message_kills_no_worker(tmp_path):
    with connection(tmp_path) as way:
        queue = way.SimpleQueue("background")
        (tmp_path / "0_broken.background.msg").write_text("")
        queue.put({"good": True})
        assert queue.get(timeout=2).payload == {"good": True}


def test_the_folders_of_the_broker_are_made_by_whoever_starts_first(tmp_path):
    folder = tmp_path / "var" / "queue"
    options = {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(tmp_path / "var" / "control"),
        "polling_interval": 0.005,
    }
    with Connection("filesystem://localhost", transport_options=options) as way:
        waiting = way.default_channel.queue_declare("nobody", passive=False).message_count
        queue = way.SimpleQueue("first")
        queue.put("work")
        assert (waiting, queue.get(timeout=1).payload) == (0, "work")
    assert folder.stat().st_mode & 0o077 == 0
