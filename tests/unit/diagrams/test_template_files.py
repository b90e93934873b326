"""Template files: decoded within their caps, refused by codes, written byte for byte."""

import base64
import gzip
import json
import zlib
from pathlib import Path

import pytest

from bizproc_admin.diagrams import reading
from bizproc_admin.diagrams.php_values import Note, serialize
from bizproc_admin.diagrams.template_files import (
    LARGEST_FILE,
    LARGEST_INFLATED,
    TemplateFileError,
    decode,
    encode,
    structure_digest,
)
from sandbox import bpt

SAMPLE = (Path(__file__).parents[2] / "samples" / "bp-379.bpt").read_bytes()
ROOT = {"Type": "SequentialWorkflowActivity", "Name": "Template", "Properties": [], "Children": []}


def file(**content):
    return zlib.compress(serialize({"VERSION": 2, "TEMPLATE": [ROOT], **content}), 9)


def refused(data):
    with pytest.raises(TemplateFileError) as caught:
        decode(data)
    return caught.value


def test_a_real_file_is_decoded_and_its_inflated_bytes_are_written_again():
    read = decode(SAMPLE)
    assert zlib.decompress(read.encoded()) == zlib.decompress(SAMPLE)
    assert read.notes == ()
    root = reading.read(read.structure)
    assert [step.type for step in root.walk()] == [
        "SequentialWorkflowActivity", "SocNetMessageActivity",
    ]  # fmt: skip
    assert len(read.document_fields) == 20
    assert read.document_fields["NAME"]["settings"] == {"SHOW_ADD_FORM": "Y", "SHOW_EDIT_FORM": "Y"}
    assert (read.parameters, read.variables, read.constants) == ({}, {}, {})


def test_what_the_portal_answers_becomes_the_same_file_without_document_fields():
    read = decode(SAMPLE)
    answered = json.loads(json.dumps(read.structure))
    written = zlib.decompress(encode(answered, parameters=[], variables={}, constants=[]))
    content = {name: part for name, part in read.content.items() if name != "DOCUMENT_FIELDS"}
    assert written == serialize(content)
    assert written[5:] == zlib.decompress(SAMPLE)[5 : len(written) - 1] + b"}"
    assert decode(encode(answered, document_fields={"A": {"Name": "A"}})).document_fields


def test_one_structure_has_one_digest_whichever_way_it_was_read():
    step = {"Type": "A", "Properties": {"Rate": 2.0}}
    read = decode(file(TEMPLATE=[step]))
    assert read.structure[0]["Properties"]["Rate"] == 2.0
    assert read.digest() == structure_digest([{"Type": "A", "Properties": {"Rate": 2}}])
    assert read.digest() != structure_digest([{"Type": "A", "Properties": {"Rate": 2.5}}])


def test_a_file_of_the_emulated_portal_is_read_as_it_was_meant():
    parameters = {"Сумма": {"Name": "Сумма", "Type": "double", "Options": "", "Default": 1.5}}
    read = decode(bpt.write({"TEMPLATE": {"0": ROOT}, "PARAMETERS": parameters, "EXTRA": 1}))
    assert read.parameters == parameters
    assert read.notes == (Note("unknown_part", key="EXTRA"),)


def test_uncompressed_files_base64_and_other_versions_are_read_and_noted():
    plain = zlib.decompress(SAMPLE)
    assert decode(plain).notes == (Note("uncompressed"),)
    text = base64.encodebytes(SAMPLE)
    assert decode(text).notes == (Note("base64"),)
    assert decode(text).content == decode(plain).content
    assert decode(file(VERSION=3)).notes == (Note("unknown_version", key="3"),)


def raw_deflate(data):
    return zlib.compress(data)[2:-4]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"x" * (LARGEST_FILE + 1), "too_large"),
        (b"<html>no file</html>", "not_a_template"),
        (b"PK\x03\x04 an archive", "not_a_template"),
        (base64.b64encode(b"something else"), "not_a_template"),
        (gzip.compress(zlib.decompress(SAMPLE)), "gzip"),
        (raw_deflate(zlib.decompress(SAMPLE)), "raw_deflate"),
        (SAMPLE[:-1], "cut_off"),
        (SAMPLE[:700], "cut_off"),
        (SAMPLE[:700] + b"\x00" * 9 + SAMPLE[709:], "damaged"),
        (SAMPLE + b"\n", "trailing_data"),
        (SAMPLE + SAMPLE, "trailing_data"),
        (zlib.decompress(SAMPLE) + b"N;", "trailing_data"),
        (zlib.compress(b"i:5;"), "not_a_template"),
        (zlib.compress(serialize([1, 2])), "not_a_template"),
        (zlib.compress(serialize({"VERSION": 2})), "no_template"),
        (file(TEMPLATE=[]), "no_template"),
        (file(TEMPLATE=[ROOT, ROOT]), "not_one_root"),
        (file(TEMPLATE="text"), "not_one_root"),
        (file(TEMPLATE=[{"Type": ""}]), "no_activity"),
        (file(TEMPLATE=["Type"]), "no_activity"),
    ],
)
def test_what_is_no_file_is_refused_by_a_code(data, code):
    assert refused(data).code == code


def bomb(size):
    reader = zlib.compressobj(9)
    parts = [reader.compress(b"\0" * 2**20) for _ in range(size // 2**20)]
    return b"".join((*parts, reader.flush()))


@pytest.mark.parametrize(
    ("data", "limit"),
    [
        (bomb(2**20), 200),
        (bomb(256 * 2**20), LARGEST_INFLATED),
        (zlib.compress(b'a:1:{s:8:"TEMPLATE";s:9000000:"' + b"A" * 9_000_000 + b'";}'), 200),
    ],
)
def test_a_bomb_is_refused_long_before_it_is_inflated(data, limit):
    error = refused(data)
    assert (error.code, error.limit) == ("inflates_too_far", limit)
    assert error.size <= LARGEST_INFLATED + 2**16
    assert error.size <= 200 * len(data) + 2**16


def test_a_bomb_inside_a_bomb_is_no_template():
    assert refused(zlib.compress(bomb(2**20))).code in ("unknown_type", "not_a_template")


def test_an_object_names_the_step_that_holds_it():
    step = {"Type": "CodeActivity", "Properties": {"Title": "Код", "X": "@"}}
    content = serialize({"TEMPLATE": [{**ROOT, "Children": [step]}]})
    error = refused(zlib.compress(content.replace(b's:1:"@";', b'O:8:"stdClass":0:{}')))
    assert (error.code, error.found) == ("object", "O")
    assert [place.key for place in error.path[-2:]] == ["Properties", "X"]
    assert [place.title for place in error.path if place.step] == ["", "Код"]
