"""What the api answers when it says no: one body, `netwatch.error/1`, and one table from error to status."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from netwatch.errors import Conflict, InvalidFile, NetwatchError, NotFound, Reason, Refused, StoreError

log = logging.getLogger("netwatch.web")

STATUS: tuple[tuple[type[NetwatchError], int, str], ...] = (
    (Refused, 403, "refused"),
    (NotFound, 404, "not_found"),
    (Conflict, 409, "conflict"),
    (InvalidFile, 422, "invalid"),
    (StoreError, 503, "store"),
    (NetwatchError, 500, "failed"),
)
SERVER_FAULT = Reason(
    "server_fault",
    "Kesalahan di dalam netwatch; tidak ada yang tercatat. Sebutkan nomor jejak (trace) kepada pengelola.",
    "A fault inside netwatch; nothing was recorded. Tell the operator the trace number.",
)


def error_body(key: str, reasons: Sequence[Reason], trace: str) -> dict[str, Any]:
    """Return the body of every refusal and failure. It carries no traceback, path or SQL; the trace finds them in the log."""
    return {
        "schema": "netwatch.error/1",
        "error": key,
        "reasons": [{"key": reason.key, "id": reason.id, "en": reason.en} for reason in reasons],
        "trace": trace,
    }


def refusal(status: int, key: str, reasons: Sequence[Reason], trace: str) -> JSONResponse:
    """Return an error answer."""
    return JSONResponse(error_body(key, reasons, trace), status_code=status)


def trace_of(request: Request) -> str:
    """Return the request's trace id."""
    return str(request.scope.get("state", {}).get("trace", ""))


def reasons_of(error: NetwatchError) -> tuple[Reason, ...]:
    """Return an error's reasons; an error that has none says its sentence."""
    if isinstance(error, Refused):
        return error.reasons
    if isinstance(error, InvalidFile):
        return tuple(Reason("invalid", str(fault), str(fault)) for fault in error.faults)
    reason = getattr(error, "reason", None)
    if isinstance(reason, Reason):
        return (reason,)
    return (Reason(type(error).__name__.lower(), str(error), str(error)),)


def install(app: FastAPI) -> None:
    """Let the app answer its errors with `netwatch.error/1`."""

    @app.exception_handler(NetwatchError)
    async def known(request: Request, error: Exception) -> Response:
        status, key = next((status, key) for kind, status, key in STATUS if isinstance(error, kind))
        if status >= 500:
            log.error("request_failed", extra={"trace": trace_of(request), "path": request.url.path}, exc_info=error)
        assert isinstance(error, NetwatchError)
        return refusal(status, key, reasons_of(error), trace_of(request))

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return refusal(422, "invalid", [_shape(fault) for fault in error.errors()], trace_of(request))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        text = str(error.detail)
        return refusal(error.status_code, f"http_{error.status_code}", [Reason("http", text, text)], trace_of(request))

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> Response:
        log.error("request_crashed", extra={"trace": trace_of(request), "path": request.url.path}, exc_info=error)
        return refusal(500, "server_fault", [SERVER_FAULT], trace_of(request))


def _shape(fault: Any) -> Reason:
    place = ".".join(str(part) for part in fault.get("loc", ()) if part != "body")
    return Reason("invalid", f"{place}: {fault.get('msg')}", f"{place}: {fault.get('msg')}")
