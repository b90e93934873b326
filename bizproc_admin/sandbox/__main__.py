"""Run the emulated portal under its old name; `python -m sandbox` is the new one."""

import sys

from sandbox.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
