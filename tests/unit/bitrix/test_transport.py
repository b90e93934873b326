"""What one exchange proves, for every way in which it can go wrong."""

import gzip
import json
import os
import socket
import struct
import time
from datetime import UTC, datetime, timedelta

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix import Classification, Purpose, classify
from bizproc_admin.bitrix.transport import Call
from bizproc_admin.wording.portal_errors import for_people

from .stub import SECRET

WORKFLOW = "66e81a641752f8.56521481"


def failing(writer) -> bitrix.BitrixError:
    with pytest.raises(bitrix.BitrixError) as caught:
        writer.workflows.kill(WORKFLOW)
    assert caught.value.__context__ is None  # nothing that could hold the secret address
    return caught.value


def test_a_write_is_one_post_with_json_on_a_connection_of_its_own(stub, writer):
    writer.workflows.kill(WORKFLOW)
    writer.workflows.terminate(WORKFLOW, status="Stopped")

    assert [(path, body) for path, body, _ in stub.seen] == [
        (f"/rest/1/{SECRET}/bizproc.workflow.kill.json", {"ID": WORKFLOW}),
        (
            f"/rest/1/{SECRET}/bizproc.workflow.terminate.json",
            {"ID": WORKFLOW, "STATUS": "Stopped"},
        ),
    ]
    assert stub.seen[0][2]["User-Agent"] == "bizproc-admin/test"
    assert len(stub.connections) == 2


def test_reads_share_a_connection(stub, reader):
    reader.system.user_admin()
    reader.system.user_admin()
    assert len(stub.connections) == 1


def test_a_portal_that_is_not_there_was_certainly_not_asked(pacer):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/rest/1/{SECRET}/"
        transport = bitrix.Transport(bitrix.WebhookUrl(url), pacer=pacer)
        error = failing(bitrix.Writer(transport))
    assert isinstance(error, bitrix.NotSent)
    assert classify(error) is Classification.NOT_APPLIED_RETRY


def test_a_name_that_does_not_exist_was_certainly_not_asked(pacer):
    url = bitrix.WebhookUrl(f"https://portal.invalid/rest/1/{SECRET}/")
    error = failing(bitrix.Writer(bitrix.Transport(url, pacer=pacer)))
    assert isinstance(error, bitrix.NotSent)


def test_a_failed_tls_handshake_was_certainly_not_asked(stub, pacer):
    url = stub.webhook.reveal().replace("http:", "https:")
    error = failing(bitrix.Writer(bitrix.Transport(bitrix.WebhookUrl(url), pacer=pacer)))
    assert isinstance(error, bitrix.NotSent)


def hang(handler):
    handler.server.released.wait(5)


def reset(handler):
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    os.close(handler.connection.detach())


def hang_up(handler):
    handler.close_connection = True


def drip_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    _drip(handler, b"X-Slow: 1\r\n")


def drip_body(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    _drip(handler, b'{"result"')


def drip_until_closed(handler):
    """Without a length the end of the connection looks like the end of the body."""
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"result": true}')
    _drip(handler, b" ")


def _drip(handler, piece):
    for _ in range(100):
        handler.wfile.write(piece[:1])
        handler.wfile.flush()
        piece = piece[1:] or b" "
        if handler.server.released.wait(0.1):
            return


@pytest.mark.parametrize(
    "fault", [hang, reset, hang_up, drip_headers, drip_body, drip_until_closed]
)
def test_when_no_whole_answer_comes_the_outcome_of_a_write_is_unknown(stub, writer, fault):
    stub.then(fault)
    began = time.monotonic()
    error = failing(writer)
    assert isinstance(error, bitrix.NoAnswer)
    assert classify(error) is Classification.UNKNOWN
    assert time.monotonic() - began < 2
    assert len(stub.seen) == 1


def test_a_body_cut_short_of_its_length_leaves_the_outcome_unknown(stub, writer):
    stub.says(b'{"result": true}', claim=500)
    error = failing(writer)
    assert isinstance(error, bitrix.NoAnswer)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"result": tr', 200),
        (b"<html>Please sign in</html>", 200),
        (b"<html>Bad gateway</html>", 502),
        (b"", 200),
        (b"[]", 200),
        (b'"yes"', 200),
        (b"{}", 200),
        (b'{"result": true}', 500),
        (b'{"result": "\xff\xfe"}', 200),
        (b"[" * 200_000, 200),
        (b'{"result": ' + b"9" * 5000 + b"}", 200),
    ],
)
def test_an_answer_that_makes_no_sense_leaves_the_outcome_unknown(stub, writer, body, status):
    stub.says(body, status=status)
    error = failing(writer)
    assert isinstance(error, bitrix.BadAnswer)
    assert classify(error) is Classification.UNKNOWN


@pytest.mark.parametrize("result", [False, None, 1, "true", [], {}])
def test_a_write_answered_by_anything_but_true_is_not_accepted(stub, writer, result):
    stub.says({"result": result})
    assert classify(failing(writer)) is Classification.UNKNOWN


def test_a_huge_body_is_refused_even_when_it_travels_small(stub, pacer):
    stub.says(gzip.compress(b" " * 3_000_000), headers={"Content-Encoding": "gzip"})
    transport = bitrix.Transport(stub.webhook, pacer=pacer, response_limit=1_000_000)
    error = failing(bitrix.Writer(transport))
    assert isinstance(error, bitrix.BadAnswer)
    assert "longer than 1000000 bytes" in error.for_logs


def test_a_huge_plain_body_is_refused_while_it_comes(stub, pacer):
    stub.says(b" " * 3_000_000)
    transport = bitrix.Transport(stub.webhook, pacer=pacer, response_limit=1_000_000)
    assert isinstance(failing(bitrix.Writer(transport)), bitrix.BadAnswer)


def test_a_packed_body_is_unpacked(stub, writer):
    stub.says(gzip.compress(b'{"result": true}'), headers={"Content-Encoding": "gzip"})
    assert writer.workflows.kill(WORKFLOW).result is True


@pytest.mark.parametrize("packing", ["br", "deflate", "gzip"])
def test_a_body_packed_otherwise_than_it_says_is_not_understood(stub, writer, packing):
    stub.says(b'{"result": true}', headers={"Content-Encoding": packing})
    assert isinstance(failing(writer), bitrix.BadAnswer)


def test_a_redirect_is_not_followed_and_says_only_where_to(stub, writer):
    stub.says(b"", status=302, headers={"Location": f"https://new.example/rest/1/{SECRET}/x"})
    error = failing(writer)
    assert isinstance(error, bitrix.Moved)
    assert error.host == "new.example"
    assert "new.example" in for_people(error.code, error.values)
    assert classify(error) is Classification.REJECTED
    assert len(stub.seen) == 1


def test_a_redirect_to_the_portal_itself_is_no_move(stub, writer):
    stub.says(b"", status=301, headers={"Location": f"https://127.0.0.1/rest/1/{SECRET}/x"})
    error = failing(writer)
    said = for_people(error.code, error.values)
    assert "a page of its own (HTTP 301)" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Поле «Сумма» обязательно.<br>Поле &quot;Срок&quot; пусто.<br />",
         'Поле «Сумма» обязательно.\nПоле "Срок" пусто.'),
        ("<p>One</p><p><b>Two</b> &amp; <a href=\"x\">three</a>&nbsp;</p>", "One\nTwo & three"),
        ("5 < 6 and 7 > 3, a<b", "5 < 6 and 7 > 3, a<b"),
    ],
)  # fmt: skip
def test_what_the_portal_wrote_for_a_page_is_read_as_text(stub, writer, written, read):
    stub.says({"error": "ERROR_TASK_VALIDATION", "error_description": written}, status=400)
    assert failing(writer).text == read


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
def test_the_key_error_makes_an_error_whatever_its_value_and_the_status(stub, writer, status):
    stub.says(
        {"error": "", "error_description": "The business process is not found."}, status=status
    )
    error = failing(writer)
    assert isinstance(error, bitrix.Refused)
    assert error.text == "The business process is not found."
    assert error.vendor_code == ""
    assert error.status == status


def test_the_code_is_compared_without_case(stub, writer):
    stub.says({"error": "query_limit_exceeded"}, status=503)
    assert isinstance(failing(writer), bitrix.RateLimited)


def test_a_rate_limit_is_told_to_the_pacer_and_not_repeated_for_a_write(stub, writer, pacer):
    stub.says({"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many"}, status=503)
    failing(writer)
    assert pacer.limited == 1
    assert len(stub.seen) == 1


def test_an_exhausted_method_is_free_again_when_the_last_answer_said_so(stub, writer, pacer):
    resets_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=200)
    operating = {"operating": 479.5, "operating_reset_at": int(resets_at.timestamp())}
    stub.says({"result": True, "time": operating})
    stub.says({"error": "OPERATION_TIME_LIMIT", "error_description": "blocked"}, status=429)
    writer.workflows.kill(WORKFLOW)
    error = failing(writer)
    assert isinstance(error, bitrix.MethodExhausted)
    assert error.resets_at == resets_at
    assert pacer.exhausted == [("bizproc.workflow.kill", resets_at)]
    assert pacer.times[0][1].operating == 479.5


def test_an_exhausted_method_without_a_known_reset_waits_a_minute(stub, writer):
    stub.says({"error": "OPERATION_TIME_LIMIT"}, status=429)
    error = failing(writer)
    assert timedelta(seconds=50) < error.resets_at - datetime.now(UTC) <= timedelta(seconds=60)
    assert error.wait == pytest.approx(60)


def test_the_moment_of_sending_is_before_the_answer_and_aware(stub, writer):
    before = datetime.now(UTC)
    written = writer.workflows.kill(WORKFLOW)
    assert before <= written.sent_at <= datetime.now(UTC)
    assert written.status == 200


def test_a_broken_time_block_does_not_spoil_an_accepted_write(stub, writer):
    for time_block in ("soon", {"operating": "x", "date_finish": "?", "operating_reset_at": 1e30}):
        stub.says({"result": True, "time": time_block})
        assert writer.workflows.kill(WORKFLOW).result is True


def test_no_environment_proxy_is_used(stub, writer, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert writer.workflows.kill(WORKFLOW).result is True


def test_a_reserved_permit_is_used_once(writer, pacer):
    writer.reserve("bizproc.workflow.kill")
    writer.workflows.kill(WORKFLOW)
    assert len(pacer.acquired) == 1
    writer.workflows.kill(WORKFLOW)
    assert len(pacer.acquired) == 2
    assert pacer.acquired[0] == ("bizproc.workflow.kill", Purpose.WRITE)


def batch(transport, *keys):
    return transport.batch(
        {key: Call(method="profile", params={}) for key in keys},
        is_write=False,
        purpose=Purpose.PASSES,
        patience=1,
    )


def test_a_batch_gives_each_command_its_own_answer_error_or_absence(stub, transport):
    stub.says(
        {
            "result": {
                "result": {"a": [1], "n": None},
                "result_error": {"b": {"error": "", "error_description": "no"}},
                "result_total": {"a": 120},
                "result_next": {"a": 50},
                "result_time": {"a": {"operating": 2.5}},
            }
        }
    )
    answer = batch(transport, "a", "b", "c", "n")
    assert answer.replies["a"].result == [1]
    assert (answer.replies["a"].total, answer.replies["a"].next) == (120, 50)
    assert answer.replies["a"].time.operating == 2.5
    assert answer.replies["n"].result is None
    assert answer.errors["b"].text == "no"
    assert answer.errors["b"].status is None
    assert answer.missing == {"c"}


@pytest.mark.parametrize("empty", [[], {}, None])
def test_a_batch_takes_empty_lists_for_empty_maps(stub, transport, empty):
    maps = ("result_error", "result_total", "result_next", "result_time")
    stub.says({"result": {"result": {"a": 1}, **dict.fromkeys(maps, empty)}})
    assert batch(transport, "a").replies["a"].result == 1


def test_a_batch_takes_lists_for_maps_with_numbers_as_keys(stub, transport):
    stub.says({"result": {"result": [7, 8], "result_error": []}})
    answers = batch(transport, "0", "1").replies
    assert [answers["0"].result, answers["1"].result] == [7, 8]


def test_a_batch_whose_answer_is_no_object_is_not_understood(stub, transport):
    stub.says({"result": [1]})
    with pytest.raises(bitrix.BadAnswer):
        batch(transport, "a")


def test_a_batch_writes_nested_values_in_brackets_and_encodes_them(stub, transport):
    stub.says({"result": {"result": {"a": 1}}})
    params = {
        "filter": {">=MODIFIED": "2026-01-01T00:00:00+02:00", "ID": ["a&b", "ж"]},
        "start": 0,
        "flag": True,
        "none": None,
    }
    command = Call(method="bizproc.workflow.instances", params=params)
    transport.batch({"a": command}, is_write=False, purpose=Purpose.PASSES, patience=1)
    sent = stub.seen[0][1]
    assert sent["halt"] == 0
    assert sent["cmd"]["a"] == (
        "bizproc.workflow.instances?filter%5B%3E%3DMODIFIED%5D=2026-01-01T00%3A00%3A00%2B02%3A00"
        "&filter%5BID%5D%5B0%5D=a%26b&filter%5BID%5D%5B1%5D=%D0%B6&start=0&flag=1&none="
    )


def test_a_batch_holds_one_to_fifty_commands(transport):
    for keys in ([], [str(number) for number in range(51)]):
        with pytest.raises(ValueError, match="1 to 50"):
            batch(transport, *keys)


def test_json_keeps_types(stub, transport):
    transport.call(
        "profile",
        {"a": [1, "1", True, None]},
        is_write=False,
        purpose=Purpose.PASSES,
        patience=1,
    )
    assert json.dumps(stub.seen[0][1]) == '{"a": [1, "1", true, null]}'


@pytest.mark.parametrize(
    "body",
    [
        b'{"result": {"na\\u0000me": ["a\\u0000b", 1]}}',
        b'{"result": {"na\\uD800me": ["a\\udfffb", 1]}}',
        b'{"result": {"na\xed\xa0\x80me": ["a\xed\xbf\xbfb", 1]}}',
    ],
)
def test_what_no_database_can_store_becomes_the_sign_for_an_unreadable_character(
    stub, transport, body
):
    stub.says(body)
    answer = transport.call("profile", {}, is_write=False, purpose=Purpose.VERIFY, patience=1)
    assert answer.result == {"na\N{REPLACEMENT CHARACTER}me": ["a\N{REPLACEMENT CHARACTER}b", 1]}


def test_a_character_written_as_two_escapes_stays_whole(stub, transport):
    stub.says(b'{"result": "\\ud83d\\ude00 \\u0434\xed\x95\x9c"}')
    answer = transport.call("profile", {}, is_write=False, purpose=Purpose.VERIFY, patience=1)
    assert answer.result == "\N{GRINNING FACE} д한"


@pytest.mark.parametrize("control", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
@pytest.mark.parametrize("escaped", [True, False])
def test_what_turns_the_direction_of_a_name_is_shown(stub, reader, control, escaped):
    row = {"ID": "1", "ADMIN": True, "NAME": f"{control}avonaP", "LAST_NAME": "Петрова"}
    stub.says(json.dumps({"result": row}, ensure_ascii=escaped).encode())
    profile = reader.system.profile()
    assert (profile.name, profile.last_name) == ("\N{REPLACEMENT CHARACTER}avonaP", "Петрова")
