"""Django's commands, one after the other in one process: each of its own takes a second to start.

A line of JSON on standard input names a command with its arguments and what it is to read; a line
on standard output says what it wrote, or why it failed. Anything unforeseen ends the process. What
Django checks before a command is checked once, at the start.
"""

import io
import json
import os
import sys
from contextlib import redirect_stdout

import django
from django.core.management import CommandError, call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("check", stdout=io.StringIO())
    lines, answers = sys.stdin, sys.stdout
    for line in lines:
        arguments, reads = json.loads(line)
        sys.stdin = io.StringIO(reads)
        failure = ""
        with redirect_stdout(io.StringIO()) as wrote:
            try:
                call_command(*arguments)
            except CommandError as why:
                failure = str(why)
        print(json.dumps([wrote.getvalue(), failure]), file=answers, flush=True)


if __name__ == "__main__":
    main()
