"""The page of a fault of the console itself."""

from django.http import HttpRequest, HttpResponse
from django.template import loader


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that something failed here, with the number under which the log tells what.

    Asks nothing of the database: it may be what failed.
    """
    number = getattr(request, "id", "")
    page = loader.get_template("500.html").render({"request_id": number})
    return HttpResponse(page, status=500)
