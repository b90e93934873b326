"""PHP's serialized values: what is read and written, and what is refused where it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bizproc_admin.diagrams.php_values import (
    DEEPEST,
    MOST_NODES,
    Note,
    Place,
    Unserializable,
    serialize,
    unserialize,
)
from sandbox import bpt

WRITTEN = [
    (b"N;", None),
    (b"b:0;", False),
    (b"i:-5;", -5),
    (b"d:1;", 1.0),
    (b"d:0.1;", 0.1),
    (b"d:1.0E+25;", 1e25),
    (b"d:-1.5E-7;", -1.5e-7),
    (b"d:100000;", 1e5),
    (b"d:0.0001;", 0.0001),
    ('s:6:"Шаг";'.encode(), "Шаг"),
    (b's:8:"a";s:1:"";', 'a";s:1:"'),
    (b"a:0:{}", []),
    (b'a:2:{i:0;i:7;i:1;s:1:"x";}', [7, "x"]),
    (b"a:2:{i:1;i:7;i:0;N;}", {"1": 7, "0": None}),
    (b'a:3:{i:0;b:1;s:2:"01";b:0;i:-3;N;}', {"0": True, "01": False, "-3": None}),
    (b'a:1:{s:20:"99999999999999999999";i:1;}', {"99999999999999999999": 1}),
]


@pytest.mark.parametrize(("written", "value"), WRITTEN)
def test_a_value_is_read_and_written_as_it_was(written, value):
    read = unserialize(written)
    assert (read.value, read.notes) == (value, ())
    assert type(read.value) is type(value)
    assert serialize(read.value) == written


def refused(data):
    with pytest.raises(Unserializable) as caught:
        unserialize(data)
    return caught.value


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'O:8:"stdClass":0:{}', "object"),
        (b'C:3:"Foo":2:{xx}', "object"),
        (b'E:7:"A:Hello";', "object"),
        (b"a:2:{i:0;i:1;i:1;R:2;}", "reference"),
        (b"a:2:{i:0;i:1;i:1;r:2;}", "reference"),
        (b'S:1:"a";', "unknown_type"),
        (b"x:1;", "unknown_type"),
        (b's:two:"ab";', "malformed"),
        (b"a:-1:{i:0;i:1;}", "malformed"),
        (b"i:5", "cut_off"),
        (b"", "cut_off"),
        (b"a:2:{i:0;i:1;", "cut_off"),
        (b"a:1:{i:0;i:1;", "cut_off"),
        (b's:9:"ab";', "cut_off"),
        ('s:3:"Шаг";'.encode(), "wrong_length"),
        (b"a:1:{i:0;i:1;i:1;i:2;}", "wrong_count"),
        (b"a:2:{i:0;i:1;}", "wrong_count"),
        (b"a:999999999:{i:0;i:1;}", "wrong_count"),
        (b"b:2;", "bad_number"),
        (b"i:99999999999999999999;", "bad_number"),
        (b"i:1_0;", "bad_number"),
        (b"d:INF;", "bad_number"),
        (b"d:NAN;", "bad_number"),
        (b"a:1:{b:1;i:1;}", "bad_key"),
        (b"a:1:{a:0:{}i:1;}", "bad_key"),
        (b"N;N;", "trailing_data"),
    ],
)
def test_what_is_not_read_is_named_by_a_code(data, code):
    assert refused(data).code == code


def array(**items):
    pairs = b"".join(serialize(key) + value for key, value in items.items())
    return b"a:%d:{%s}" % (len(items), pairs)


def test_an_object_is_refused_with_the_path_of_its_step():
    properties = array(Title=serialize("Проверка"), X=b'O:8:"stdClass":0:{}')
    step = array(Type=serialize("CodeActivity"), Properties=properties)
    root = array(Type=serialize("S"), Properties=array(Title=serialize("R")),
                 Children=b"a:2:{i:0;N;i:1;" + step + b"}")  # fmt: skip
    error = refused(array(TEMPLATE=b"a:1:{i:0;" + root + b"}"))
    assert (error.code, error.found) == ("object", "O")
    assert error.path == (
        Place("TEMPLATE"),
        Place("0", step=1, title="R"),
        Place("Children"),
        Place("1", step=2, title="Проверка"),
        Place("Properties"),
        Place("X"),
    )


def test_depth_and_number_of_values_have_a_limit_and_nothing_recurses():
    def nested(depth):
        return b"a:1:{i:0;" * depth + b"N;" + b"}" * depth

    assert serialize(unserialize(nested(DEEPEST)).value) == nested(DEEPEST)
    assert refused(nested(DEEPEST + 1)).code == "too_deep"
    assert refused(b"a:1:{i:0;" * 2_000_000).code == "too_deep"
    flat = b"".join(b"i:%d;N;" % number for number in range(MOST_NODES + 1))
    assert refused(b"a:%d:{%s}" % (MOST_NODES + 1, flat)).code == "too_many"


def test_bytes_that_are_no_utf8_are_read_as_windows_1251_and_noted():
    old = "Шаг".encode("cp1251")
    read = unserialize(b'a:2:{s:1:"a";s:3:"%s";s:1:"b";s:3:"%s";}' % (old, old))
    assert read.value == {"a": "Шаг", "b": "Шаг"}
    assert read.notes == (Note("windows_1251", (Place("a"),), count=2),)
    assert unserialize(b's:1:"\x98";').value == "\N{REPLACEMENT CHARACTER}"


def test_of_two_values_under_one_key_the_later_counts_and_it_is_noted():
    read = unserialize(b'a:1:{s:1:"a";a:2:{s:1:"b";i:1;s:1:"b";i:2;}}')
    assert read.value == {"a": {"b": 2}}
    assert read.notes == (Note("duplicate_key", (Place("a"),), key="b"),)


SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20)
SCALARS |= st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5) | st.integers(-9, 9).map(str), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_whatever_is_written_is_read_back_and_as_the_emulated_portal_writes_it(value):
    written = serialize(value)
    read = unserialize(written)
    assert serialize(read.value) == written
    assert bpt.serialize(bpt.unserialize(written)) == bpt.serialize(value)
    assert bpt.unserialize(written) == read.value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    try:
        unserialize(data)
    except Unserializable as error:
        assert 0 <= error.offset <= len(data)
