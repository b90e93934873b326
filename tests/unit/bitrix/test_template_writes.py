"""Adding, changing and deleting workflow templates: what is sent, what is never sent."""

import base64

import pytest

from bizproc_admin import bitrix

DEAL = ("crm", "CCrmDocumentDeal", "DEAL")
FILE = b"x\xda a file"
SENT = ["template.bpt", base64.b64encode(FILE).decode()]


def answering(result):
    return lambda handler: handler.reply({"result": result})


def test_a_template_goes_with_its_file_and_its_moment_as_a_text(stub, writer):
    stub.then(answering(525))
    written = writer.workflow_templates.add(
        document_type=DEAL, name="Согласование", file=FILE, description="Что", auto_execute=3
    )
    path, body, _ = stub.seen[0]
    assert path.endswith("/bizproc.workflow.template.add.json")
    assert body == {
        "DOCUMENT_TYPE": list(DEAL), "NAME": "Согласование", "TEMPLATE_DATA": SENT,
        "AUTO_EXECUTE": "3", "DESCRIPTION": "Что",
    }  # fmt: skip
    assert written.result == 525


def test_only_what_is_given_is_changed(stub, writer):
    stub.then(answering("525"), answering(525))
    assert writer.workflow_templates.update(525, description="", auto_execute=0).result == 525
    writer.workflow_templates.update(525, name="N", file=FILE, file_name="bp-379.bpt")
    assert [body for _, body, _ in stub.seen] == [
        {"ID": "525", "FIELDS": {"DESCRIPTION": "", "AUTO_EXECUTE": "0"}},
        {"ID": "525", "FIELDS": {"NAME": "N", "TEMPLATE_DATA": ["bp-379.bpt", SENT[1]]}},
    ]


def test_a_deletion_is_answered_with_nothing_and_with_nothing_else(stub, writer):
    stub.then(answering(None), answering(True))
    assert writer.workflow_templates.delete(525).result is None
    assert stub.seen[0][1] == {"ID": "525"}
    with pytest.raises(bitrix.BadAnswer):
        writer.workflow_templates.delete(525)


@pytest.mark.parametrize("odd", [True, None, 0, -5, "", "abc", [525], {"ID": 525}, 5.5])
def test_an_answer_without_an_id_is_a_bad_one(stub, writer, odd):
    stub.fallback = answering(odd)
    for act in (
        lambda: writer.workflow_templates.add(document_type=DEAL, name="N", file=FILE),
        lambda: writer.workflow_templates.update(5, name="N"),
    ):
        with pytest.raises(bitrix.BadAnswer):
            act()


def test_what_the_portal_could_only_refuse_is_never_sent(stub, writer):
    templates = writer.workflow_templates
    good = {"document_type": DEAL, "name": "N", "file": FILE}
    for wrong in (
        {"document_type": DEAL[:2]}, {"document_type": ("crm", "", "DEAL")}, {"name": " "},
        {"name": "0"}, {"file": b""}, {"auto_execute": 4}, {"auto_execute": True},
        {"auto_execute": "1"},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"template|document|number"):
            templates.add(**{**good, **wrong})
    for act in (
        lambda: templates.update(0, name="N"),
        lambda: templates.update(True, name="N"),
        lambda: templates.update(5),
        lambda: templates.update(5, name=""),
        lambda: templates.delete(-1),
        lambda: templates.delete("5"),
    ):
        with pytest.raises(ValueError, match=r"above 0|nothing to change|not empty"):
            act()
    assert stub.seen == []
