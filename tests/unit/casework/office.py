"""A small office with a real database, the shipped procedure and people, and a network that does what a test says."""

from __future__ import annotations

import os
import pwd
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from netwatch import casework
from netwatch.casework import World
from netwatch.detect.state import State
from netwatch.diagnose.cause import Alternative, Cause, CauseKind, Domain, Evidence, Side
from netwatch.incident import Incident, IncidentState, Outage
from netwatch.settings import load_settings
from netwatch.sop.act import Act
from netwatch.store import Store
from netwatch.store.states import StoredState
from netwatch.store.upgrade import upgrade

MORNING = datetime(2026, 11, 24, 1, 15, tzinfo=UTC)  # Tuesday 08.15 WIB
PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
INVENTORY = """\
version: 1
vantage: dc-core
sites:
  dc: {name: Data Center Pemko Batam, kind: data_center}
  kec-sekupang: {name: Kantor Kecamatan Sekupang, kind: office, opd: Kecamatan Sekupang}
  kel-tiban: {name: Kantor Kelurahan Tiban, kind: office, opd: Kelurahan Tiban}
devices:
  dc-core: {site: dc, role: core, address: 192.0.2.1}
  dc-dist-1: {site: dc, role: distribution, address: 192.0.2.11, uplinks: [{to: dc-core, port: ge1}]}
  sekupang-rtr: {site: kec-sekupang, role: router, address: 192.0.2.21, uplinks: [{to: dc-dist-1, port: ge1, own_port: ge0}]}
  sekupang-sw: {site: kec-sekupang, role: switch, address: 192.0.2.22, uplinks: [{to: sekupang-rtr, port: ge1}]}
  tiban-rtr: {site: kel-tiban, role: router, address: 192.0.2.31, uplinks: [{to: dc-dist-1, port: ge2}]}
"""


class Clock:
    """A clock that moves when told."""

    def __init__(self, at: datetime = MORNING) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    boottime = monotonic

    def advance(self, **step: float) -> datetime:
        self.at += timedelta(**step)
        return self.at


@dataclass
class Office:
    """The world, its store, and hands for both sides: the network's and the people's."""

    settings_file: Path
    world: World
    store: Store
    clock: Clock

    def tx(self, work: Any) -> Any:
        return self.store.run(f"test-{uuid.uuid4()}", work)

    def beat(self, *, isolated: bool = False) -> None:
        self.tx(lambda tx: tx.heartbeat.beat("monitor", self.clock.now(), isolated=isolated, version="test"))

    def states(self, state: State, *devices: str) -> None:
        at = self.clock.now()
        self.tx(lambda tx: tx.states.save([StoredState(device, state, at, "test") for device in devices]))

    def outage(self, *devices: str, side: Side = Side.SITE) -> Incident:
        """Let devices fall silent now, and store the incident."""
        self.states(State.DOWN, *devices)
        incident = incident_of(self.clock.now(), *devices, side=side)
        number = self.tx(lambda tx: tx.incidents.insert(incident))
        return replace(incident, id=number)

    def open(self, *devices: str, side: Side = Side.SITE) -> dict[str, Any]:
        """Let devices fall silent and give the incident its ticket; return TICKET."""
        incident = self.outage(*(devices or ("sekupang-rtr", "sekupang-sw")), side=side)
        ticket = self.tx(lambda tx: casework.open_ticket_for_incident(tx, self.world, incident, self.clock.now()))
        return self.show(ticket.id)

    def recover(self, *devices: str) -> None:
        """Let devices answer again now; the incident is over."""
        self.states(State.UP, *devices)
        at = self.clock.now()

        def work(tx: Any) -> None:
            for incident in tx.incidents.list(state=IncidentState.OPEN):
                if incident.locus <= set(devices):
                    healed = {d: replace(o, until=at) for d, o in incident.affected.items()}
                    over = replace(incident, state=IncidentState.RECOVERED, ended_at=at, affected=healed)
                    tx.incidents.update(over, verb="recovered")
                    casework.note_recovery(tx, self.world, over, at)

        self.tx(work)

    def show(self, ticket: str) -> dict[str, Any]:
        with self.store.read() as tx:
            return casework.ticket_json(tx, self.world, tx.tickets.get(ticket), tx.now)

    def do(
        self, ticket: str, action: str, by: str, *, papers: tuple[str, ...] = (), request_id: str | None = None, **fields: Any
    ) -> Any:
        """Perform one action, typed by the person himself."""
        act = Act(action=action, performed_by=by, recorded_by=by, fields=fields, request_id=request_id)
        handed = [casework.Paper(key, f"{key}.pdf", PDF + key.encode()) for key in papers]
        return casework.perform(self.store, self.world, ticket, act, papers=handed)


def incident_of(at: datetime, *devices: str, side: Side = Side.SITE) -> Incident:
    first = devices[0]
    domain = Domain.DC if side is Side.DATA_CENTER else Domain.SITE_DEVICE
    cause = Cause(
        kind=CauseKind.DEVICE,
        element=first,
        side=side,
        domain=domain,
        confidence=0.71,
        locus=frozenset({first}),
        affected=frozenset(devices),
        evidence=(Evidence("upstream_port_down", {"port": "ge1"}),),
        alternatives=(Alternative(CauseKind.SITE_POWER, "kec-sekupang", Side.SITE, Domain.SITE_POWER, 0.2),),
    )
    affected = {device: Outage(since=at, state="down" if device == first else "unreachable") for device in devices}
    return Incident(
        key=f"{first}@{at.isoformat()}",
        locus=frozenset({first}),
        cause=cause,
        state=IncidentState.OPEN,
        began_at=at,
        affected=affected,
    )


def typing_for_others(people: str) -> str:
    """Let the account that runs the tests type for others, as root may."""
    account = pwd.getpwuid(os.getuid()).pw_name
    return people if account == "root" else people.replace("accounts: [root]", f"accounts: [root, {account}]")


def write_configuration(folder: Path, *, extra: str = "", people: str | None = None, listen: str = "null") -> Path:
    """Write netwatch.yaml and an inventory; people are the shipped ones unless given."""
    shipped = Path(__file__).resolve().parents[3] / "config" / "people.yaml"
    (folder / "inventory.yaml").write_text(INVENTORY)
    (folder / "people.yaml").write_text(typing_for_others(people or shipped.read_text()))
    settings = folder / "netwatch.yaml"
    settings.write_text(
        f"""\
inventory: inventory.yaml
people: people.yaml
database: sqlite:///state/netwatch.db
state_directory: state
monitor: {{listen: null, socket: state/monitor.sock}}
api: {{listen: {listen}, socket: state/netwatch.sock}}
{extra}"""
    )
    return settings


def make_office(
    folder: Path, *, extra: str = "", people: str | None = None, clock: Clock | None = None, listen: str = "null"
) -> Office:
    settings = load_settings(write_configuration(folder, extra=extra, people=people, listen=listen))
    clock = clock or Clock()
    settings.state_directory.mkdir(exist_ok=True)
    upgrade(settings.database, state_directory=settings.state_directory, clock=clock)
    store = Store.open(settings.database, state_directory=settings.state_directory, clock=clock)
    office = Office(settings.file, casework.load_world(settings), store, clock)
    office.beat()
    return office
