"""The CLI's line to the api: HTTP over the unix socket; what the api refuses becomes the error that carries the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from netwatch.cli import output, places
from netwatch.errors import Conflict, DaemonUnreachable, NetwatchError, NotFound, Reason, Refused

TIMEOUT_S = 30.0
CONNECT_TIMEOUT_S = 3.0


class Invalid(NetwatchError):
    """The api says that what was sent is not valid (422, 413)."""

    exit_code = 3


class UnknownOutcome(NetwatchError):
    """The line broke after the request was sent: it may have been done or not."""


class Client:
    """One connection to the api. `get` and `post` return the answer's JSON or raise an error of `netwatch.errors`."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket)),
            base_url="http://netwatch/api/v1",
            timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        )

    def get(self, path: str, **parameters: Any) -> Any:
        """Read a resource; parameters that are None are left out."""
        return self._call("GET", path, params={key: value for key, value in parameters.items() if value is not None})

    def octets(self, path: str) -> bytes:
        """Read a file."""
        return self._send("GET", path).content

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, files: list[tuple[str, tuple[str, bytes]]] | None = None
    ) -> Any:
        """Change something. With files the body travels as the form field `body`, the files under their document's key."""
        if files:
            return self._call("POST", path, data={"body": _json(body or {})}, files=files)
        return self._call("POST", path, json=dict(body or {}))

    def post_repeatable(
        self, path: str, body: Mapping[str, Any], files: list[tuple[str, tuple[str, bytes]]] | None = None
    ) -> Any:
        """Change something that carries a `request_id`: when the line breaks it is sent a second time, which does it once."""
        try:
            return self.post(path, body, files)
        except UnknownOutcome:
            return self.post(path, body, files)

    def _call(self, method: str, path: str, **kwargs: Any) -> Any:
        return self._send(method, path, **kwargs).json()

    def _send(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **kwargs)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise DaemonUnreachable(self._unreachable(error)) from error
        except httpx.TransportError as error:
            raise UnknownOutcome(
                output.pick(
                    f"Sambungan ke netwatch terputus ({error}); belum pasti tercatat. Ulangi dengan --request-id yang sama.",
                    f"The line to netwatch broke ({error}); it may or may not be recorded. Repeat with the same --request-id.",
                )
            ) from error
        if response.is_success:
            return response
        raise _error_of(response)

    def _unreachable(self, error: Exception) -> str:
        if "Permission denied" in str(error):
            return output.pick(
                f"Tidak boleh memakai soket {self.socket}: mintalah dimasukkan ke grup yang memilikinya (biasanya netwatch).",
                f"Not allowed to use the socket {self.socket}: ask to be added to the group that owns it (usually netwatch).",
            )
        return output.pick(
            f"netwatch tidak menjawab di {self.socket}: jalankan `netwatch run` atau `systemctl start netwatch-api`.",
            f"netwatch does not answer on {self.socket}: start it with `netwatch run` or `systemctl start netwatch-api`.",
        )


def connect(config: Path | None, socket: Path | None) -> Client:
    """Return a line to the api that the options, the environment or the configuration name."""
    return Client(places.api_socket(config, socket))


def _json(body: Mapping[str, Any]) -> str:
    import json

    return json.dumps(body, ensure_ascii=False)


def _error_of(response: httpx.Response) -> NetwatchError:
    """Turn an error body (`netwatch.error/1`) into the error that carries its exit code."""
    try:
        body = response.json()
        reasons = [Reason(r["key"], r["id"], r["en"]) for r in body["reasons"]]
    except (ValueError, KeyError, TypeError):
        return NetwatchError(f"HTTP {response.status_code}: {response.text[:300]}")
    text = "\n".join(output.sentence(reason) for reason in reasons) or str(body.get("error"))
    match response.status_code:
        case 403:
            return Refused(reasons)
        case 404:
            return NotFound(text)
        case 409:
            return Conflict(text)
        case 413 | 422:
            return Invalid(text)
    return NetwatchError(f"{text} [{body.get('trace')}]")
