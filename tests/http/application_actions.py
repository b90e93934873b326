"""What tests of the pages of application actions post, and how they are asked."""

import uuid

from django.urls import reverse

HANDLER = "https://app.example/calls/"


def form_of(**changes):
    """Return what the form of an action posts: a rule that waits and answers one value."""
    values = {
        "key": str(uuid.uuid4()),
        "kind": "robot",
        "code": "check",
        "names_key": ["en", "de"],
        "names_text": ["Check the contract", "Vertrag prüfen"],
        "descriptions_key": [""],
        "descriptions_text": [""],
        "handler": HANDLER,
        "subscription": "Y",
        "timeout": "3600",
        "document_type": "",
        "include": ["b24", "crm, CCrmDocumentDeal"],
        "exclude": [],
        "user_number": "",
        "reason": "Ordered by legal",
        "given-count": "1",
        **property_of("given-0", "contract"),
        "answered-count": "1",
        **property_of("answered-0", "Verdict", type="select", options=[("ok", "Fine")]),
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def property_of(prefix, id, *, type="string", options=(), **changes):
    values = {
        "id": id,
        "type": type,
        "names_key": ["en"],
        "names_text": [id.title()],
        "options_key": [key for key, _title in options],
        "options_text": [title for _key, title in options],
        "default": "",
        **changes,
    }
    return {f"{prefix}-{name}": value for name, value in values.items()}


def registering(client, committing, **changes):
    with committing():
        return client.post(reverse("application_action_registration"), form_of(**changes))


def text(answer):
    return " ".join(answer.content.decode().split())
