"""The people every scenario has: an administrator, an employee, and the department they are in."""

from sandbox.state.portal import ADMINISTRATOR, EMPLOYEE, Portal
from sandbox.state.records import Department, User

YEAR = 365 * 86400.0


def add_founders(portal: Portal, *, company: str) -> None:
    """Add the two people whose webhooks the portal has."""
    now = portal.now()
    portal.departments.put(1, Department(1, company, None, ADMINISTRATOR))
    portal.reserve_number("department", 1)
    for user in (
        User(
            ADMINISTRATOR,
            "Anna",
            "Koroleva",
            email="anna.koroleva@company.example",
            admin=True,
            departments=[1],
            position="Portal administrator",
            gender="F",
            registered=int(now - 6 * YEAR),
            last_login=int(now - 3600),
            online=True,
        ),
        User(
            EMPLOYEE,
            "Pavel",
            "Orlov",
            email="pavel.orlov@company.example",
            departments=[1],
            position="Sales manager",
            gender="M",
            registered=int(now - 3 * YEAR),
            last_login=int(now - 7200),
        ),
    ):
        portal.users.put(user.id, user)
        portal.reserve_number("user", user.id)
