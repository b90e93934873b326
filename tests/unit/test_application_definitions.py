"""Definitions of application actions, read in whatever case and language they were written."""

import pytest

from bizproc_admin.models.application_definitions import (
    NOTHING_DEFINED,
    ActionDefinition,
    LocalisedText,
)

SAMPLE = {
    "CODE": "md5",
    "HANDLER": "https://app.example/calls/",
    "USE_SUBSCRIPTION": "y",
    "NAME": {"de": "Prüfsumme", "EN": "Checksum"},
    "DOCUMENT_TYPE": ["lists", "BizprocDocument", "iblock_1"],
    "FILTER": {"INCLUDE": ["b24", ["lists"]], "EXCLUDE": [["crm", "CCrmDocumentDeal"]]},
    "PROPERTIES": {
        "inputString": {
            "Name": {"ru": "Текст", "en": "Text"},
            "Type": "String",
            "Required": "Y",
            "Multiple": "N",
            "Default": "{=Document:NAME}",
        },
    },
    "RETURN_PROPERTIES": {
        "Kind": {"NAME": "Kind", "TYPE": "select", "OPTIONS": {"b": "Big", "a": "Any"}},
        "sums": {"name": "Sums", "multiple": True},
    },
}


def lowered(value, *, own_names=False):
    """Return a definition with small names where the portal minds no case."""
    if not isinstance(value, dict):
        return value
    keeps = ("properties", "return_properties", "options")
    return {
        (key if own_names else key.lower()): lowered(one, own_names=key.lower() in keeps)
        for key, one in value.items()
    }


@pytest.mark.parametrize("given", [SAMPLE, lowered(SAMPLE)])
def test_a_definition_is_read_in_any_case_of_its_names(given):
    read = ActionDefinition.from_api(given)
    assert (read.named_in("de"), read.named_in("fr")) == ("Prüfsumme", "Checksum")
    assert (read.handler, read.subscription) == ("https://app.example/calls/", "Y")
    assert read.document_type == ("lists", "BizprocDocument", "iblock_1")
    assert read.include == ("b24", ("lists",))
    assert read.exclude == (("crm", "CCrmDocumentDeal"),)
    (text,) = read.properties
    assert (text.id, text.type, text.named_in("ru")) == ("inputString", "string", "Текст")
    assert (text.is_required, text.is_multiple) == (True, False)
    assert text.default == "{=Document:NAME}"
    kind, sums = read.return_properties
    assert kind.options == (("b", "Big"), ("a", "Any"))
    assert (sums.id, sums.type, sums.is_multiple, sums.options) == ("sums", "string", True, ())


def test_a_text_falls_back_as_on_the_portal():
    assert LocalisedText.from_api({"de": "D", "en": "E"}).said_in("fr") == "E"
    assert LocalisedText.from_api({"de": "D", "": "none"}).said_in("fr") == "none"
    assert LocalisedText.from_api({"de": "D"}).said_in("fr") == "D"
    assert LocalisedText.from_api({"pt": "P", "en": "E"}).said_in("pt-BR") == "P"
    assert LocalisedText.from_api("plain").said_in("fr") == "plain"
    assert LocalisedText.from_api({"br": "B"}).said_in("") == "B"
    assert not LocalisedText.from_api(None)
    assert not LocalisedText.from_api([])


@pytest.mark.parametrize("odd", [None, [], "text", 5, {"PROPERTIES": "x", "FILTER": 3, "NAME": []}])
def test_what_is_no_definition_defines_nothing(odd):
    assert ActionDefinition.from_api(odd) == NOTHING_DEFINED


def test_a_property_without_parts_is_a_text_named_by_its_id():
    (bare,) = ActionDefinition.from_api({"RETURN_PROPERTIES": {"Sum": None}}).return_properties
    assert (bare.named_in("en"), bare.type, bare.is_required) == ("Sum", "string", False)
