"""One SSH session in one thread: log in, send one command, leave. Every error becomes a key that says what to do.

Keys: `credentials` (the device refuses them), `algorithms` (no common one: `ssh: {profile: legacy}`), `host_key_changed`
(replaced or intercepted: no password is sent), `refused` (nobody listens), `unreachable`, `no_answer` (a connection, but no SSH),
`slow` (logged in, the command did not end), `failed` (anything else).
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import re
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netwatch.probe.ssh.login import Login
from netwatch.settings import Credential

LARGEST = 1024 * 1024  # characters kept of one output
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
MODERN: Mapping[str, list[str]] = {  # what the profile `modern` refuses to speak (DEVICES.md 4)
    "kex": ["diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
    "keys": ["ssh-rsa"],
    "ciphers": ["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"],
    "macs": ["hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
}
NOBODY_THERE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN)


class SshError(Exception):
    """A session that brought nothing; `key` is stable (see the module)."""

    def __init__(self, key: str, detail: str = "") -> None:
        self.key = key
        super().__init__(f"{key}: {detail}" if detail else key)


class Session:
    """One session, to be run in a thread of its own; `abort` may be called from any other."""

    def __init__(self, login: Login, known_hosts: Path, *, timeout: float) -> None:
        self._login = login
        self._known_hosts = known_hosts  # a directory: one file per device, so that two sessions never rewrite one file
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._aborted = threading.Event()

    def run(self, command: str) -> str:
        """Log in, send one command, return its output without control characters. Raises SshError."""
        quiet_libraries()
        credential = self._login.credential
        if credential is None or credential.username is None:
            raise SshError("credentials", "no user name for this device")
        self._connect()
        try:
            return self._talk(command, credential)
        finally:
            self.abort()

    def abort(self) -> None:
        """Cut the connection; a thread that waits on it wakes up with an error."""
        self._aborted.set()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def _connect(self) -> None:
        try:
            self._socket = socket.create_connection((self._login.address, self._login.port), timeout=min(10.0, self._timeout))
        except ConnectionRefusedError as error:
            raise SshError("refused", f"nobody listens on port {self._login.port}") from error
        except TimeoutError as error:
            raise SshError("unreachable", "no answer to the connection") from error
        except OSError as error:
            raise SshError("unreachable" if error.errno in NOBODY_THERE else "failed", error.strerror or str(error)) from error
        if self._aborted.is_set():
            self.abort()

    def _talk(self, command: str, credential: Credential) -> str:
        from netmiko import ConnectHandler
        from netmiko.exceptions import NetmikoAuthenticationException, NetmikoTimeoutException, ReadTimeout

        try:
            with ConnectHandler(**self._options(credential)) as connection:
                output = connection.send_command(command, read_timeout=self._timeout, strip_prompt=True, strip_command=True)
        except NetmikoAuthenticationException as error:
            raise SshError("credentials", "the device refuses user name, password or key") from error
        except ReadTimeout as error:
            raise SshError("slow", f"logged in, but no prompt within {self._timeout:g} s") from error
        except Exception as error:  # the libraries have no common base, and paramiko lets ValueError and EOFError through
            causes = _chain(error)
            kinds = {type(cause).__name__ for cause in causes}
            if "BadHostKeyException" in kinds:
                raise SshError("host_key_changed", "replaced or intercepted; nothing was sent") from error
            if any("not found in known_hosts" in str(cause) for cause in causes):
                raise SshError("host_key_changed", "another kind of key than before; nothing was sent") from error
            if "IncompatiblePeer" in kinds:
                raise SshError("algorithms", "no common algorithm; an old device needs `ssh: {profile: legacy}`") from error
            if isinstance(error, NetmikoTimeoutException):
                raise SshError("no_answer", "connected, but no SSH greeting or log-in") from error
            raise SshError("failed", type(error).__name__) from error
        text = output if isinstance(output, str) else str(output)
        return CONTROL.sub("", text.replace("\r\n", "\n"))[:LARGEST]

    def _options(self, credential: Credential) -> dict[str, Any]:
        """Build netmiko's arguments. A known device must show its key; an unknown one is remembered with the key it shows."""
        known = self._known_hosts / self._login.device
        self._known_hosts.mkdir(mode=0o700, parents=True, exist_ok=True)
        known.touch(mode=0o600)
        options: dict[str, Any] = {
            "device_type": self._login.platform,
            "host": self._login.address,
            "port": self._login.port,
            "username": credential.username,
            "password": credential.password.reveal() if credential.password is not None else "",
            "sock": self._socket,
            "ssh_strict": known.stat().st_size > 0,
            "system_host_keys": False,
            "alt_host_keys": True,
            "alt_key_file": os.fspath(known),
            "allow_agent": False,
            "conn_timeout": self._timeout,
            "banner_timeout": self._timeout,
            "auth_timeout": self._timeout,
            "blocking_timeout": self._timeout,
            "read_timeout_override": self._timeout,
        }
        if self._login.profile != "legacy":
            options["disabled_algorithms"] = {kind: list(names) for kind, names in MODERN.items()}
        if credential.key_file is not None:
            options |= {"use_keys": True, "key_file": os.fspath(credential.key_file)}
            if credential.passphrase is not None:
                options["passphrase"] = credential.passphrase.reveal()
        return options


def quiet_libraries() -> None:
    """Keep netmiko and paramiko from writing: at DEBUG they log passwords, and paramiko prints tracebacks of its threads."""
    for name in ("paramiko", "netmiko"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
            logger.propagate = False
            logger.setLevel(logging.WARNING)


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error and everything that led to it: netmiko hides the reason in `__context__`."""
    found: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and len(found) < 10:
        found.append(at)
        at = at.__cause__ or at.__context__
    return found
