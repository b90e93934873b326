"""A 429 of the gateway: how long is to be waited, and that every request of the source waits."""

from datetime import UTC, datetime

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix.gateway import GatewayKey, GatewayTransport, GatewayWriter
from tests.unit.bitrix.stub import FreePacer

LIMITED = {"success": False, "error": {"code": "RATE_LIMITED", "message": "QUERY_LIMIT_EXCEEDED"}}


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        (LIMITED, {"Retry-After": "40"}, 40),
        ({**LIMITED, "error": {**LIMITED["error"], "retryAfter": 30}}, {}, 30),
        ({**LIMITED, "error": {**LIMITED["error"], "retryAfter": 30}}, {"Retry-After": "40"}, 40),
        ({**LIMITED, "error": {**LIMITED["error"], "retryAfter": True}}, {}, 1),
        (LIMITED, {"Retry-After": "Fri, 27 Nov 2026 18:00:00 GMT"}, 1),
        (LIMITED, {"Retry-After": "86400"}, 300),
        ("<html>Too many requests</html>", {"Retry-After": "40"}, 40),
        ("", {}, 1),
    ],
)
def test_it_is_waited_as_long_as_it_says(stub, body, headers, seconds):
    stub.then(lambda handler: handler.reply(body, status=429, headers=headers))
    pacer = FreePacer()
    key = GatewayKey(f"http://127.0.0.1:{stub.server_port}/v1", "vibe_api_0123456789")
    writer = GatewayWriter(GatewayTransport(key, pacer=pacer))
    writer.reserve("bizproc.event.send")
    with pytest.raises(bitrix.RateLimited) as limited:
        writer.application_steps.answer("a.b.c")
    assert limited.value.retry_after == seconds
    assert bitrix.classify(limited.value) is bitrix.Classification.NOT_APPLIED_RETRY
    # what is reserved and what is blocked is one and the same for all requests
    assert [method for method, _purpose in pacer.acquired] == ["gateway"]
    ((blocked, until),) = pacer.exhausted
    assert blocked == "gateway"
    assert (until - datetime.now(UTC)).total_seconds() == pytest.approx(seconds, abs=2)
