"""Run the benchmarks: python -m benchmarks [part ...]; 1 when a target was missed."""

import argparse
import os
import platform
import subprocess
import sys
import tempfile

PARTS = (
    "sync",
    "lists",
    "faults",
    "bulk",
    "crowd",
    "diagrams",
    "calls",
    "gateway",
    "deaths",
    "operations",
    "choosing",
    "polls",
    "people",
    "wire",
    "million",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)}; all without")
    parts = parser.parse_args().parts or PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    results = [measure(part, url) for part in parts for url in databases(part)]
    print("\nall targets met" if all(results) else "\nNOT all targets met")
    return 0 if all(results) else 1


def databases(part: str) -> list[str]:
    """Give the databases a part is measured on: SQLite, and PostgreSQL where one is given."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    if part == "million":
        return [given] if given.startswith("postgres") else []
    return (
        ["", given]
        if part in ("lists", "calls", "choosing", "polls", "people")
        and given.startswith("postgres")
        else [""]
    )


def measure(part: str, url: str) -> bool:
    """Measure one part in a process and a folder of its own; True when no target was missed."""
    with tempfile.TemporaryDirectory(prefix="bizproc-bench-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.run", part],
            env={**os.environ, "BENCHMARK_FOLDER": folder, "BENCHMARK_DATABASE_URL": url},
            check=False,
        )
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
