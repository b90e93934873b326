"""Feed the decoder of template files with damaged ones: python -m benchmarks.fuzz_template_files.

Every input must be decoded or refused by TemplateFileError within its time; anything else counts
as a crash and is printed. Memory of the process is capped. Not among the timed benchmarks: it is
run by hand, and after each change of the decoder.
"""

import argparse
import base64
import random
import resource
import signal
import sys
import time
import zlib
from collections import Counter
from pathlib import Path

from bizproc_admin.diagrams import reading
from bizproc_admin.diagrams.php_values import Value, serialize
from bizproc_admin.diagrams.template_files import TemplateFileError, decode

SAMPLE = Path(__file__).parent.parent / "tests" / "samples" / "bp-379.bpt"
MEMORY, SECONDS = 512 * 2**20, 2
PIECES = (
    b"N;", b"b:1;", b"i:0;", b"i:-9;", b"d:0.5;", b's:1:"a";', b"a:0:{}", b"a:1:{", b"}", b"{",
    b's:99999999:"', b"a:99999999:{", b'O:8:"stdClass":0:{}', b"R:1;", b"r:2;", b"E:3:\"A:b\";",
    b's:8:"TEMPLATE";', b's:4:"Type";', b's:8:"Children";', b'"', b";", b":", b"\xcf\xf0", b"\x00",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _too_slow)
    rng = random.Random(options.seed)
    plain = zlib.decompress(SAMPLE.read_bytes())
    outcomes: Counter[str] = Counter()
    crashes, slowest, began = 0, 0.0, time.perf_counter()
    for number in range(options.inputs):
        data = _input(rng, plain)
        started = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            outcomes[_outcome(data)] += 1
        except Exception as error:  # noqa: BLE001 - a crash of any kind is what is looked for
            crashes += 1
            print(f"input {number}: {error!r}: {base64.b64encode(data[:300]).decode()}")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        slowest = max(slowest, time.perf_counter() - started)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{options.inputs} inputs in {seconds:.0f} s, {crashes} crashes")
    print(f"slowest {slowest * 1000:.0f} ms, peak memory {peak:.0f} MiB")
    print(", ".join(f"{code} {count}" for code, count in outcomes.most_common()))
    return 1 if crashes else 0


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS} s")


def _outcome(data: bytes) -> str:
    try:
        read = decode(data)
    except TemplateFileError as error:
        return error.code
    again = decode(read.encoded())
    if again.content != read.content:
        raise AssertionError("another content after it was written")
    try:
        reading.read(read.structure)
    except reading.Unreadable as error:
        return f"decoded, {error.code}"
    return "decoded"


def _input(rng: random.Random, plain: bytes) -> bytes:
    """Make one input: a damaged file, a damaged stream, made-up values, or pieces of them."""
    kind = rng.random()
    if kind < 0.45:
        return _packed(rng, _damaged(rng, plain))
    if kind < 0.6:
        return _damaged(rng, zlib.compress(plain, 9))
    if kind < 0.85:
        root: dict[str, Value] = {"Type": "NodeWorkflowActivity", "Children": _value(rng, 6)}
        root["Properties"] = _value(rng, 4)
        made = serialize({"TEMPLATE": [root], "PARAMETERS": _value(rng, 3), "VERSION": 2})
        return _packed(rng, _damaged(rng, made) if rng.random() < 0.5 else made)
    if kind < 0.95:
        return _packed(rng, b"a:1:{" + b"".join(rng.choices(PIECES, k=rng.randrange(1, 60))))
    if kind < 0.99:
        return rng.randbytes(rng.randrange(200))
    return _packed(rng, rng.choice((b"a:1:{i:0;", b"\0", b"a")) * rng.randrange(300_000))


def _packed(rng: random.Random, data: bytes) -> bytes:
    return data if rng.random() < 0.3 else zlib.compress(data, 1)


def _damaged(rng: random.Random, data: bytes) -> bytes:
    damaged = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        place = rng.randrange(len(damaged) + 1)
        match rng.randrange(5):
            case 0:
                damaged[place : place + 1] = rng.randbytes(1)
            case 1:
                del damaged[place : place + rng.randrange(1, 50)]
            case 2:
                damaged[place:place] = rng.choice(PIECES)
            case 3:
                begin = rng.randrange(len(damaged) + 1)
                damaged[place:place] = damaged[begin : begin + rng.randrange(200)]
            case _:
                digits = [at for at, byte in enumerate(damaged) if 48 <= byte <= 57]
                if digits:
                    damaged[rng.choice(digits)] = rng.randrange(48, 58)
    return bytes(damaged)


def _value(rng: random.Random, depth: int) -> Value:
    if depth and rng.random() < 0.7:
        keys = ("Type", "Name", "Properties", "Children", "Title", "0", "1", "Links", "Node", "-1")
        return {rng.choice(keys): _value(rng, depth - 1) for _ in range(rng.randrange(5))}
    plain: tuple[Value, ...] = (
        None, True, rng.randrange(-9, 99), rng.random(), "IfElseActivity", "Шаг", "", [], "😀",
    )  # fmt: skip
    return rng.choice(plain)


if __name__ == "__main__":
    sys.exit(main())
