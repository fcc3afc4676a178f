"""One SSH session: log in, send commands of the list, leave. Runs in a worker process, which may be ended at any moment.

netmiko knows the prompts and the paging of each platform. What it writes goes through `Session._guard`: a line that is neither
one of our commands nor one of the few that only change this session is never sent, whatever a driver has in mind.
"""

from __future__ import annotations

import contextlib
import functools
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from netwatch.probe.ssh.errors import SshError, while_connecting, while_talking
from netwatch.probe.ssh.hostkeys import HostKey, HostKeys
from netwatch.probe.ssh.login import Login
from netwatch.settings import Credential

LARGEST = 256 * 1024  # characters kept of one output
PAGES = 200  # of one output, where a device insists on showing pages
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
MODERN: Mapping[str, list[str]] = {  # what the profile `modern` refuses to speak (DEVICES.md 4)
    "kex": ["diffie-hellman-group-exchange-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
    "keys": ["ssh-rsa"],
    "ciphers": ["aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc"],
    "macs": ["hmac-md5", "hmac-sha1-96", "hmac-md5-96"],
}
RSA = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")  # three signatures, one kind of key
# What drivers send to prepare and to leave a session. Nothing here outlives the session or touches the configuration.
OF_THE_SESSION = re.compile(
    r"terminal (width|length|pager|datadump)\b.*|set terminal (width|length) \d+|set cli (screen-width|screen-length) \d+"
    r"|set cli complete-on-space off|screen-length (0 temporary|disable)|screen-width \d+|no page|(no )?paging|cli"
    r"|config paging disable|undo smart|infoswitch cli off|scroll|show curpriv|get system status \| grep (Virtual|Version)"
    r"|login|enable|enable-admin|disable|exit|quit|logout|/quit|q|[yna]|yes|no",
    re.IGNORECASE,
)
# Without a command of its own to switch paging off that leaves the configuration alone: pages are turned instead.
PAGED = {"fortinet": "exit", "dlink_ds": "logout"}  # platform -> how one leaves
PAGER = r"-+ ?\(?[Mm](?:ore|ORE)(?: \d+%)?\)? ?-+|Press any key to continue|CTRL\+C.*?All|Next Page.*?All"


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


class Session:
    """One session with one device; used in a `with` block. Raises SshError for everything that goes wrong."""

    def __init__(self, login: Login, state_directory: Path, *, limits: Limits, commands: frozenset[str]) -> None:
        self._login = login
        self._keys = HostKeys(state_directory)
        self._limits = limits
        self._commands = commands
        self._username = login.credential.username if login.credential is not None else None
        self._connection: Any = None
        self._prompt = ""
        self._greeted = False
        self._logged_in = False
        self._secrets: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        """Log in."""
        credential = self._login.credential
        if credential is None or self._username is None:
            raise SshError("credentials", "no user name for this device")
        known = self._keys.known(self._login.device)
        secrets = (credential.password, credential.passphrase, credential.enable_secret)
        self._secrets = frozenset(secret.reveal() for secret in secrets if secret is not None)
        key = load_key(credential)
        line = connect(self._login, self._limits.connect)
        try:
            self._open(credential, key, line, known)
        except SshError:
            line.close()
            raise
        except Exception as error:  # two families without a common parent, and paramiko lets ValueError and EOFError through
            line.close()
            raise while_talking(error, greeted=self._greeted, logged_in=self._logged_in) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Leave; a device that does not say goodbye has been heard all the same."""
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.disconnect()

    def ask(self, command: str) -> str:
        """Send one command and return its output without control characters and without our secrets. Raises SshError."""
        try:
            text = self._answer(command)
        except SshError:
            raise
        except Exception as error:
            raise while_talking(error, greeted=True, logged_in=True) from error
        text = cleaned(text)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _answer(self, command: str) -> str:
        """Return the raw output, turning pages where the device shows pages."""
        expected = rf"(?:{PAGER}|{re.escape(self._prompt)}\s*$)"
        options = {"read_timeout": self._limits.command, "strip_prompt": False, "strip_command": True}
        text = str(self._connection.send_command(command, expect_string=expected, **options))
        for _ in range(PAGES):
            tail = text[-200:].rstrip()
            if len(text) > LARGEST or not (page := re.search(rf"(?:{PAGER})\s*$", tail)):
                break
            text = text[: text.rindex(page.group())]
            self._connection.write_channel(" ")
            text += str(self._connection.read_until_pattern(expected, read_timeout=self._limits.command))
        return str(self._connection.strip_prompt(text))

    def _open(self, credential: Credential, key: Any, line: socket.socket, known: HostKey | None) -> None:
        """Let netmiko make the connection over our own line, with our view of host keys and of what may be written."""
        import paramiko
        from netmiko import ConnectHandler

        quiet_libraries()
        # Any: methods of the object are replaced, which the types of the class do not foresee
        connection: Any = ConnectHandler(**self._options(credential, key, line), auto_connect=False)
        connection.key_policy = _policy(paramiko.MissingHostKeyPolicy, self._seen)
        if key is not None:
            connection._get_ssh_client_instance = paramiko.SSHClient  # noqa: SLF001 - some drivers see no key here and offer none
        build = connection._build_ssh_client  # noqa: SLF001 - netmiko offers no way to name a transport

        def built() -> Any:
            client = build()
            client.connect = functools.partial(client.connect, transport_factory=_transport(paramiko.Transport, known))
            return client

        connection._build_ssh_client = built  # noqa: SLF001
        connection.write_channel = self._guard(connection.write_channel)
        if self._login.platform in PAGED:
            connection.disable_paging = _nothing
            connection._get_output_mode = lambda: "standard"  # noqa: SLF001 - or it looks for it in the configuration mode
            connection.cleanup = functools.partial(_leave, connection, PAGED[self._login.platform])
        prepare = connection.session_preparation

        def prepared() -> None:
            self._logged_in = True
            prepare()

        connection.session_preparation = prepared
        connection._open()  # noqa: SLF001 - what auto_connect would have called
        self._connection = connection
        if credential.enable_secret is not None and not connection.check_enable_mode():
            connection.enable()
        self._prompt = str(connection.find_prompt()).strip()

    def _seen(self, key: HostKey) -> None:
        """Compare the key that the device shows, before anything secret is sent."""
        self._greeted = True
        self._keys.check(self._login.device, key)

    def _guard(self, write: Callable[[str], None]) -> Callable[[str], None]:
        """Let only listed lines pass, and the words that a log-in asks for."""

        def guarded(text: str) -> None:
            for line in text.splitlines():
                said = line.strip()
                asked = said in self._commands or said in self._secrets or said == self._username
                if said and not asked and not OF_THE_SESSION.fullmatch(said):
                    raise SshError("forbidden", said.split(" ")[0][:20])
            write(text)

        return guarded

    def _options(self, credential: Credential, key: Any, line: socket.socket) -> dict[str, Any]:
        """Build netmiko's arguments. Neither an agent nor keys that happen to lie in a home directory are tried."""
        limits = self._limits
        options: dict[str, Any] = {
            "device_type": self._login.platform,
            "host": self._login.address,
            "port": self._login.port,
            "username": credential.username,
            "password": credential.password.reveal() if credential.password is not None else None,
            "secret": credential.enable_secret.reveal() if credential.enable_secret is not None else "",
            "sock": line,
            "pkey": key,
            "use_keys": False,
            "allow_agent": False,
            "system_host_keys": False,
            "session_log": None,
            "allow_auto_change": False,  # the driver of the ASA would enter its configuration mode
            "conn_timeout": limits.banner,
            "banner_timeout": limits.banner,
            "auth_timeout": limits.log_in,
            "blocking_timeout": limits.command,
        }
        if self._login.profile == "legacy":
            options["disable_sha2_fix"] = True  # an old server takes a signature with SHA-2 for a wrong key (netmiko#2652)
        else:
            options["disabled_algorithms"] = {kind: list(names) for kind, names in MODERN.items()}
        return options


def cleaned(text: str) -> str:
    """Return a text without what only moves a cursor, and no longer than is kept."""
    return CONTROL.sub("", text[: 2 * LARGEST].replace("\r\n", "\n").replace("\r", "\n"))[:LARGEST]


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
    disabled = None if login.profile == "legacy" else {kind: list(names) for kind, names in MODERN.items()}
    transport = None
    try:
        transport = _transport(paramiko.Transport, known)(line, disabled_algorithms=disabled)
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
    import logging

    for name in ("paramiko", "netmiko"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
            logger.propagate = False
            logger.setLevel(logging.WARNING)


def _policy(parent: type[Any], seen: Callable[[HostKey], None]) -> Any:
    """Return paramiko's policy object that hands every key to us: no file of paramiko's own is in play."""

    class Ours(parent):  # type: ignore[misc]
        def missing_host_key(self, _client: Any, _name: str, key: Any) -> None:
            seen(HostKey(key.get_name(), key.asbytes()))

    return Ours()


def _transport(make: Callable[..., Any], known: HostKey | None) -> Callable[..., Any]:
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


def _leave(connection: Any, word: str, *_: Any, **__: Any) -> None:
    connection.write_channel(word + connection.RETURN)


def _nothing(*_: Any, **__: Any) -> str:
    return ""
