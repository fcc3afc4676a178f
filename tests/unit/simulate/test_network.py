"""The simulated network: who answers, and what agents and ports say, under every kind of fault."""

from __future__ import annotations

import random
import time

import pytest

from netwatch.inventory.model import Device, GroupKind, Inventory, LinkKind, RiskGroup, Role, Site, SiteKind, Uplink
from netwatch.observation import PortAdmin, PortOper
from netwatch.simulate.faults import Fault, FaultKind
from netwatch.simulate.network import Noise, SimulatedNetwork


def uplink(device: str, to: str, port: str = "ge1", *, kind: LinkKind = LinkKind.DIRECT) -> Uplink:
    return Uplink(f"{to}/{device}", device, to, port=port, own_port="ge0", kind=kind)


def device(name: str, site: str, *uplinks: Uplink, role: Role = Role.ROUTER) -> Device:
    return Device(name, site, role, "10.0.0.1", uplinks=tuple(uplinks))


def city() -> Inventory:
    """core - dist - a (office 1, with switch and UPS); core - dist - b and core - b (office 2, two ways); c by a circuit."""
    devices = [
        device("core", "dc", role=Role.CORE),
        device("dist", "dc", uplink("dist", "core")),
        device("a", "one", uplink("a", "dist", "ge2")),
        device("a-sw", "one", uplink("a-sw", "a")),
        device("a-ups", "one", uplink("a-ups", "a", "ge3"), role=Role.UPS),
        device("b", "two", uplink("b", "dist", "ge3"), uplink("b", "core", "ge3")),
        device("c", "three", uplink("c", "dist", "ge4", kind=LinkKind.CIRCUIT)),
    ]
    sites = [Site("dc", "DC", SiteKind.DATA_CENTER)] + [Site(n, n, SiteKind.OFFICE) for n in ("one", "two", "three")]
    groups = [
        RiskGroup("pln", GroupKind.POWER, sites=("one", "three")),
        RiskGroup("duct", GroupKind.CABLE, links=("dist/a", "dist/b")),
        RiskGroup("telco", GroupKind.PROVIDER, links=("dist/c",)),
    ]
    return Inventory("core", {s.id: s for s in sites}, {d.id: d for d in devices}, {g.id: g for g in groups})


def network(**noise: float) -> SimulatedNetwork:
    return SimulatedNetwork(city(), Noise(**noise), random.Random(1))


@pytest.mark.parametrize(
    ("fault", "dark"),
    [
        (Fault(FaultKind.LINK, "dist/a"), {"a", "a-sw", "a-ups"}),
        (Fault(FaultKind.DEVICE, "dist"), {"dist", "a", "a-sw", "a-ups", "c"}),
        (Fault(FaultKind.DEVICE, "dist", how="hang"), {"dist", "a", "a-sw", "a-ups", "c"}),
        (Fault(FaultKind.POWER, "one"), {"a", "a-sw", "a-ups"}),
        (Fault(FaultKind.POWER, "pln"), {"a", "a-sw", "a-ups", "c"}),
        (Fault(FaultKind.CABLE, "duct"), {"a", "a-sw", "a-ups"}),
        (Fault(FaultKind.PROVIDER, "telco"), {"c"}),
        (Fault(FaultKind.PORT, "dist:ge2", how="admin_down"), {"a", "a-sw", "a-ups"}),
        (Fault(FaultKind.ICMP, "dist"), {"dist"}),
        (Fault(FaultKind.SNMP, "dist"), set()),
        (Fault(FaultKind.MONITOR, "uplink", how="carrier"), {"core", "dist", "a", "a-sw", "a-ups", "b", "c"}),
    ],
)
def test_a_fault_silences_exactly_what_has_no_other_way(fault: Fault, dark: set[str]) -> None:
    """Redundant uplinks are respected: b hangs on dist and on core and survives every single cut."""
    net = network()
    net.begin(fault)
    assert net.dark == dark
    assert {name for name in city().devices if net.echo(name) is None} == dark
    net.end(fault, 100.0)
    assert net.dark == set()
    assert net.faults == ()


def test_two_faults_on_one_link_need_two_repairs() -> None:
    """A duct cut and a link fault overlap: repairing one of them repairs nothing yet."""
    net = network()
    net.begin(Fault(FaultKind.LINK, "dist/a"))
    net.begin(Fault(FaultKind.CABLE, "duct"))
    net.end(Fault(FaultKind.LINK, "dist/a"), 10.0)
    assert "a" in net.dark
    net.end(Fault(FaultKind.CABLE, "duct"), 20.0)
    assert net.dark == set()


def test_both_uplinks_of_a_redundant_office_must_fail() -> None:
    """Only when the last way is gone does the office fall silent."""
    net = network()
    net.begin(Fault(FaultKind.LINK, "dist/b"))
    assert "b" not in net.dark
    net.begin(Fault(FaultKind.LINK, "core/b"))
    assert net.dark == {"b"}


@pytest.mark.parametrize(
    ("fault", "port", "admin", "oper", "reason"),
    [
        (Fault(FaultKind.LINK, "dist/a"), "ge2", PortAdmin.UP, PortOper.DOWN, None),
        (Fault(FaultKind.POWER, "one"), "ge2", PortAdmin.UP, PortOper.DOWN, None),
        (Fault(FaultKind.DEVICE, "a", how="power"), "ge2", PortAdmin.UP, PortOper.DOWN, None),
        (Fault(FaultKind.DEVICE, "a", how="hang"), "ge2", PortAdmin.UP, PortOper.UP, None),
        (Fault(FaultKind.PORT, "dist:ge2", how="admin_down"), "ge2", PortAdmin.DOWN, PortOper.DOWN, None),
        (Fault(FaultKind.PORT, "dist:ge2", how="err_disabled"), "ge2", PortAdmin.UP, PortOper.DOWN, "err-disabled"),
        (Fault(FaultKind.LINK, "dist/c"), "ge4", PortAdmin.UP, PortOper.UP, None),
    ],
)
def test_the_upstream_port_shows_what_a_real_one_would(
    fault: Fault, port: str, admin: PortAdmin, oper: PortOper, reason: str | None
) -> None:
    """A hung device keeps its link light; a circuit ends in the provider's box and stays up."""
    net = network()
    net.begin(fault)
    status = {p.name: p for p in net.snmp("dist", 50.0, monotonic=1.0).ports}[port]
    assert (status.admin, status.oper, status.reason) == (admin, oper, reason)


def test_an_agent_out_of_reach_or_dead_does_not_answer() -> None:
    """SNMP and ICMP are two facts: a dead agent leaves the echo alone, a mute device still has its agent."""
    net = network()
    net.begin(Fault(FaultKind.SNMP, "dist"))
    net.begin(Fault(FaultKind.ICMP, "a"))
    net.begin(Fault(FaultKind.LINK, "dist/c"))
    assert net.echo("dist") is not None
    assert not net.snmp("dist", 1.0, monotonic=1.0).answered
    assert net.echo("a") is None
    assert net.snmp("a", 1.0, monotonic=1.0).answered
    assert not net.snmp("c", 1.0, monotonic=1.0).answered


def test_uptime_starts_anew_only_where_power_was_lost() -> None:
    """After the repair a power fault shows in the uptime counters; a cut link does not."""
    net = network()
    for fault in (Fault(FaultKind.POWER, "one"), Fault(FaultKind.LINK, "dist/c")):
        net.begin(fault)
        net.end(fault, 500.0)
    assert net.snmp("a", 560.0, monotonic=1.0).uptime_s == 60.0
    assert (net.snmp("c", 560.0, monotonic=1.0).uptime_s or 0) > 86_400


def test_a_ups_says_that_it_runs_on_battery() -> None:
    """The UPS outlives the power; where it can still be read it tells why the rest is silent."""
    net = network()
    net.begin(Fault(FaultKind.POWER, "pln"))
    reading = net.snmp("a-ups", 1.0, monotonic=1.0)
    assert not reading.answered  # its router has no power
    net.end(Fault(FaultKind.POWER, "pln"), 2.0)
    ups = net.snmp("a-ups", 3.0, monotonic=3.0).ups
    assert ups is not None
    assert not ups.on_battery


def test_loss_on_a_link_hits_what_lies_behind_it() -> None:
    """A lossy link loses that share of the echoes of everything behind it and of nothing else."""
    net = network()
    net.begin(Fault(FaultKind.LOSS, "dist/a", ratio=0.4))
    lost = sum(net.echo("a-sw") is None for _ in range(20_000)) / 20_000
    assert abs(lost - 0.4) < 0.02
    assert all(net.echo("c") is not None for _ in range(1000))


def test_independent_loss_has_the_asked_share() -> None:
    """noise.loss is a share of echoes."""
    net = network(loss=0.1)
    assert abs(sum(net.echo("a") is None for _ in range(20_000)) / 20_000 - 0.1) < 0.01


def test_blackouts_come_as_often_and_last_as_long_as_asked() -> None:
    """20 blackouts a day of 30 s: a device is dark for 600 s of 86 400."""
    net = network(bursts_per_day=20, burst_seconds=30)
    dark = 0
    seconds = 20 * 86_400
    for second in range(0, seconds, 5):
        net.pass_to(second)
        dark += net.echo("a") is None
    assert 0.5 < dark * 5 / (20 * 600) < 1.5


def test_the_same_seed_gives_the_same_network() -> None:
    """Noise comes from one seeded generator."""

    def trace() -> list[float | None]:
        net = SimulatedNetwork(city(), Noise(loss=0.2, bursts_per_day=100, burst_seconds=10), random.Random(7))
        echoes: list[float | None] = []
        for second in range(3600):
            net.pass_to(second)
            echoes.append(net.echo("a"))
        return echoes

    assert trace() == trace()


def test_an_echo_is_cheap_to_decide() -> None:
    """A day of 1,000 devices is 8.6 million echoes: one may cost a few microseconds at most (measured well below 1)."""
    net = network(loss=0.01)
    best = 1.0
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(10_000):
            net.echo("a-sw")
        best = min(best, (time.perf_counter() - begin) / 10_000)
    assert best < 5e-6
