"""Requests by other accounts of this machine: a child process that gives up root and asks."""

from __future__ import annotations

import json
import os
import pwd
import socket
from pathlib import Path
from typing import Any

import pytest

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def ask_as(account: str | int, path: Path, method: str, target: str, body: Any = None) -> tuple[int, Any]:
    """Make one request over the unix socket as another account; return status and JSON."""
    uid = account if isinstance(account, int) else pwd.getpwnam(account).pw_uid
    octets = b"" if body is None else json.dumps(body).encode()
    headers = ("Host: x", "Connection: close", "Content-Type: application/json", f"Content-Length: {len(octets)}")
    head = "\r\n".join((f"{method} {target} HTTP/1.1", *headers, "", ""))
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(20)
                line.connect(str(path))
                line.sendall(head.encode() + octets)
                while piece := line.recv(65536):
                    os.write(writing, piece)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    top, _, rest = answer.partition(b"\r\n\r\n")
    assert top, "no answer"
    return int(top.split()[1]), json.loads(rest) if rest.startswith(b"{") else rest
