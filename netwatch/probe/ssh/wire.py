"""What goes through the pipe between the daemon and a worker: JSON lines. Secrets travel only here, never as arguments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from netwatch.observation import Neighbour, PortAdmin, PortOper, PortStatus
from netwatch.probe.ssh.found import Found
from netwatch.probe.ssh.line import Limits
from netwatch.probe.ssh.login import Login
from netwatch.settings import Credential, Secret

SECRETS = ("password", "passphrase", "enable_secret")


@dataclass(frozen=True, slots=True)
class Job:
    """One session to be made."""

    login: Login
    wanted: frozenset[str]
    state_directory: Path
    limits: Limits

    def to_line(self) -> str:
        """Write the job with its secrets."""
        credential = self.login.credential
        opened: dict[str, Any] | None = None
        if credential is not None:
            opened = {"name": credential.name, "username": credential.username}
            opened["key_file"] = str(credential.key_file) if credential.key_file is not None else None
            opened |= {name: secret.reveal() for name in SECRETS if (secret := getattr(credential, name)) is not None}
        login = {one.name: getattr(self.login, one.name) for one in fields(Login) if one.name != "credential"}
        return json.dumps(
            {
                "login": login,
                "credential": opened,
                "wanted": sorted(self.wanted),
                "state_directory": str(self.state_directory),
                "limits": asdict(self.limits),
            }
        )

    @classmethod
    def from_line(cls, line: str) -> Job:
        """Read a job; the text of the line is not kept."""
        read = json.loads(line)
        given = read["credential"]
        credential = None
        if given is not None:
            secrets: dict[str, Any] = {name: Secret(given[name]) for name in SECRETS if name in given}
            key_file = Path(given["key_file"]) if given["key_file"] else None
            credential = Credential(given["name"], username=given["username"], key_file=key_file, **secrets)
        login = Login(credential=credential, **read["login"])
        return cls(login, frozenset(read["wanted"]), Path(read["state_directory"]), Limits(**read["limits"]))


@dataclass(frozen=True, slots=True)
class Part:
    """What asking one thing brought: every output, what was found in it, and notes on what could not be read."""

    kind: str
    output: Mapping[str, str]  # command -> text
    found: Found = field(default_factory=Found)
    notes: tuple[str, ...] = ()

    def to_line(self) -> str:
        """Write the part."""
        return json.dumps({"part": asdict(self)})

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> Part:
        """Read a part."""
        found = dict(read["found"])
        found["ports"] = tuple(
            PortStatus(**{**port, "admin": PortAdmin(port["admin"]), "oper": PortOper(port["oper"])}) for port in found["ports"]
        )
        found["neighbours"] = tuple(Neighbour(**neighbour) for neighbour in found["neighbours"])
        found["log_lines"] = tuple(found["log_lines"])
        found["remarks"] = tuple(found["remarks"])
        return cls(read["kind"], read["output"], Found(**found), tuple(read["notes"]))
