"""Both workers of a local installation, started and ended together; one that ends is restarted."""

import os
import sys
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BASE))

from scripts.processes import Processes, workers  # noqa: E402

if __name__ == "__main__":
    os.chdir(BASE)
    (BASE / "var").mkdir(exist_ok=True)
    processes = Processes(env={"PYTHONPATH": str(BASE)})
    try:
        commands = workers(str(Path(sys.executable).parent / "celery"))
        for name, command in commands.items():
            processes.start(name, command)
        print(f"The worker {processes.wait(restarts=list(commands))!r} ended.", file=sys.stderr)
    except KeyboardInterrupt:
        pass
    finally:
        processes.stop()
