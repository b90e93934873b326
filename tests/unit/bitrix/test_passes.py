"""Whole lists from a portal whose rows come and go between two pages."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bizproc_admin import bitrix
from bizproc_admin.bitrix.chunks import Cursor
from bizproc_admin.bitrix.passes import Got, OverlapPass, PagePass


def offsets_to_the_row(rows, want):
    """Answer like bizproc.workflow.instances."""
    if want.gap is not None:
        rows = [one for one in rows if one > want.gap.after]
        rows = [one for one in rows if want.gap.before is None or one < want.gap.before]
        return Got(rows=[{"ID": one} for one in rows[:50]], total=0, next=None)
    page = rows[want.start : want.start + 50]
    more = want.start + 50 < len(rows)
    return Got(
        rows=[{"ID": one} for one in page],
        total=len(rows),
        next=want.start + 50 if more else None,
    )


def offsets_to_the_page(rows, want):
    """Answer like bizproc.task.list: rounded to pages, page 1 past the end."""
    number = want.start // 50
    if number * 50 >= len(rows):
        number = 0
    page = rows[number * 50 : number * 50 + 50]
    more = number * 50 + 50 < len(rows)
    return Got(
        rows=[{"ID": str(task), "USER_ID": str(user)} for task, user in page],
        total=len(rows),
        next=number * 50 + 50 if more else None,
    )


def read(walk, rows, answer, *, between=lambda: None, limit=50):
    """Carry a pass to its end and give its raw rows."""
    found = []
    for _ in range(10_000):
        wanted = walk.wants(limit)
        if not wanted:
            break
        got = []
        for want in wanted:
            got.append(answer(rows, want))
            between()
        found += walk.take(wanted, got)
    assert walk.complete
    return found


def named(numbers):
    return [f"{number:014d}.{number:08d}" for number in numbers]


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 99, 100, 148, 2_499, 2_500, 2_501, 5_000])
def test_a_quiet_list_is_read_whole_and_once(count):
    rows = named(range(count))
    found = [row["ID"] for row in read(OverlapPass(), rows, offsets_to_the_row)]
    assert found == rows


def test_a_hundred_thousand_rows_take_at_most_42_requests():
    rows = named(range(100_000))
    walk = OverlapPass()
    assert len(read(walk, rows, offsets_to_the_row)) == 100_000
    assert walk.requests <= 42


def test_ten_thousand_rows_take_five_requests_where_ten_pages_are_asked_for_at_first():
    rows = named(range(10_000))
    walk = OverlapPass(at_first=10)
    assert [row["ID"] for row in read(walk, rows, offsets_to_the_row)] == rows
    assert walk.requests == 5


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 98, 99, 490, 491])
def test_a_list_that_ends_within_the_pages_asked_for_at_first_takes_one_request(count):
    rows = named(range(count))
    walk = OverlapPass(at_first=10)
    assert [row["ID"] for row in read(walk, rows, offsets_to_the_row)] == rows
    assert walk.requests == (1 if count <= 490 else 2)


def test_ids_that_come_during_the_pass_are_found_on_the_last_page():
    rows = named(range(5_000))
    late = iter(named(range(5_000, 5_040)))

    def arrive():
        if (one := next(late, None)) is not None:
            rows.append(one)

    walk = OverlapPass()
    found = {row["ID"] for row in read(walk, rows, offsets_to_the_row, between=arrive)}
    assert found == set(rows)
    assert walk.requests == 4  # 1 page, then 102 pages in 3 batches: none for the late ones


def test_rows_that_vanish_before_a_page_break_the_overlap_and_are_bridged_by_id():
    rows = named(range(500))
    alive = set(rows[30:])
    calls = []

    def vanish():
        calls.append(1)
        if len(calls) == 4:
            del rows[:30]

    found = [row["ID"] for row in read(OverlapPass(), rows, offsets_to_the_row, between=vanish)]
    assert alive <= set(found)
    assert len(found) == len(set(found))


def test_a_gap_wider_than_a_page_is_read_to_its_end():
    rows = named(range(1_000))
    calls = []

    def vanish():
        calls.append(1)
        if len(calls) == 10:
            del rows[:300]

    found = {row["ID"] for row in read(OverlapPass(), rows, offsets_to_the_row, between=vanish)}
    assert set(named(range(300, 1_000))) <= found


@settings(max_examples=60)
@given(
    count=some.integers(min_value=0, max_value=700),
    limit=some.integers(min_value=1, max_value=8),
    at_first=some.integers(min_value=1, max_value=8),
    events=some.lists(some.tuples(some.booleans(), some.integers(0, 10_000)), max_size=80),
)
def test_whatever_comes_and_goes_no_row_alive_throughout_is_missed(count, limit, at_first, events):
    rows = named(range(count))
    throughout, happening, born = set(rows), iter(events), [count]

    def live():
        comes, number = next(happening, (True, None))
        if number is None:
            return
        if comes:
            rows.extend(named([born[0]]))
            born[0] += 1
        else:
            for _ in range(min(len(rows), number % 70)):
                throughout.discard(rows.pop(number % len(rows)))

    found = [
        row["ID"]
        for row in read(
            OverlapPass(at_first=at_first), rows, offsets_to_the_row, between=live, limit=limit
        )
    ]
    assert throughout <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("make", "rows", "answer"),
    [
        (OverlapPass, named(range(1_234)), offsets_to_the_row),
        (PagePass, [(number, 1) for number in range(1, 1_235)], offsets_to_the_page),
    ],
)
def test_a_pass_laid_aside_goes_on_from_its_stored_cursor(make, rows, answer):
    found, cursor = [], None
    for _ in range(100):
        walk = make(cursor)
        wanted = walk.wants(3)
        if not wanted:
            break
        found += walk.take(wanted, [answer(rows, want) for want in wanted])
        cursor = Cursor.from_json(json.loads(json.dumps(walk.cursor.as_json())))
    assert make(cursor).complete
    assert len(found) == len({row["ID"] for row in found}) == 1_234


def test_a_gap_survives_in_the_cursor():
    rows = named(range(300))
    walk = OverlapPass()
    walk.take(walk.wants(1), [offsets_to_the_row(rows, walk.wants(1)[0])])
    del rows[:40]
    walk.take(walk.wants(1), [offsets_to_the_row(rows, walk.wants(1)[0])])
    assert walk.cursor.gaps
    assert OverlapPass(walk.cursor).wants(2)[0].gap == walk.cursor.gaps[0]


@pytest.mark.parametrize("count", [0, 1, 50, 51, 100, 2_550, 2_551, 5_000])
def test_a_list_by_page_numbers_is_read_whole_and_once(count):
    rows = [(number, 1) for number in range(1, count + 1)]
    found = read(PagePass(key=("ID", "USER_ID")), rows, offsets_to_the_page)
    assert [(int(row["ID"]), int(row["USER_ID"])) for row in found] == rows


def test_tasks_whose_rows_touch_a_page_edge_are_named():
    rows = [(task, user) for task in range(1, 60) for user in (1, 2, 3)]  # 177 rows
    walk = PagePass(key=("ID", "USER_ID"))
    edges, requests = set(), 0
    while wanted := walk.wants(50):
        walk.take(wanted, [offsets_to_the_page(rows, want) for want in wanted])
        edges |= walk.edges
        requests += 1
    # Rows 50/51, 100/101 and 150/151 belong to these tasks.
    assert edges == {17, 34, 50, 51}
    assert requests == 2


def test_falling_back_to_page_one_past_the_end_ends_the_pass():
    rows = [(number, 1) for number in range(1, 161)]
    walk = PagePass(key=("ID", "USER_ID"))
    wanted = walk.wants(50)
    walk.take(wanted, [offsets_to_the_page(rows, want) for want in wanted])
    wanted = walk.wants(50)
    assert [want.start for want in wanted] == [50, 100, 150]
    del rows[120:]
    fresh = walk.take(wanted, [offsets_to_the_page(rows, want) for want in wanted])
    assert walk.complete
    assert [int(row["ID"]) for row in fresh] == list(range(51, 121))


@settings(max_examples=60)
@given(
    sizes=some.lists(some.integers(min_value=1, max_value=60), max_size=30),
    gone=some.lists(some.integers(0, 10_000), max_size=30),
    limit=some.integers(min_value=1, max_value=5),
)
def test_by_page_numbers_a_torn_task_is_always_named(sizes, gone, limit):
    rows = [(task, user) for task, size in enumerate(sizes, 1) for user in range(1, size + 1)]
    before = set(rows)
    vanishing = iter(gone)
    walk = PagePass(key=("ID", "USER_ID"))
    found, edges = set(), set()
    for _ in range(1_000):
        wanted = walk.wants(limit)
        if not wanted:
            break
        got = []
        for want in wanted:
            got.append(offsets_to_the_page(rows, want))
            if rows and (number := next(vanishing, None)) is not None:
                task = rows[number % len(rows)][0]
                rows[:] = [row for row in rows if row[0] != task]
        found |= {(int(row["ID"]), int(row["USER_ID"])) for row in walk.take(wanted, got)}
        edges |= walk.edges
    assert walk.complete
    for task in {task for task, _ in found}:
        whole = {row for row in before if row[0] == task}
        assert whole <= found or task in edges


@pytest.mark.parametrize("row", [{}, {"ID": None}, {"ID": ""}, {"ID": ["1"]}])
@pytest.mark.parametrize("make", [OverlapPass, PagePass])
def test_a_row_without_an_id_is_not_understood(make, row):
    walk = make()
    with pytest.raises(bitrix.BadAnswer, match="ID"):
        walk.take(walk.wants(1), [Got(rows=[row], total=1, next=None)])


def without_next(answer, *, total=None):
    """Answer as before, but never name a next page; a total may be claimed."""

    def page(rows, want):
        got = answer(rows, want)
        claimed = got.total if total is None or want.gap else total
        return Got(rows=got.rows, total=claimed, next=None)

    return page


def tasks(count):
    return [(number, 1) for number in range(1, count + 1)]


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100, 120, 2_551])
@pytest.mark.parametrize(
    ("make", "rows_of", "answer"),
    [(OverlapPass, lambda n: named(range(n)), offsets_to_the_row),
     (PagePass, tasks, offsets_to_the_page)],
)  # fmt: skip
def test_a_list_that_names_no_next_page_is_read_up_to_its_own_total(make, rows_of, answer, count):
    assert len(read(make(), rows_of(count), without_next(answer))) == count


@pytest.mark.parametrize(
    ("make", "rows", "answer"),
    [(OverlapPass, named(range(50)), offsets_to_the_row),
     (OverlapPass, named(range(30)), offsets_to_the_row),
     (OverlapPass, [], offsets_to_the_row),
     (PagePass, tasks(50), offsets_to_the_page),
     (PagePass, tasks(30), offsets_to_the_page),
     (PagePass, [], offsets_to_the_page)],
)  # fmt: skip
def test_a_list_that_counts_more_than_it_gives_is_asked_on_and_then_broken(make, rows, answer):
    walk, found = make(), []
    for _ in range(10):
        wanted = walk.wants(50)
        if not wanted:
            break
        page = without_next(answer, total=120)
        found += walk.take(wanted, [page(rows, want) for want in wanted])
    assert walk.wants(50) == []
    assert walk.broken
    assert not walk.complete
    assert len(found) == len(rows)


@pytest.mark.parametrize("make", [OverlapPass, PagePass])
def test_a_portal_that_gives_page_one_for_ever_is_not_asked_for_ever(make):
    rows = [{"ID": f"{number:04d}", "USER_ID": "1"} for number in range(1, 51)]
    walk = make()
    for _ in range(10):
        wanted = walk.wants(50)
        if not wanted:
            break
        walk.take(wanted, [Got(rows=rows, total=120, next=want.start + 50) for want in wanted])
    assert walk.wants(50) == []
    assert not walk.complete


def test_a_list_without_a_total_is_read_by_its_next():
    walk = PagePass()
    pages = {0: (range(1, 51), 50), 50: (range(51, 53), None)}
    found = []
    while wanted := walk.wants(50):
        got = []
        for want in wanted:
            ids, following = pages[want.start]
            rows = [{"ID": str(one)} for one in ids]
            got.append(Got(rows=rows, total=None, next=following))
        found += walk.take(wanted, got)
    assert len(found) == 52
