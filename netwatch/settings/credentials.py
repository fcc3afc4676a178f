"""Names to secrets: the one file that others must not read.

::

    version: 1
    credentials:
      snmp-ro:  {community: "..."}
      snmp-v3:  {username: netwatch, auth_protocol: sha256, auth_key: "...", privacy_protocol: aes, privacy_key: "..."}
      ssh-ro:   {username: netwatch, password: "..."}
      ssh-key:  {username: netwatch, key_file: id_ed25519, passphrase: "..."}
      ssh-old:  {username: netwatch, password: "...", enable_secret: "..."}
      telegram: {url: "tgram://..."}

No message of this module shows a value of the file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, model_validator

from netwatch.errors import Fault, InvalidFile
from netwatch.settings.secret import Secret
from netwatch.strict_yaml import Model, load_yaml, validate

Authentication = Literal["md5", "sha", "sha224", "sha256", "sha384", "sha512"]
Privacy = Literal["des", "aes", "aes192", "aes256", "aes192c", "aes256c"]  # c: keys lengthened as Cisco does (reeder draft)


@dataclass(frozen=True, slots=True)
class Credential:
    """What opens a device or a channel; what was not given is None."""

    name: str
    community: Secret | None = None
    username: str | None = None
    password: Secret | None = None
    key_file: Path | None = None  # SSH private key
    passphrase: Secret | None = None  # of the key file
    enable_secret: Secret | None = None  # where reading needs the enable mode
    auth_protocol: str | None = None  # SNMPv3
    auth_key: Secret | None = None
    privacy_protocol: str | None = None
    privacy_key: Secret | None = None
    url: Secret | None = None  # a channel with its token (apprise), or a database


def load_credentials(path: Path | None) -> Mapping[str, Credential]:
    """Return the credentials by name; an empty mapping when there is no file to read.

    Raises InvalidFile when the file can be read by others, is missing or wrong.
    """
    if path is None:
        return {}
    document = load_yaml(path, _read_private(path), secret=True)
    entries = validate(document, _File).credentials
    return {name: _credential(path, name, entry) for name, entry in entries.items()}


def _read_private(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            status = os.fstat(stream.fileno())
            refusal = _too_open(path, status)
            if refusal is None:
                return stream.read()
    except OSError as error:
        raise InvalidFile([Fault(str(path), 0, 0, f"cannot be read: {error.strerror or error}")]) from error
    raise InvalidFile([Fault(str(path), 0, 0, refusal)])


def _too_open(path: Path, status: os.stat_result) -> str | None:
    mode = stat.S_IMODE(status.st_mode)
    # systemd gives the service its copies by an access list, whose mask shows as group bits; the directory itself is private
    by_systemd = path.parent == Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent"))
    if mode & (0o007 if by_systemd else 0o077):
        return f"group or others may read it (mode {mode:04o}); run: chmod 600 {path}"
    if status.st_uid not in (os.geteuid(), 0):
        return f"belongs to user {status.st_uid}, who could change it; run: chown {os.geteuid()} {path}"
    return None


def _secret(value: Any) -> Any:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str) or not value:
        raise ValueError("expected text")
    return Secret(value)


_Secret = Annotated[Secret, BeforeValidator(_secret)]


class _Entry(Model):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    community: _Secret | None = None
    username: str | None = None
    password: _Secret | None = None
    key_file: str | None = None
    passphrase: _Secret | None = None
    enable_secret: _Secret | None = None
    auth_protocol: Authentication | None = None
    auth_key: _Secret | None = None
    privacy_protocol: Privacy | None = None
    privacy_key: _Secret | None = None
    url: _Secret | None = None

    @model_validator(mode="after")
    def _complete(self) -> _Entry:
        if (self.auth_key is None) != (self.auth_protocol is None):
            raise ValueError("auth_protocol and auth_key belong together")
        if (self.privacy_key is None) != (self.privacy_protocol is None):
            raise ValueError("privacy_protocol and privacy_key belong together")
        if self.privacy_key is not None and self.auth_key is None:
            raise ValueError("privacy needs auth_protocol and auth_key (SNMPv3 has no encryption without authentication)")
        if self.username is None and (self.password or self.key_file or self.auth_key):
            raise ValueError("'username' is missing")
        if self.community is None and self.username is None and self.url is None:
            raise ValueError("expected a community, a username or a url")
        return self


class _File(Model):
    version: Literal["1"] = "1"
    credentials: dict[str, _Entry]


def _credential(path: Path, name: str, entry: _Entry) -> Credential:
    values = {field: getattr(entry, field) for field in type(entry).model_fields}
    if entry.key_file is not None:
        values["key_file"] = path.parent / entry.key_file
    return Credential(name=name, **values)
