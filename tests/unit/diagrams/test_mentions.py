"""What a structure names is taken out of it, and nothing else."""

from bizproc_admin.diagrams.mentions import Named, Where, mentions
from bizproc_admin.diagrams.reading import definitions, read


def activity(kind, *children, title="", active="Y", **properties):
    return {
        "Type": kind,
        "Name": f"A{abs(hash((kind, title))) % 1000}_1",
        "Activated": active,
        "Properties": {"Title": title, **properties},
        "Children": list(children),
    }


def found(*steps, constants=None):
    root = read([activity("SequentialWorkflowActivity", *steps)])
    defined = {Where.CONSTANT: definitions(constants or {})}
    return list(mentions(root, defined))


def named(one, kind):
    return [(m.value, m.where, m.title) for m in one if m.kind is kind]


def test_people_are_found_where_they_are_asked_told_or_set():
    seen = found(
        activity("ApproveActivity", title="Approve", Users=["user_14", "{=Template:Boss}"]),
        activity("IMNotifyActivity", title="Tell", MessageUserTo=["user_15"]),
        activity("SetFieldActivity", title="Set", FieldValue={"OWNER": "user_16; user_014"}),
        constants={"Boss": {"Name": "The boss", "Default": ["user_17"]}},
    )
    assert named(seen, Named.PERSON) == [
        ("14", Where.APPROVER, "Approve"),
        ("15", Where.RECEIVER, "Tell"),
        ("16", Where.SETTING, "Set"),
        ("14", Where.SETTING, "Set"),
        ("17", Where.CONSTANT, "The boss"),
    ]
    assert named(seen, Named.FIELD) == [("OWNER", Where.SETTING, "Set")]


def test_departments_groups_fields_and_templates_are_told_apart():
    condition = [["OPPORTUNITY", ">", "100", "0"]]
    seen = found(
        activity("ReviewActivity", title="Read", Users=["group_d2", "group_hr5", "group_g1"]),
        activity(
            "IfElseActivity",
            activity("IfElseBranchActivity", title="Much", fieldcondition=condition),
        ),
        activity("StartWorkflowActivity", title="Go on", TemplateId="6"),
        activity("LogActivity", title="Note", Text="Sum {=Document:UF_SUM > printable} of it"),
    )
    assert named(seen, Named.DEPARTMENT) == [
        ("2", Where.APPROVER, "Read"),
        ("5", Where.APPROVER, "Read"),
    ]
    assert named(seen, Named.GROUP) == [("group_g1", Where.APPROVER, "Read")]
    assert named(seen, Named.FIELD) == [
        ("OPPORTUNITY", Where.CONDITION, "Much"),
        ("UF_SUM", Where.SETTING, "Note"),
    ]
    assert named(seen, Named.TEMPLATE) == [("6", Where.SETTING, "Go on")]


def test_what_is_broken_is_named():
    seen = found(
        activity("ApproveActivity", title="Nobody here", Users=[]),
        activity("AiAgentActivity", title="New", active="N"),
    )
    assert named(seen, Named.NOBODY) == [("", Where.APPROVER, "Nobody here")]
    assert [(m.value, m.is_active) for m in seen if m.kind is Named.UNKNOWN] == [
        ("AiAgentActivity", False)
    ]


def test_no_other_text_of_a_structure_is_taken():
    secret = "https://example.com/rest/1/abcdefgh/?user_14=group_d2"
    seen = found(
        activity("WebHookActivity", title="Call", Handler=secret),
        activity("CodeActivity", title="Run", ExecuteCode="$password = 'user_14 and more';"),
        constants={"Key": {"Name": "Key", "Default": secret}},
    )
    assert {m.kind for m in seen} == {Named.STEP}
    assert {m.value for m in seen} == {"webhookactivity", "codeactivity"}


def test_a_value_nested_deeper_than_the_stack_is_walked():
    deep = "user_3"
    for _ in range(5000):
        deep = [deep]
    seen = found(activity("SetVariableActivity", title="Deep", VariableValue={"V": deep}))
    assert named(seen, Named.PERSON) == [("3", Where.SETTING, "Deep")]
