"""The api's line to the monitor process: live figures and reload. The monitor may be away; tickets are worked on all the same."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

log = logging.getLogger("netwatch.web")
TIMEOUT_S = 2.0
RELOAD_TIMEOUT_S = 30.0


class MonitorLine:
    """HTTP over the monitor's unix socket, one short call at a time."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def live(self) -> Mapping[str, Mapping[str, Any]] | None:
        """Return the live figures by device (`rtt_seconds`, `loss_ratio`), or None when the monitor does not answer."""
        body = self._call("GET", "/live", TIMEOUT_S)
        return None if body is None else body.get("devices", {})

    def reload(self) -> Mapping[str, Any] | None:
        """Ask the monitor to reload; return its answer (`ok`, `faults`), or None when it does not answer."""
        return self._call("POST", "/-/reload", RELOAD_TIMEOUT_S)

    def _call(self, method: str, path: str, timeout: float) -> dict[str, Any] | None:
        if not self._socket.exists():
            return None
        try:
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(self._socket)), timeout=timeout) as line:
                answer = line.request(method, f"http://monitor{path}")
                body = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            log.debug("monitor_away", extra={"error": type(error).__name__})
            return None
        return body if isinstance(body, dict) else None
