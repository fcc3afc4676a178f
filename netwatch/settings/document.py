"""netwatch.yaml -> Settings: paths resolved, environment laid over it, every fault at its place."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from netwatch.errors import Fault, InvalidFile
from netwatch.settings import sections
from netwatch.settings.credentials import load_credentials
from netwatch.settings.packaged import shipped
from netwatch.settings.sections import Listen
from netwatch.strict_yaml import Document, Model, Number, Seconds, Whole, check, load_yaml, suggestion

_LISTEN = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]\s]+):(?P<port>[0-9]{1,5})")
ENVIRONMENT = {  # variable -> the key it overrides
    "NETWATCH_INVENTORY": "inventory",
    "NETWATCH_PEOPLE": "people",
    "NETWATCH_DATABASE": "database",
    "NETWATCH_STATE_DIRECTORY": "state_directory",
    "NETWATCH_LANGUAGE": "language",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration of one installation; all paths are absolute."""

    file: Path
    inventory: Path
    people: Path
    procedure: Path
    holidays: Path
    agency: Path
    credentials: Path | None
    database: str = field(repr=False)  # may hold a password
    state_directory: Path
    monitor: sections.Monitor
    api: sections.Api
    detection: sections.Detection
    tickets: sections.Tickets
    snmp: sections.Snmp
    ssh: sections.Ssh
    traps: sections.Traps
    notifications: sections.Notifications
    language: str


def load_settings(path: Path | str, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the configuration. Precedence: `NETWATCH_*` > file > default. Raises InvalidFile with every fault.

    Relative paths in the file are relative to the file, those in the environment to the working directory.
    """
    file = Path(path).resolve()
    document = load_yaml(path)
    overrides = {key: _from_here(key, environ[name]) for name, key in ENVIRONMENT.items() if environ.get(name)}
    if isinstance(document.value, dict):
        document.value.update(overrides)
    made, faults = check(document, _File)
    if made is None:
        variables = {f"{key}: ": name for name, key in ENVIRONMENT.items() if key in overrides}
        raise InvalidFile([_blamed(fault, variables) for fault in faults])
    return _settings(file, document, made, environ)


def _from_here(key: str, value: str) -> str:
    """Return a path or database of the environment as seen from the working directory."""
    if key == "language":
        return value
    return _sqlite_at(Path.cwd(), value) if key == "database" else str(Path(value).absolute())


def _blamed(fault: Fault, variables: Mapping[str, str]) -> Fault:
    """Return a fault where it was written: a wrong `language` may stand in the environment."""
    found = next((name for start, name in variables.items() if fault.text.startswith(start)), None)
    return fault if found is None else Fault(found, 0, 0, fault.text)


def _listen(value: object) -> object:
    """Accept `host:port`, `[v6]:port`, or nothing (do not listen)."""
    if value is None or isinstance(value, Listen):
        return value
    found = _LISTEN.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found["port"]) > 65535:
        raise ValueError(f"expected host:port such as 127.0.0.1:9877, found {value!r}")
    return Listen(found["host"].strip("[]"), int(found["port"]))


_Listen = Annotated[Listen | None, BeforeValidator(_listen)]
_Fraction = Annotated[Number, Field(gt=0, lt=1)]
_Wait = Annotated[Number, Field(ge=0)]
_Count = Annotated[Whole, Field(ge=1, le=1000)]
_MONITOR = Listen("127.0.0.1", 9877)
_API = Listen("127.0.0.1", 9878)
_TRAPS = Listen("127.0.0.1", 1162)
_TRAPS_METRICS = Listen("127.0.0.1", 9879)


class _Monitor(Model):
    listen: _Listen = _MONITOR
    socket: str = "state/monitor.sock"


class _Api(Model):
    socket: str = "state/netwatch.sock"
    listen: _Listen = _API


class _Detection(Model):
    interval: Seconds = 10.0
    timeout: Seconds = 1.0
    confirm_window: Seconds = 20.0
    false_down_per_device_year: _Fraction = 0.001
    up_after: _Wait = 10.0

    @model_validator(mode="after")
    def _ordered(self) -> _Detection:
        if self.timeout > self.interval:
            raise ValueError(f"timeout ({self.timeout:g} s) must not be longer than interval ({self.interval:g} s)")
        return self


class _Tickets(Model):
    open_after: _Wait = 180.0
    reopen_within: _Wait = 1800.0
    stable_before_close: _Wait = 1800.0
    cancel_if_recovered_for: _Wait = 3600.0


class _Snmp(Model):
    interval: Seconds = 60.0
    timeout: Seconds = 2.0
    retries: Annotated[Whole, Field(ge=0, le=10)] = 2
    engine: Literal["auto", "pysnmp", "gufo"] = "auto"


class _Ssh(Model):
    timeout: Seconds = 15.0
    concurrent: _Count = 4


class _Traps(Model):
    listen: _Listen = _TRAPS
    metrics: _Listen = _TRAPS_METRICS


class _Channel(Model):
    name: str
    credential: str | None = None
    url: str | None = None
    roles: tuple[str, ...] = ()
    per_hour: _Count = 60


class _Notifications(Model):
    channels: tuple[_Channel, ...] = (_Channel(name="log"),)


class _File(Model):
    inventory: str = "inventory.yaml"
    people: str = "people.yaml"
    procedure: str | None = None
    holidays: str | None = None
    agency: str | None = None
    credentials: str | None = None
    database: str = "sqlite:///state/netwatch.db"
    state_directory: str = "state"
    monitor: _Monitor = _Monitor()
    api: _Api = _Api()
    detection: _Detection = _Detection()
    tickets: _Tickets = _Tickets()
    snmp: _Snmp = _Snmp()
    ssh: _Ssh = _Ssh()
    traps: _Traps = _Traps()
    notifications: _Notifications = _Notifications()
    language: Literal["id", "en"] = "id"


def _settings(file: Path, document: Document, made: _File, environ: Mapping[str, str]) -> Settings:
    here = file.parent
    credentials = _credentials_file(here, made.credentials, environ)
    return Settings(
        file=file,
        inventory=here / made.inventory,
        people=here / made.people,
        procedure=here / made.procedure if made.procedure else shipped("sop.yaml"),
        holidays=here / made.holidays if made.holidays else shipped("holidays.yaml"),
        agency=here / made.agency if made.agency else shipped("agency.yaml"),
        credentials=credentials,
        database=_database(here, document, made.database, credentials, environ),
        state_directory=here / made.state_directory,
        monitor=sections.Monitor(listen=made.monitor.listen, socket=here / made.monitor.socket),
        api=sections.Api(socket=here / made.api.socket, listen=made.api.listen),
        detection=sections.Detection(**dict(made.detection)),
        tickets=sections.Tickets(**dict(made.tickets)),
        snmp=sections.Snmp(**dict(made.snmp)),
        ssh=sections.Ssh(**dict(made.ssh)),
        traps=sections.Traps(**dict(made.traps)),
        notifications=sections.Notifications(tuple(sections.Channel(**dict(one)) for one in made.notifications.channels)),
        language=made.language,
    )


def _credentials_file(here: Path, named: str | None, environ: Mapping[str, str]) -> Path | None:
    """Return the copy that systemd gave the service, else the file that the configuration names, else None."""
    directory = environ.get("CREDENTIALS_DIRECTORY")
    if directory and (Path(directory) / "credentials.yaml").is_file():
        return Path(directory) / "credentials.yaml"
    return here / named if named else None


def _sqlite_at(here: Path, url: str) -> str:
    scheme, separator, rest = url.partition(":///")
    relative = scheme.startswith("sqlite") and separator and rest and not rest.startswith(("/", ":memory:"))
    return f"{scheme}:///{here / rest}" if relative else url


def _database(here: Path, document: Document, url: str, credentials: Path | None, environ: Mapping[str, str]) -> str:
    """Return the URL of the database; `credential:NAME` keeps one with a password out of this file."""
    kind, _, name = url.partition(":")
    if kind == "credential":
        known = load_credentials(credentials)
        secret = known[name].url if name in known else None
        if secret is None:
            text = f"database: '{name}' is not a credential with a url{suggestion(name, known)}"
            raise InvalidFile([document.fault(("database",), text)])
        url = secret.reveal()
    url = _sqlite_at(here, url)
    if not re.match(r"(sqlite|postgresql)(\+[a-z0-9]+)?://", url):
        place = "NETWATCH_DATABASE" if environ.get("NETWATCH_DATABASE") else str(document.file)
        text = "database: expected sqlite:///FILE or postgresql://..."
        fault = Fault(place, 0, 0, text) if place == "NETWATCH_DATABASE" else document.fault(("database",), text)
        raise InvalidFile([fault])
    return url
