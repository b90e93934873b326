"""Where a secret may come to light: in an error and its causes, and in what a portal echoes."""

import json
import traceback


def said_by(error):
    """Give everything an error and what is chained to it may show, local variables included."""
    shown = [error.code, json.dumps(error.values), error.for_logs]
    seen: BaseException | None = error
    while seen is not None:
        shown += [repr(seen), str(seen), "".join(traceback.format_exception(seen)), _locals(seen)]
        seen = seen.__context__ or seen.__cause__
    return shown


def _locals(error):
    """Write out the local variables of every frame, as an error page for developers would."""
    frames = traceback.walk_tb(error.__traceback__)
    ours = [frame for frame, _ in frames if "bitrix" in frame.f_code.co_filename]
    return " ".join(repr(frame.f_locals) for frame in ours if "test_" not in frame.f_code.co_name)


def logged(caplog):
    """Give everything that was logged, records with all their parts."""
    return [caplog.text, *(repr(record.__dict__) for record in caplog.records)]


def request_of(handler):
    """Write out the last request whole: its path, its headers and its body."""
    path, body, headers = handler.server.seen[-1]
    return f"{path} {json.dumps(body)} {json.dumps(headers)}"


def fine(handler):
    handler.reply({"result": True})


def kill(handler):
    handler.close_connection = True


def echo(handler):
    said = request_of(handler)
    handler.reply({"error": f"X{said}", "error_description": f"no {said}"}, status=400)


def redirect(handler):
    path, _, headers = handler.server.seen[-1]
    where = f"{path}?{headers.get('Authorization', '')}"
    handler.reply(b"", status=301, headers={"Location": where})


def garbage(handler):
    handler.wfile.write(b"no http at all\r\n\r\n")
    handler.close_connection = True


def bad_chunks(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    handler.close_connection = True


def no_page(handler):
    handler.reply(f"<html>{request_of(handler)}</html>", status=404)


def odd_result(handler):
    handler.reply({"result": request_of(handler)})


SCRIPTS = [fine, kill, echo, redirect, garbage, bad_chunks, no_page, odd_result]
