"""The api's line to the monitor process: live figures and reload. The monitor may be away; tickets are worked on all the same."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

log = logging.getLogger("netwatch.web")
TIMEOUT_S = 2.0
RELOAD_TIMEOUT_S = 35.0  # longer than the monitor gives itself


class MonitorLine:
    """HTTP over the monitor's unix socket, one short call at a time."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def live(self) -> Mapping[str, Any] | None:
        """Return `netwatch.live/1`, or None when the monitor does not answer."""
        answer = self._call("GET", "/live", TIMEOUT_S)
        if answer is None or not answer.is_success:
            return None
        try:
            body = answer.json()
        except ValueError:
            return None
        return body if isinstance(body, dict) and "devices" in body else None

    def reload(self) -> list[str] | None:
        """Ask the monitor to reload; return its faults (none: reloaded), or None when it does not answer."""
        answer = self._call("POST", "/-/reload", RELOAD_TIMEOUT_S)
        if answer is None:
            return None
        return [] if answer.is_success else _faults(answer)

    def _call(self, method: str, path: str, timeout: float) -> httpx.Response | None:
        if not self._socket.exists():
            return None
        try:
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(self._socket)), timeout=timeout) as line:
                return line.request(method, f"http://monitor{path}")
        except httpx.HTTPError as error:
            log.debug("monitor_away", extra={"error": type(error).__name__})
            return None


def _faults(answer: httpx.Response) -> list[str]:
    """Return the faults the monitor names, one a line; whatever it says instead when it is no JSON of ours."""
    try:
        faults = answer.json()["faults"]
    except (ValueError, KeyError, TypeError):
        faults = None
    return [str(fault) for fault in faults] if faults else answer.text.strip().splitlines() or [f"HTTP {answer.status_code}"]
