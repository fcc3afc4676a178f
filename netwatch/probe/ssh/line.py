"""The way to a device: a TCP line of our own, the algorithms of a profile, the key that it shows, and our key for it."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from netwatch.probe.ssh.errors import SshError, while_connecting, while_talking
from netwatch.probe.ssh.hostkeys import HostKey
from netwatch.probe.ssh.login import Login
from netwatch.settings import Credential

MODERN: Mapping[str, list[str]] = {  # what the profile `modern` refuses to speak (DEVICES.md 4)
    "kex": ["diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
    "keys": ["ssh-rsa"],
    "ciphers": ["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"],
    "macs": ["hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
}
RSA = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")  # three signatures, one kind of key


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds for each part of a session (DEVICES.md 6), all made of `ssh.timeout`, the time for a greeting and for a log-in."""

    connect: float = 10.0
    banner: float = 15.0
    log_in: float = 15.0
    command: float = 30.0
    session: float = 60.0

    @classmethod
    def of(cls, timeout: float) -> Limits:
        """Return the limits that go with a greeting of `timeout` seconds: 15 gives those of the design."""
        return cls(timeout * 2 / 3, timeout, timeout, timeout * 2, timeout * 4)


def algorithms(profile: str) -> dict[str, list[str]] | None:
    """Return what a profile refuses to speak; nothing for `legacy`."""
    return None if profile == "legacy" else {kind: list(names) for kind, names in MODERN.items()}


def connect(login: Login, timeout: float) -> socket.socket:
    """Return a TCP connection to a device. Raises SshError."""
    try:
        return socket.create_connection((login.address, login.port), timeout=timeout)
    except OSError as error:
        raise while_connecting(error, login.port) from error


def load_key(credential: Credential) -> Any:
    """Return the private key of a credential, None when it has none. Raises SshError with the key `key_file`."""
    if credential.key_file is None:
        return None
    import paramiko

    passphrase = credential.passphrase.reveal() if credential.passphrase is not None else None
    said = "not a private key, or another passphrase"
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key_file(str(credential.key_file), password=passphrase)
        except OSError as error:
            raise SshError("key_file", f"{credential.key_file.name}: {error.strerror}") from error
        except Exception as error:  # noqa: BLE001 - another kind of key, or a wrong passphrase: each kind has its own exceptions
            if "encrypted" in str(error).lower() and passphrase is None:
                said = "it needs a passphrase"
    raise SshError("key_file", f"{credential.key_file.name}: {said}")


def shown_key(login: Login, *, limits: Limits, known: HostKey | None = None) -> HostKey:
    """Return the host key that a device shows now; nothing is sent but the exchange of keys. Raises SshError."""
    import paramiko

    quiet_libraries()
    line = connect(login, limits.connect)
    transport = None
    try:
        transport = transport_of(paramiko.Transport, known)(line, disabled_algorithms=algorithms(login.profile))
        transport.banner_timeout = limits.banner
        transport.start_client(timeout=limits.banner)
        key = transport.get_remote_server_key()
        return HostKey(key.get_name(), key.asbytes())
    except Exception as error:
        raise while_talking(error, greeted=False, logged_in=False) from error
    finally:
        if transport is not None:
            transport.close()
        line.close()


def quiet_libraries() -> None:
    """Keep netmiko and paramiko from writing: at DEBUG they log passwords, and paramiko prints tracebacks of its threads."""
    for name in ("paramiko", "netmiko"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
            logger.propagate = False
            logger.setLevel(logging.WARNING)


def policy(parent: type[Any], seen: Callable[[HostKey], None]) -> Any:
    """Return paramiko's policy object that hands every key to us: no file of paramiko's own is in play."""

    class Ours(parent):  # type: ignore[misc]
        def missing_host_key(self, _client: Any, _name: str, key: Any) -> None:
            seen(HostKey(key.get_name(), key.asbytes()))

    return Ours()


def transport_of(make: Callable[..., Any], known: HostKey | None) -> Callable[..., Any]:
    """Return a maker of transports that ask first for the kind of key that is remembered, as ssh does."""

    def made(*arguments: Any, **options: Any) -> Any:
        transport = make(*arguments, **options)
        if known is not None:
            security = transport.get_security_options()
            wanted = RSA if known.kind == "ssh-rsa" else (known.kind,)
            first = [kind for kind in security.key_types if kind in wanted]
            security.key_types = first + [kind for kind in security.key_types if kind not in first]
        return transport

    return made
