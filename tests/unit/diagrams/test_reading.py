"""Structures are read whatever shape they arrive in, and nothing of them is dropped."""

import pytest

from bizproc_admin.diagrams.reading import Unreadable, definitions, host_of, read, who
from bizproc_admin.diagrams.steps import Kind, Reference, Who
from tests.unit.diagrams.making import approve, branch, choice, loop, message, off, step, workflow

ODD = ["", None, 0, True, "x", [], {}, [None], {"0": "x"}, [["Template"]], 1.5, "{=", "{=A:B}"]


def first(*children):
    return read(workflow(*children)).children[0]


@pytest.mark.parametrize("structure", [None, "", [], {}, [None], "text", 5, [[]]])
def test_what_holds_no_activity_is_unreadable(structure):
    with pytest.raises(Unreadable, match="empty"):
        read(structure)


def test_an_activity_without_anything_is_an_unknown_step():
    found = first({}, None, "text", {"Type": "acme_sign_v2", "Properties": {"Title": "Sign"}})
    assert found.kind is Kind.UNKNOWN
    assert found.is_active


def test_no_shape_of_any_part_raises():
    """Every value of every property, children and all, in every odd shape."""
    sample = workflow(
        approve("Ask", ApproveMinPercent="60", TimeoutDuration="3", Type="x"),
        choice(branch(when=[["A", ">", "1", "0"], ["B", "=", "2", "1"]]), branch()),
        loop(message("Again")),
        step("StateActivity", title="State"),
        step("DelayActivity", TimeoutDuration=5, TimeoutDurationType="d"),
        step("WebHookActivity", Handler="https://example.com/secret"),
    )[0]
    for number, node in enumerate(sample["Children"]):
        for key in ("Type", "Name", "Activated", "Properties", "Children"):
            for odd in ODD:
                broken = {**node, key: odd}
                children = [*sample["Children"][:number], broken, *sample["Children"][number + 1 :]]
                assert len(read([{**sample, "Children": children}]).children) == 6
        for key in node["Properties"]:
            for odd in ODD:
                broken = {**node, "Properties": {**node["Properties"], key: odd}}
                list(read([{**sample, "Children": [broken]}]).walk())


def test_maps_and_lists_stand_for_each_other():
    node = workflow(message("a"), message("b"))[0]
    node["Children"] = {"0": node["Children"][0], "1": node["Children"][1]}
    assert [one.title for one in read({"0": node}).children] == ["a", "b"]


def test_what_is_switched_off_is_so_with_all_within():
    found = first(off(choice(branch(message("inner")))))
    assert [one.is_active for one in found.walk()] == [False, False, False]
    assert [one.title for one in found.walk()][-1] == "inner"


def test_five_hundred_levels_are_read_and_more_are_refused():
    node = message("deep")
    for _ in range(510):
        node = step("SequenceActivity", node)
    assert sum(1 for _ in read(workflow(node)).walk()) == 512
    with pytest.raises(Unreadable, match="too_deep"):
        read(workflow(step("SequenceActivity", step("SequenceActivity", node))))


def test_too_many_steps_are_refused():
    with pytest.raises(Unreadable, match="too_many"):
        read(workflow(*[message("m")] * 20_001))


@pytest.mark.parametrize(
    ("value", "tests"),
    [
        ([["A", "="]], [("A", "=", "", False)]),
        ([["A", "!empty", ""]], [("A", "!empty", "", False)]),
        ([["A", ">", 5, "1"], ["B", "<", "6", 1]], [("A", ">", "5", False), ("B", "<", "6", True)]),
        (["A", "=", "one"], [("A", "=", "one", False)]),
        ({"0": {"0": "A", "1": "in", "2": ["x", "y"], "3": "0"}}, [("A", "in", "x, y", False)]),
        ([["{=Variable:Sum}", "==", True]], [("Sum", "=", "Y", False)]),
    ],
)
def test_conditions_have_two_three_or_four_elements(value, tests):
    found = first(choice(branch(when=value))).children[0].condition
    assert [(t.subject.field, t.operator, t.value, t.is_alternative) for t in found.tests] == tests


def test_a_mixed_condition_names_its_sources():
    items = [{"object": "Constant", "field": "Limit", "operator": ">", "value": "5", "joiner": "0"}]
    node = step("IfElseBranchActivity", mixedcondition=items)
    found = first(choice(node)).children[0].condition
    assert found.tests[0].subject == Reference("constant", "Limit")


def test_a_branch_that_always_holds_and_one_of_an_unknown_kind_say_so():
    always = step("IfElseBranchActivity", truecondition="1")
    other = step("IfElseBranchActivity", mooncondition="full")
    kinds = [one.condition.kind for one in first(choice(always, other, branch())).children]
    assert kinds == ["always", "mooncondition", "otherwise"]


@pytest.mark.parametrize(
    ("value", "people"),
    [
        (["user_12", "author"], [Who("person", "12"), Who("role", "author")]),
        ("user_7", [Who("person", "7")]),
        (["Template", "Voters1"], [Who("reference", reference=Reference("template", "Voters1"))]),
        (["{=Document:ASSIGNED_BY_ID}"],
         [Who("reference", reference=Reference("document", "ASSIGNED_BY_ID"))]),
        ([["Variable", "Boss"]], [Who("reference", reference=Reference("variable", "Boss"))]),
        (["A1_2_3_4", "Comments"], [Who("reference", reference=Reference("A1_2_3_4", "Comments"))]),
        (["group_d5"], [Who("group", "group_d5")]),
        ("", []),
        (None, []),
    ],
)  # fmt: skip
def test_people_are_named_in_every_way(value, people):
    assert list(who(value)) == people


def test_an_approval_tells_whose_answer_decides():
    found = first(
        approve("Vote", ApproveType="VOTE", ApproveMinPercent="60", ApproveWaitForAll="Y")
    )
    assert (found.asking.how, found.asking.percent, found.asking.waits_for_all) == (
        "vote",
        60,
        True,
    )
    assert first(approve("Odd", ApproveType="moon")).asking.how == "all"


def test_definitions_are_read_from_every_shape():
    found = definitions(
        {
            "Sum": {"Name": "Amount", "Type": "double", "Required": "1", "Options": ""},
            "City": {"Type": "select", "Options": {"m": "Moscow"}, "Default": "m", "Multiple": "Y"},
            "Who": {"Type": "user", "Default": ["user_1", "user_2"]},
            "Odd": None,
        }
    )
    assert [one.name for one in found] == ["Amount", "City", "Who", "Odd"]
    assert found[0].is_required and not found[0].options
    assert (found[1].options, found[1].default) == ((("m", "Moscow"),), ("m",))
    assert found[2].default == ("user_1", "user_2")
    assert definitions([]) == definitions("") == ()


def test_of_an_address_only_the_host_is_kept():
    assert host_of("https://u:p@hook.example.com/rest/1/secret?token=x") == "hook.example.com"
    assert host_of("http://[broken") == ""


def test_a_node_keeps_its_place_and_its_links():
    graph = step(
        "NodeWorkflowActivity",
        {**message("a"), "Name": "a", "Node": {"position": {"x": 10, "y": "20"}}},
        {**message("b"), "Name": "b", "Node": {"x": 1, "y": 2}},
        Links=[["a:o0", "b:i0", 1], {"0": "b:o0", "1": "a:i0"}, ["a:o0"], None],
    )
    found = read([graph])
    assert [one.place for one in found.children] == [(10.0, 20.0), (1.0, 2.0)]
    assert [(one.start, one.end) for one in found.links] == [("a", "b"), ("b", "a")]
