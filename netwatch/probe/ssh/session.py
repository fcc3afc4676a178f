"""One SSH session: log in, send commands of the list, leave. Runs in a worker process, which may be ended at any moment.

netmiko knows the prompts and the paging of each platform. What it writes goes through `Session._guard`: a line that is neither
one of our commands nor one of the few that only change this session is never sent, whatever a driver has in mind.
"""

from __future__ import annotations

import contextlib
import functools
import re
import socket
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from netwatch.probe.ssh.errors import SshError, while_talking
from netwatch.probe.ssh.hostkeys import HostKey, HostKeys
from netwatch.probe.ssh.line import Limits, algorithms, connect, load_key, policy, quiet_libraries, transport_of
from netwatch.probe.ssh.login import Login
from netwatch.settings import Credential

LARGEST = 256 * 1024  # characters kept of one output
PAGES = 200  # of one output, where a device insists on showing pages
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
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
        connection.key_policy = policy(paramiko.MissingHostKeyPolicy, self._seen)
        if key is not None:
            connection._get_ssh_client_instance = paramiko.SSHClient  # noqa: SLF001 - some drivers see no key here and offer none
        build = connection._build_ssh_client  # noqa: SLF001 - netmiko offers no way to name a transport

        def built() -> Any:
            client = build()
            client.connect = functools.partial(client.connect, transport_factory=transport_of(paramiko.Transport, known))
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
            options["disabled_algorithms"] = algorithms(self._login.profile)
        return options


def cleaned(text: str) -> str:
    """Return a text without what only moves a cursor, and no longer than is kept."""
    return CONTROL.sub("", text[: 2 * LARGEST].replace("\r\n", "\n").replace("\r", "\n"))[:LARGEST]


def _leave(connection: Any, word: str, *_: Any, **__: Any) -> None:
    connection.write_channel(word + connection.RETURN)


def _nothing(*_: Any, **__: Any) -> str:
    return ""
