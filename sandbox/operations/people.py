"""Operations on people, departments, webhooks and workflow templates."""

from typing import Any

from sandbox import scenarios
from sandbox.state.field_types import checked
from sandbox.state.portal import Portal
from sandbox.state.records import Department, Template, User, Webhook


class PeopleOperations:
    """Who is there, and what can be started."""

    def __init__(self, portal: Portal) -> None:
        """Act on this portal."""
        self._portal = portal

    def add_user(self, name: str, last_name: str = "", **more: Any) -> int:
        """Add a person; more fields as in `records.User`."""
        portal = self._portal
        with portal.lock:
            number = int(more.pop("id", 0))
            fields = checked(User, {"name": name, "last_name": last_name, **more})
            number = number or portal.next_number("user")
            portal.reserve_number("user", number)
            fields.setdefault("departments", [next(iter(portal.departments)).id])
            fields.setdefault("registered", portal.now())
            fields.setdefault("email", f"user{number}@company.example")
            user = User(id=number, **fields)
            portal.users.put(number, user)
            portal.commit()
            return number

    def change_user(self, user_id: int, **changes: Any) -> None:
        """Change a person's fields, e.g. active=False for a dismissal."""
        portal = self._portal
        with portal.lock:
            user = portal.users[int(user_id)]
            for name, value in checked(User, changes).items():
                setattr(user, name, value)
            portal.users.put(user.id, user)
            portal.commit()

    def add_department(
        self, name: str, parent: int | None = 1, head: int | None = None, sort: int = 500
    ) -> int:
        """Add a department."""
        portal = self._portal
        given = {"name": name, "parent": parent, "head": head, "sort": sort}
        with portal.lock:
            fields = checked(Department, given)
            number = portal.next_number("department")
            portal.departments.put(number, Department(number, **fields))
            portal.commit()
            return number

    def change_department(self, department_id: int, **changes: Any) -> None:
        """Change a department's fields, e.g. head=None."""
        portal = self._portal
        with portal.lock:
            department = portal.departments[int(department_id)]
            for name, value in checked(Department, changes).items():
                setattr(department, name, value)
            portal.departments.put(department.id, department)
            portal.commit()

    def add_webhook(self, user_id: int, scopes: list[str] | None = None) -> str:
        """Give a person a webhook; returns its path from the portal's address."""
        portal = self._portal
        with portal.lock:
            if scopes is not None:
                checked(Webhook, {"scopes": scopes})
            webhook = portal.add_webhook(portal.users[int(user_id)].id, scopes=scopes)
            portal.commit()
            return f"/rest/{webhook.user_id}/{webhook.code}/"

    def revoke_webhook(self, user_id: int) -> None:
        """Switch off every webhook of a person."""
        portal = self._portal
        with portal.lock:
            for webhook in portal.webhooks:
                if webhook.user_id == int(user_id):
                    webhook.active = False
            portal.touched = True
            portal.commit()

    def add_template(
        self,
        name: str = "Template",
        document_type: list[str] | None = None,
        structure: Any = None,
        parameters: dict[str, Any] | None = None,
        auto_execute: int = 0,
        **more: Any,
    ) -> int:
        """Add a workflow template; the structure is the root activity or a list of one."""
        portal = self._portal
        number = int(more.pop("id", 0))
        given = {
            "name": name,
            "document_type": document_type or scenarios.DEAL,
            "parameters": parameters or {},
            "auto_execute": auto_execute,
            **more,
        }
        with portal.lock:
            fields = checked(Template, given, fixed=("id", "structure_key"))
            template = scenarios.add_template(portal, structure=structure, id=number, **fields)
            portal.commit()
            return template.id

    def change_template(
        self, template_id: int, structure: Any = None, user_id: int = 1, **changes: Any
    ) -> None:
        """Change a template as the designer does; running workflows keep their copy."""
        portal = self._portal
        with portal.lock:
            template = portal.templates[int(template_id)]
            person = portal.users[int(user_id)]
            fields = checked(Template, changes, fixed=("id", "structure_key"))
            for name, value in fields.items():
                setattr(template, name, value)
            template.modified, template.user_id = int(portal.now()), person.id
            if structure is not None:
                scenarios.change_structure(portal, template, structure, by=person.id)
            portal.templates.put(template.id, template)
            portal.commit()

    def remove_template(self, template_id: int) -> None:
        """Delete a template; workflows keep their copy."""
        portal = self._portal
        with portal.lock:
            portal.templates.drop(int(template_id))
            portal.commit()
