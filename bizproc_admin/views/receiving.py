"""The address that the portal calls; no session, no cookies, no person."""

import uuid
from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

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


def body_of(request: HttpRequest) -> receiving.Stream:
    """Return what the body is read from, also where its length was not told beforehand."""
    raw = request.META.get("wsgi.input")
    is_chunked = request.META.get("wsgi.input_terminated") and "CONTENT_LENGTH" not in request.META
    return raw if is_chunked and raw is not None else request
