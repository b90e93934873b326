"""What differs between two structures: added, removed, moved, changed, and nothing else."""

from bizproc_admin.diagrams.differences import What, definition_changes, rising, step_changes
from bizproc_admin.diagrams.reading import definitions, read


def step(title, *children, kind="ApproveActivity", name=None, **properties):
    return {
        "Type": kind,
        "Name": f"A_{title}" if name is None else name,
        "Properties": {"Title": title, **properties},
        "Children": list(children),
    }


def root(*steps):
    return read([step("Template", *steps, kind="SequentialWorkflowActivity", name="Template")])


def said(before, after):
    return [
        (one.what, (one.after or one.before).title, one.inner)
        for one in step_changes(root(*before), root(*after))
    ]


def test_what_is_the_same_is_no_difference():
    assert said([step("A"), step("B")], [step("A"), step("B")]) == []


def test_a_step_that_came_and_one_that_went():
    assert said([step("A"), step("B")], [step("A"), step("C")]) == [
        (What.ADDED, "C", 0),
        (What.REMOVED, "B", 0),
    ]


def test_a_block_is_told_once_with_how_much_is_in_it():
    block = step("Block", step("In"), step("Too"), kind="SequenceActivity")
    assert said([step("A")], [step("A"), block]) == [(What.ADDED, "Block", 2)]
    assert said([step("A"), block], [step("A")]) == [(What.REMOVED, "Block", 2)]


def test_what_was_taken_into_a_new_block_has_moved():
    block = step("Block", step("A"), kind="SequenceActivity")
    assert said([step("A"), step("B")], [block, step("B")]) == [
        (What.ADDED, "Block", 1),
        (What.MOVED, "A", 0),
    ]


def test_only_the_step_that_changed_its_place_has_moved():
    before = [step(one) for one in "ABCDE"]
    after = [step(one) for one in "EABCD"]
    assert said(before, after) == [(What.MOVED, "E", 0)]


def test_settings_titles_and_switches_are_changes():
    assert said([step("A", Users=["user_1"])], [step("A", Users=["user_2"])]) == [
        (What.CHANGED, "A", 0)
    ]
    assert said([step("Old", name="A1")], [step("New", name="A1")]) == [(What.CHANGED, "New", 0)]
    assert said([step("A")], [{**step("A"), "Activated": "N"}]) == [(What.CHANGED, "A", 0)]


def test_steps_without_names_are_told_apart_by_title_and_place():
    before = [step("Same", name=""), step("Same", name=""), step("Other", name="")]
    after = [step("Same", name=""), step("Other", name="")]
    assert said(before, after) == [(What.REMOVED, "Same", 0)]


def test_steps_that_were_given_new_names_are_known_by_type_and_title():
    block = step("Block", step("In", name="A7"), kind="SequenceActivity", name="A6")
    after = step("Block", step("In", name="B7"), step("New"), kind="SequenceActivity", name="B6")
    assert said([step("A"), block], [step("A", name="B1"), after]) == [(What.ADDED, "New", 0)]


def test_definitions_differ_by_id():
    before = definitions({"A": {"Name": "Sum", "Type": "int"}, "B": {"Name": "Boss"}})
    after = definitions({"A": {"Name": "Sum", "Type": "double"}, "C": {"Name": "Team"}})
    assert [(one.what, one.name) for one in definition_changes(before, after)] == [
        (What.CHANGED, "Sum"),
        (What.ADDED, "Team"),
        (What.REMOVED, "Boss"),
    ]


def test_a_longest_rising_series_is_kept():
    assert rising([4, 0, 1, 2, 3]) == {1, 2, 3, 4}
    assert rising([]) == set()
    assert len(rising([3, 1, 2, 0, 4])) == 3


def test_five_hundred_levels_are_compared():
    deep = step("End")
    for number in range(500):
        deep = step(f"L{number}", deep, kind="SequenceActivity")
    assert said([deep], [deep, step("More")]) == [(What.ADDED, "More", 0)]
