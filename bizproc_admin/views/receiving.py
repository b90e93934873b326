"""The address that the portal calls; no session, no cookies, no person."""

import uuid
from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from gunicorn.http.errors import ParseException

from bizproc_admin import receiving
from bizproc_admin.receiving import Outcome

STATUS = {
    Outcome.NO_PORTAL: HTTPStatus.NOT_FOUND,
    Outcome.KEPT: HTTPStatus.OK,
    Outcome.REFUSED: HTTPStatus.FORBIDDEN,
    Outcome.TOO_MANY_REFUSED: HTTPStatus.TOO_MANY_REQUESTS,
    Outcome.NOT_A_CALL: HTTPStatus.BAD_REQUEST,
    Outcome.NOT_KEPT: HTTPStatus.SERVICE_UNAVAILABLE,
}
# seconds
AGAIN_AFTER = 30


@csrf_exempt
@login_not_required
@require_POST
def receive_calls(request: HttpRequest, calls_id: uuid.UUID) -> HttpResponse:
    """Keep a call of the portal; says nothing but whether it was kept."""
    try:
        outcome = receiving.receive(calls_id, body_of(request))
    except UnreadablePostError:
        outcome = Outcome.NOT_A_CALL
    answer = HttpResponse(status=STATUS[outcome], content_type="text/plain")
    if outcome in (Outcome.NOT_KEPT, Outcome.TOO_MANY_REFUSED):
        answer["Retry-After"] = str(AGAIN_AFTER)
    return answer


class Chunked:
    """A body in pieces, whose length was not told beforehand; Django itself would take it for none.

    Raises UnreadablePostError where the pieces are none, as a request does that breaks off.
    """

    def __init__(self, raw: receiving.Stream) -> None:
        self.raw = raw

    def read(self, size: int, /) -> bytes:
        try:
            return self.raw.read(size)
        except (OSError, ParseException) as error:
            raise UnreadablePostError(*error.args) from error


def body_of(request: HttpRequest) -> receiving.Stream:
    """Return what the body is read from."""
    raw = request.META.get("wsgi.input")
    is_chunked = request.META.get("wsgi.input_terminated") and "CONTENT_LENGTH" not in request.META
    return Chunked(raw) if is_chunked and raw is not None else request
