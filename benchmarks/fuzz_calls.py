"""Feed the reader of calls with damaged forms: python -m benchmarks.fuzz_calls.

Every input must be read within its computing time, into texts, lists and maps no deeper than the
bound, all of which a database can hold; anything else counts as a crash and is printed. Memory of
the process is capped. Not among the timed benchmarks: it is run by hand, and after each change of
the reader.
"""

import argparse
import base64
import io
import json
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from typing import Any

import django

os.environ["BENCHMARK_FOLDER"] = tempfile.mkdtemp(prefix="bizproc-fuzz-")
os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
django.setup()

from bizproc_admin.receiving import nested_forms  # noqa: E402

MEMORY, SECONDS = 768 * 2**20, 3
PIECES = (
    b"a", b"[", b"]", b"[]", b"[0]", b"[b]", b"=", b"&", b"%", b"%5B", b"%5D", b"%00", b"%ff", b"+",
    b".", b" ", b"\xcf\xf0", b"\xed\xa0\x80", b"properties", b"auth[application_token]=x",
    b"[99999]", b"event_token", b"workflow_id=w.1&", b"[" * 40, b"[-1]", b"[1e9]",
    "Насосы".encode(), b"\0",
)  # fmt: skip
GENUINE = (
    b"workflow_id=6a1f.123&code=check&document_id%5B0%5D=crm&document_id%5B1%5D=CCrmDocumentDeal&"
    b"document_id%5B2%5D=DEAL_7&event_token=6a1f.123%7CA1_2_3_4%7Cabc.0f0f&properties%5Bitem%5D=x&"
    b"properties%5Bmany%5D%5B0%5D=a&properties%5Bmany%5D%5B1%5D=b&use_subscription=Y&"
    b"timeout_duration=0&ts=1700000000&auth%5Bmember_id%5D=m&auth%5Bapplication_token%5D=secret"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, _too_slow)
    rng = random.Random(options.seed)
    outcomes: Counter[str] = Counter()
    crashes, slowest, began = 0, 0.0, time.perf_counter()
    for number in range(options.inputs):
        data = _input(rng)
        started = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            outcomes[_outcome(data)] += 1
        except Exception as error:  # noqa: BLE001 - a crash of any kind is what is looked for
            crashes += 1
            print(f"input {number}: {error!r}: {base64.b64encode(data[:300]).decode()}")
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        slowest = max(slowest, time.process_time() - started)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{options.inputs} inputs in {seconds:.0f} s, {crashes} crashes")
    print(f"slowest {slowest * 1000:.0f} ms, peak memory {peak:.0f} MiB")
    print(", ".join(f"{code} {count}" for code, count in outcomes.most_common()))
    return 1 if crashes else 0


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS} s")


def _outcome(data: bytes) -> str:
    form = nested_forms.read(io.BytesIO(data))
    text = json.dumps(form.values, ensure_ascii=False)
    text.encode()  # no surrogates
    if "\0" in text or "\\u0000" in text:
        raise AssertionError("a zero byte")
    _check_depth(form.values)
    form.text("auth", "application_token")
    form.value("document_id")
    form.text("data", "QUERY", "nonce")
    return "cut" if form.is_cut else "read"


def _check_depth(root: Any) -> None:
    level, depth = [root], 0
    while level:
        if depth > nested_forms.MOST_DEPTH + 2:
            raise AssertionError("deeper than the bound")
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
            elif not isinstance(one, str):
                raise AssertionError(f"a {type(one).__name__}")
        level, depth = inner, depth + 1


def _input(rng: random.Random) -> bytes:
    """Make one input: a damaged call, a call with more, pieces, noise, or something huge."""
    kind = rng.random()
    if kind < 0.5:
        return _damaged(rng, GENUINE)
    if kind < 0.75:
        return b"".join(rng.choices(PIECES, k=rng.randrange(1, 80)))
    if kind < 0.9:
        return b"&".join(_damaged(rng, GENUINE) for _ in range(rng.randrange(1, 6)))
    if kind < 0.9995:
        return rng.randbytes(rng.randrange(300))
    piece = b"".join(rng.choices(PIECES, k=rng.randrange(1, 6)))
    return piece * (rng.randrange(1, 6_500_000) // len(piece))


def _damaged(rng: random.Random, data: bytes) -> bytes:
    damaged = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        place = rng.randrange(len(damaged) + 1)
        match rng.randrange(4):
            case 0:
                damaged[place : place + 1] = rng.randbytes(1)
            case 1:
                del damaged[place : place + rng.randrange(1, 60)]
            case 2:
                damaged[place:place] = rng.choice(PIECES)
            case _:
                begin = rng.randrange(len(damaged) + 1)
                damaged[place:place] = damaged[begin : begin + rng.randrange(200)]
    return bytes(damaged)


if __name__ == "__main__":
    sys.exit(main())
