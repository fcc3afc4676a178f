"""The gate in front of every route: who may come in, from where, and with how much luggage.

Decided before a byte of the body is read. A pure ASGI middleware, so that nothing behind it can forget to ask.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from netwatch.errors import Reason
from netwatch.sop.people import People
from netwatch.web import answers
from netwatch.web.auth import UNMAPPED, Peer, identify

PUBLIC = frozenset({"/-/healthy", "/-/ready", "/metrics"})
TCP_READABLE = PUBLIC | {"/api/v1/status"}  # what the TCP port shows without a session; the board will bring sessions
BODY_LIMIT = 1 << 20
UPLOAD_LIMIT = 64 << 20  # one request with files; a file has its own limit of 15 MB
TRACE = re.compile(r"[A-Za-z0-9._-]{1,64}")
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
)

NOT_OVER_TCP = Reason(
    "socket_only",
    "Hanya lewat soket lokal: pakailah perintah netwatch di server ini.",
    "Only over the local socket: use the netwatch command on this host.",
)
WITH_ORIGIN = Reason(
    "origin_refused",
    "Permintaan dari halaman web tidak diterima di soket ini.",
    "Requests made by a web page are not taken on this socket.",
)
UNKNOWN_ACCOUNT = Reason(
    "unknown_account",
    "Akun Anda tidak terdaftar di people.yaml: mintalah pengelola menambahkannya pada `accounts` atau `recorders`.",
    "Your account is not in people.yaml: ask the operator to add it to `accounts` or `recorders`.",
)
BROKEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
BROKEN_ADDRESS = Reason("broken_address", "Alamat permintaan rusak.", "The address of the request is broken.")
TOO_LARGE = Reason("too_large", "Isi permintaan terlalu besar.", "The request is too large.")
STATUS = {TOO_LARGE.key: 413, BROKEN_ADDRESS.key: 422}


class Gate:
    """Let in known callers; give each request a trace id, each answer its headers."""

    def __init__(self, app: ASGIApp, people: Callable[[], People], refused: Callable[[str], None]) -> None:
        self.app = app
        self.people = people  # asked at every request: a reload counts at once
        self.refused = refused  # told the key of every refusal, for the metric

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {key.lower(): value for key, value in scope["headers"]}
        state: dict[str, Any] = scope.setdefault("state", {})
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        state["trace"] = given if TRACE.fullmatch(given) else uuid.uuid4().hex
        send = _with_headers(send, state["trace"])
        refusal = self._judge(scope, headers, state)
        if refusal is not None:
            self.refused(refusal.key)
            status = STATUS.get(refusal.key, 403)
            await answers.refusal(status, "refused", [refusal], state["trace"])(scope, receive, send)
            return
        await self.app(scope, _counted(receive, _limit(headers)), send)

    def _judge(self, scope: Scope, headers: Mapping[bytes, bytes], state: dict[str, Any]) -> Reason | None:
        """Return why this request is refused, or None; put the caller into the state."""
        reads = scope["method"] in ("GET", "HEAD")
        peer: Peer | None = state.get("peer")
        if peer is None:  # TCP: nobody vouches for anybody
            return None if reads and scope["path"] in TCP_READABLE else NOT_OVER_TCP
        if b"origin" in headers:
            return WITH_ORIGIN
        if reads and scope["path"] in PUBLIC and peer.uid not in UNMAPPED:
            return None
        caller = identify(peer, self.people())
        if caller is None:
            return UNKNOWN_ACCOUNT
        state["caller"] = caller
        if BROKEN.search(scope["path"]) or BROKEN.search(unquote(scope["query_string"].decode("latin-1"))):
            return BROKEN_ADDRESS
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > _limit(headers):
            return TOO_LARGE
        return None


def _limit(headers: Mapping[bytes, bytes]) -> int:
    return UPLOAD_LIMIT if headers.get(b"content-type", b"").startswith(b"multipart/form-data") else BODY_LIMIT


def _counted(receive: Receive, limit: int) -> Receive:
    """Count the octets while they arrive (a chunked body declares no length); beyond the limit the line is cut."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            return {"type": "http.disconnect"}
        return message

    return counted


def _with_headers(send: Send, trace: str) -> Callable[[Message], Awaitable[None]]:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *HEADERS, (b"x-request-id", trace.encode())]}
        await send(message)

    return sent
