"""One part of the benchmarks, in a process with a database of its own."""

import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks import (  # noqa: E402
    bulk,
    calls,
    choosing,
    crowd,
    deaths,
    diagrams,
    faults,
    gateway,
    lists,
    million,
    operations,
    people,
    polls,
    syncing,
    wire,
)
from benchmarks.measuring import show  # noqa: E402


def main(part: str) -> bool:
    if connection.vendor == "postgresql":
        connection.creation.create_test_db(
            verbosity=0, autoclobber=True, keepdb=million.KEEP, serialize=False
        )
    else:
        call_command("migrate", verbosity=0)
    try:
        if part == "lists":
            return show(f"Lists over 100,000 workflows, {connection.vendor}", lists.measured())
        if part == "faults":
            return show("Commands under faults", faults.measured())
        if part == "bulk":
            return show("A click beside a mass action", bulk.measured())
        if part == "crowd":
            return show("A crowd before one portal, limits real", crowd.measured())
        if part == "deaths":
            return show("An operation whose workers die", deaths.measured())
        if part == "operations":
            return show("An operation at a portal's limits", operations.measured())
        if part == "diagrams":
            return show("Diagrams of workflow templates", diagrams.measured())
        if part == "calls":
            return show(f"Calls of the portal, {connection.vendor}", calls.measured())
        if part == "choosing":
            return show(f"All 100,000 workflows at once, {connection.vendor}", choosing.measured())
        if part == "polls":
            return show(f"Open lists that ask by themselves, {connection.vendor}", polls.measured())
        if part == "people":
            return show(f"Fifty people at work, {connection.vendor}", people.measured())
        if part == "wire":
            return show("A list on the wire", wire.measured())
        if part == "million":
            return show("A million workflows against 100,000", million.measured())
        if part == "gateway":
            return show("A portal behind the gateway, limits real", gateway.measured())
        return all(
            [
                show("Sync of 100,000 workflows, limits off", syncing.full_pass()),
                show("Reading 10,000 workflows, limits real", syncing.against_fast_bitrix24()),
            ]
        )
    finally:
        if connection.vendor == "postgresql" and not million.KEEP:
            connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1]) else 1)
