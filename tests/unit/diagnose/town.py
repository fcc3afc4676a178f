"""A small town for the tests of detect, diagnose and incident: written as lines, as in an inventory."""

from datetime import UTC, datetime, timedelta

from netwatch.diagnose.snapshot import DeviceView, Reach, Snapshot, VantageView
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import Device, GroupKind, Inventory, LinkKind, RiskGroup, Role, Site, SiteKind, Uplink
from netwatch.observation import PortAdmin, PortOper, PortStatus

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
KINDS = {"dc": SiteKind.DATA_CENTER, "hub": SiteKind.HUB, "pop": SiteKind.PROVIDER}


def town(lines, groups=(), vantage="core"):
    """Make a graph of lines `device site [uplink[~] ...]`; `~` marks a circuit. Other sites than dc, hub, pop are offices."""
    sites, devices = {}, {}
    for line in lines.strip().splitlines():
        name, site, *ups = line.split()
        kind = next((kind for prefix, kind in KINDS.items() if site.startswith(prefix)), SiteKind.OFFICE)
        sites[site] = Site(site, f"Kantor {site}", kind)
        uplinks = tuple(
            Uplink(
                f"{up.rstrip('~')}/{name}",
                name,
                up.rstrip("~"),
                port=f"to-{name}",
                own_port=f"up-{up.rstrip('~')}",
                kind=LinkKind.CIRCUIT if up.endswith("~") else LinkKind.DIRECT,
                provider="telkom" if up.endswith("~") else None,
            )
            for up in ups
        )
        devices[name] = Device(name, site, Role.ROUTER, "192.0.2.1", uplinks)
    return Graph.of(Inventory(vantage, sites, devices, {group.id: group for group in groups}))


def feed_of(name, *sites):
    return RiskGroup(name, GroupKind.POWER, sites=sites)


def cable(name, *links):
    return RiskGroup(name, GroupKind.CABLE, links=links)


def seen(graph, *, down=(), unknown=(), unsettled=(), ports=None, since=None, carrier=True, witness=None, more=None):
    """Take a snapshot: everything answers but these."""
    since = since or {}
    views = {}
    for device in graph.inventory.devices:
        if device in down:
            views[device] = DeviceView(Reach.SILENT, NOW - timedelta(seconds=since.get(device, 30)), certain=True)
        elif device in unsettled:
            views[device] = DeviceView(Reach.UNSETTLED, NOW)
        elif device not in unknown:
            views[device] = DeviceView(Reach.ANSWERING)
    views.update(more or {})
    return Snapshot(graph, NOW, views, readings(ports or {}), VantageView(carrier, witness))


def readings(ports):
    """Turn {"core:to-a": "down"} into port readings; also up, admin, err-disabled."""
    found = {}
    for place, what in ports.items():
        device, port = place.split(":")
        admin = PortAdmin.DOWN if what == "admin" else PortAdmin.UP
        oper = PortOper.UP if what == "up" else PortOper.DOWN
        found[device, port] = PortStatus(port, admin, oper, "err-disabled" if what == "err-disabled" else None)
    return found


SMALL = """
core dc
dist dc core
hub-a hub dist
pop-1 pop dist~
a-rtr kec-a dist
a-sw kec-a a-rtr
a-ap kec-a a-sw
b-rtr kec-b pop-1~
b-sw kec-b b-rtr
c-rtr kel-c hub-a
c-sw kel-c c-rtr
"""
