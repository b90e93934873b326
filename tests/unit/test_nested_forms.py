"""Forms with nested brackets: what they say, and what cannot be done by them."""

import io
import time

import pytest

from bizproc_admin.receiving import nested_forms
from bizproc_admin.receiving.nested_forms import parse, read


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (b"", {}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a[b][0]=x&a[b][1]=y", {"a": {"b": ["x", "y"]}}),
        (b"a%5Bb%5D%5B0%5D=x%26y+z", {"a": {"b": ["x&y z"]}}),
        (b"a[]=x&a[]=y", {"a": ["x", "y"]}),
        (b"a[5]=x&a[]=y", {"a": {"5": "x", "6": "y"}}),
        (b"a[1]=x&a[0]=y", {"a": {"1": "x", "0": "y"}}),
        (b"a=1&a=2", {"a": "2"}),
        (b"a=1&a[b]=2", {"a": {"b": "2"}}),
        (b"a[b]=2&a=1", {"a": "1"}),
        (b"a[b][c]=1&a[b]=2&a[b][d]=3", {"a": {"b": {"d": "3"}}}),
        (b"a[b]junk[c]=1", {"a": {"b": "1"}}),
        (b"a[b=1", {"a_b": "1"}),
        (b"a[b][c=1", {"a": {"b": "1"}}),
        (b"a.b c=1", {"a_b_c": "1"}),
        (b"=1&[a]=2&&a&b=", {"a": "", "b": ""}),
        (b"a=%ff%fe&b=%ED%A0%80&c=%zz%4", {"a": "��", "b": "���", "c": "%zz%4"}),
        (b"a%00b=x%00y", {"a�b": "x�y"}),
        ("Имя[Ключ]=Поставка".encode(), {"Имя": {"Ключ": "Поставка"}}),
        (b"__proto__[a]=1&constructor=2", {"__proto__": {"a": "1"}, "constructor": "2"}),
    ],
)
def test_a_form_is_read_as_php_reads_it(body, values):
    form = parse(body)
    assert form.values == values
    assert not form.is_cut


def test_what_lies_too_deep_is_left_out_and_the_rest_is_there():
    deep = b"a" + b"[b]" * 10_000 + b"=1"
    form = parse(b"first=1&" + deep + b"&last[x]=2")
    assert form.is_cut
    assert form.values == {"first": "1", "last": {"x": "2"}}
    at_bound = parse(b"a" + b"[b]" * 16 + b"=1")
    assert not at_bound.is_cut


def test_of_too_many_fields_the_edges_are_read():
    body = b"first=1&" + b"&".join(b"p[%d]=v" % n for n in range(60_000)) + b"&auth[t]=x"
    form = parse(body)
    assert form.is_cut
    assert (form.text("first"), form.text("auth", "t")) == ("1", "x")
    assert not parse(b"&".join(b"p[]=v" for _ in range(50_000))).is_cut


def test_a_body_beyond_the_bound_is_read_at_its_edges_and_never_held():
    body = b"first=1&p=" + b"x" * (6 * 1024 * 1024) + b"&auth[t]=y"
    form = read(io.BytesIO(body))
    assert form.is_cut
    assert (form.text("first"), form.text("auth", "t"), form.text("p")) == ("1", "y", "")
    just = b"first=1&p=" + b"x" * (nested_forms.MOST_BYTES - 20)
    assert not read(io.BytesIO(just)).is_cut


def test_of_fields_that_are_deep_by_the_thousand_the_flat_ones_are_read():
    deep = b"".join(b"&a%d" % n + b"[b]" * 16 + b"=v" for n in range(49_000))
    began = time.process_time()
    form = parse(b"first=1" + deep + b"&auth[t]=x")
    assert time.process_time() - began < 3
    assert form.is_cut
    assert (form.text("first"), form.text("auth", "t")) == ("1", "x")
    assert len(form.values) < 20_000
    text = parse(b"a=" + b"%5B" * 300_000 + b"&b[c][d]=" + b"[" * 300_000)
    assert not text.is_cut


def test_a_body_without_an_end_is_left():
    class Endless:
        taken = 0

        def read(self, size):
            self.taken += size
            return b"x" * size

    stream = Endless()
    assert read(stream).is_cut
    assert stream.taken <= nested_forms.MOST_TAKEN + 64 * 1024


@pytest.mark.parametrize(
    "body",
    [
        b"a[]=1&" * 49_999,
        b"&".join(b"a[x%d]=1&a[]=1" % n for n in range(24_000)),
        b"&".join(b"a[%d]=1" % n for n in range(49_000)),
        b"a[0]=1&a[9999999999]=1&"
        + b"".join(b"a[x%d]=1&" % n for n in range(12_000))
        + b"a[]=1&" * 12_000,
        b"a" + b"[" * 5_000_000,
        b"%" * 5_000_000,
        b"&".join(b"a[b]=1&a=2" for _ in range(24_000)),
        b"a[" + b"9" * 1000 + b"]=1&a[]=2",
    ],
)
def test_no_form_takes_long(body):
    began = time.process_time()
    parse(body)
    assert time.process_time() - began < 2
