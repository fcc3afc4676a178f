"""What devices say of their neighbours, beside what the inventory says: a diff for people, which changes nothing by itself."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import threading
from contextlib import contextmanager

import pytest
from pysnmp.proto.rfc1902 import Integer32, OctetString

from netwatch.cli.app import run
from netwatch.inventory.document import read_inventory
from netwatch.inventory.identity import Said
from netwatch.inventory.patch import patch
from netwatch.inventory.suggest import Remark, suggest
from netwatch.observation import Neighbour, PortAdmin, PortOper, PortStatus
from tests.unit.probe.snmp_agent import FakeAgent, switch

CITY = """version: 1
vantage: dc-core
sites:
  dc: {name: Data Center Contoh, kind: data_center}
  kantor: {name: Kantor Contoh, kind: office, opd: Contoh}
devices:
  # di Data Center
  dc-core: {site: dc, role: core, address: 10.255.0.1}
  dc-dist: {site: dc, role: distribution, address: 10.255.0.2, uplinks: [{to: dc-core, port: ge1, own_port: ge0}]}  # utama
  rtr:
    site: kantor
    role: router
    address: 10.200.1.2
    uplinks:
      - {to: dc-dist, port: ge1, own_port: ge0}
  sw:
    site: kantor
    role: switch
    address: 10.100.1.2
    uplinks:
      - to: rtr    # lewat lantai 2
        port: ge1
        own_port: ge0
"""


def said(name, *lldp, ports=("ge0", "ge1", "ge2"), chassis=None, arp=()):
    """Return what a device says: lldp as (own port, system name, its port) or a Neighbour."""
    rows = [Neighbour(one[0], "lldp", one[1], one[2]) if isinstance(one, tuple) else one for one in lldp]
    rows += [Neighbour("ge0", "arp", address=address, chassis=mac) for address, mac in arp]
    known = enumerate(ports, 1)
    made = tuple(PortStatus(port, PortAdmin.UP, PortOper.UP, index=at, description=f"Ethernet {port}") for at, port in known)
    return Said(name, chassis, made, tuple(rows))


def compared(told, city=CITY):
    inventory = read_inventory({"inventory.yaml": city.encode()})
    suggestions, remarks = suggest(inventory, told)
    diff, left = patch({"inventory.yaml": city}, suggestions, remarks)
    return suggestions, remarks, diff, left


def only(told, city=CITY):
    (suggestion,), remarks, diff, left = compared(told, city)
    assert (remarks, left) == ([], [])
    return suggestion, [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def after(diff, city, tmp_path):
    """Apply a diff with the program that people use."""
    if shutil.which("patch") is None:
        pytest.skip("the program `patch` is missing")
    (tmp_path / "inventory.yaml").write_text(city)
    subprocess.run(["patch", "-s", str(tmp_path / "inventory.yaml")], input=diff.encode(), check=True)
    return read_inventory({"inventory.yaml": (tmp_path / "inventory.yaml").read_bytes()})


def test_an_inventory_that_says_what_the_devices_say_needs_nothing():
    told = {
        "dc-core": said("dc-core.batam.invalid", ("ge1", "DC-DIST.batam.invalid", "ge0")),
        "dc-dist": said("dc-dist", ("ge0", "dc-core", "ge1"), ("ge1", "rtr", "Ethernet ge0")),
        "rtr": said("rtr", ("ge0", "dc-dist", "ge1")),
    }
    assert compared(told) == ([], [], "", [])


def test_a_missing_uplink_is_added_in_the_style_of_the_list():
    city = CITY.replace("      - {to: dc-dist, port: ge1, own_port: ge0}", "      - {to: dc-core, port: ge2, own_port: ge1}")
    told = {"rtr": said("rtr", ("ge0", "dc-dist", "ge1"), ("ge1", "dc-core", "ge2"))}
    suggestion, changed = only(told, city)
    assert (suggestion.kind, suggestion.device, suggestion.seen) == ("missing_uplink", "rtr", ("rtr lldp",))
    assert changed == ["+      - {to: dc-dist, port: ge1, own_port: ge0}"]


def test_of_two_devices_equally_near_the_one_nearer_to_the_core_by_its_role_is_above():
    city = CITY.replace("{to: dc-dist, port: ge1, own_port: ge0}", "{to: dc-core, port: ge2, own_port: ge1}")
    suggestion, _ = only({"dc-dist": said("dc-dist", ("ge1", "rtr", "ge0"))}, city)
    assert (suggestion.device, suggestion.values["to"]) == ("rtr", "dc-dist")


def test_a_device_without_uplinks_gets_its_first():
    city = CITY.replace(", uplinks: [{to: dc-core, port: ge1, own_port: ge0}]}  # utama", "}  # utama")
    _, changed = only({"dc-core": said("dc-core", ("ge1", "dc-dist", "ge0"))}, city)
    assert changed[-1].endswith("address: 10.255.0.2, uplinks: [{to: dc-core, port: ge1, own_port: ge0}]}  # utama")


def test_an_uplink_that_leads_elsewhere_by_the_same_port_is_changed():
    told = {"sw": said("sw", ("ge0", "dc-dist", "ge2"))}
    suggestion, changed = only(told)
    assert (suggestion.kind, suggestion.before) == ("wrong_upstream", {"to": "rtr", "port": "ge1"})
    assert changed == [
        "-      - to: rtr    # lewat lantai 2",
        "-        port: ge1",
        "+      - to: dc-dist    # lewat lantai 2",
        "+        port: ge2",
    ]


def test_an_uplink_whose_new_port_nobody_knows_loses_the_old_one():
    suggestion, _ = only({"sw": said("sw", ("ge0", "dc-dist", None))})
    assert suggestion.values == {"to": "dc-dist", "port": None}


def test_a_circuit_shows_no_neighbour_and_is_not_called_wrong():
    city = CITY.replace("own_port: ge0}\n  sw", "own_port: ge0, kind: circuit}\n  sw")
    suggestion, _ = only({"rtr": said("rtr", ("ge0", "dc-core", "ge2"))}, city)
    assert suggestion.kind == "missing_uplink"


def test_a_port_name_that_is_missing_is_filled_in():
    city = CITY.replace("[{to: dc-core, port: ge1, own_port: ge0}]", "[{to: dc-core}]")
    suggestion, changed = only({"dc-core": said("dc-core", ("ge1", "dc-dist", "ge0"))}, city)
    assert (suggestion.kind, suggestion.values) == ("missing_port", {"own_port": "ge0", "port": "ge1"})
    assert "uplinks: [{to: dc-core, own_port: ge0, port: ge1}]}  # utama" in changed[-1]


def test_a_port_name_that_is_wrong_is_changed():
    suggestion, changed = only({"dc-dist": said("dc-dist", ("ge2", "dc-core", "ge1")), "dc-core": said("dc-core")})
    assert (suggestion.kind, suggestion.values, suggestion.before) == ("wrong_port", {"own_port": "ge2"}, {"own_port": "ge0"})
    assert changed[-1].endswith("uplinks: [{to: dc-core, port: ge1, own_port: ge2}]}  # utama")


@pytest.mark.parametrize("written", ["Ethernet ge0", "GE0", "ge0"])
def test_a_port_may_be_called_by_any_of_its_names(written):
    city = CITY.replace("port: ge1, own_port: ge0}]}  # utama", f"port: ge1, own_port: {written}}}]}}  # utama")
    assert compared({"dc-dist": said("dc-dist", ("ge0", "dc-core", "ge1"))}, city)[0] == []


def test_the_other_port_is_resolved_where_its_device_was_read():
    """A number, a MAC address and a description become the name the other device shows."""
    city = CITY.replace("[{to: dc-core, port: ge1, own_port: ge0}]", "[{to: dc-core, own_port: ge0}]")
    for remote in ("2", "Ethernet ge1", "ge1"):
        suggestion, _ = only({"dc-dist": said("dc-dist", ("ge0", "dc-core", remote)), "dc-core": said("dc-core")}, city)
        assert suggestion.values == {"port": "ge1"}
    assert compared({"dc-dist": said("dc-dist", ("ge0", "dc-core", "2"))}, city)[0] == []  # a number of nobody knows what


@pytest.mark.parametrize(
    "neighbour",
    [
        Neighbour("ge1", "lldp", "DC-Dist.batam.invalid", "ge0"),
        Neighbour("ge1", "cdp", "dc-dist(FOC1234X0YZ)", "ge0"),
        Neighbour("ge1", "lldp", "MikroTik", "ge0", "10.255.0.2"),
        Neighbour("ge1", "lldp", None, "ge0", None, "02:aa:00:00:00:01"),
        Neighbour("ge1", "lldp", "sw-lantai-1", "ge0"),
    ],
)
def test_a_neighbour_is_known_by_name_by_address_and_by_mac_address(neighbour):
    """By MAC address: the one its ARP entry or its own chassis has; by the name that it tells itself by SNMP."""
    city = CITY.replace(", uplinks: [{to: dc-core, port: ge1, own_port: ge0}]}  # utama", "}  # utama")
    told = {
        "dc-core": said("dc-core", neighbour, arp=[("10.255.0.2", "02:aa:00:00:00:01")]),
        "dc-dist": said("sw-lantai-1", chassis="02:aa:00:00:00:01"),
    }
    suggestion, _ = only(told, city)
    assert (suggestion.device, suggestion.values["to"]) == ("dc-dist", "dc-core")


def test_a_name_that_several_devices_have_is_nobodys():
    told = {"dc-core": said("dc-core", ("ge2", "MikroTik", "ge0")), "rtr": said("MikroTik"), "sw": said("MikroTik")}
    suggestions, remarks, diff, _ = compared(told)
    assert suggestions == []
    assert remarks == [Remark("unknown_neighbour", "dc-core", "ge2", "MikroTik", "lldp MikroTik ge0")]
    assert "+  # dc-core ge2: unknown neighbour lldp MikroTik ge0" in diff


def test_an_unknown_neighbour_is_a_comment_below_its_device(tmp_path):
    told = {"sw": said("sw", ("ge2", "ap-contoh\n- evil: {", None), ("ge0", "rtr", "ge1"))}
    _, _, diff, _ = compared(told)
    assert "+  # sw ge2: unknown neighbour lldp ap-contoh - evil: {" in diff
    assert after(diff, CITY, tmp_path).devices == read_inventory({"i": CITY.encode()}).devices


def test_two_devices_of_which_neither_is_nearer_are_only_remarked():
    city = CITY.replace("to: rtr    # lewat lantai 2", "to: dc-dist").replace("role: switch", "role: router")
    _, remarks, _, _ = compared({"sw": said("sw", ("ge2", "rtr", "ge2"))}, city)
    assert [(one.kind, one.device, one.neighbour) for one in remarks] == [("no_direction", "rtr", "sw")]


def test_two_lines_between_the_same_devices_are_two_uplinks_with_ports():
    told = {"dc-dist": said("dc-dist", ("ge0", "dc-core", "ge1"), ("ge2", "dc-core", "ge2"))}
    city = CITY.replace(
        "[{to: dc-core, port: ge1, own_port: ge0}]", "[{to: dc-core, port: ge1, own_port: ge0}, {to: dc-core, port: ge2}]"
    )
    suggestion, _ = only(told, city)
    assert (suggestion.place, suggestion.values) == (1, {"own_port": "ge2"})


def test_both_ends_of_one_line_make_one_suggestion():
    city = CITY.replace("[{to: dc-core, port: ge1, own_port: ge0}]", "[{to: dc-core}]")
    told = {
        "dc-core": said("dc-core", ("ge1", "dc-dist", "02:bb:00:00:00:09")),
        "dc-dist": said("dc-dist", ("ge0", "dc-core", "02:bb:00:00:00:08")),
    }
    suggestion, _ = only(told, city)
    assert suggestion.values == {"own_port": "ge0", "port": "ge1"}
    assert suggestion.seen == ("dc-core lldp", "dc-dist lldp")


def test_what_would_make_the_inventory_invalid_is_left_out_and_said():
    told = {"sw": said("sw", ("ge0", "rtr", "ge1"), ("ge1", "dc-dist", None), ("ge2", "dc-dist", None))}
    suggestions, _, diff, left = compared(told)
    assert len(suggestions) == 2  # two uplinks to one device need the names of its ports
    assert len(left) == 1
    assert diff.count("\n+      - {to: dc-dist") == 1


def test_arp_alone_suggests_nothing():
    assert compared({"dc-core": said("dc-core", arp=[("10.100.1.2", "02:00:00:00:00:77")])}) == ([], [], "", [])


def test_the_diff_can_be_applied_and_then_nothing_is_left_to_suggest(tmp_path):
    told = {
        "dc-core": said("dc-core", ("ge2", "dc-dist", "ge0")),
        "dc-dist": said("dc-dist", ("ge1", "rtr", "ge1: 10/100")),
        "rtr": said("rtr", ("ge2", "sw", "ge2"), ports=("ge0", "ge1: 10/100", "ge2")),
        "sw": said("sw", ("ge1", "dc-core", "Port 7"), ports=("ge0", "ge1", "ge2")),
    }
    suggestions, _, diff, left = compared(told)
    assert left == []
    assert {one.kind for one in suggestions} == {"wrong_port", "missing_uplink"}
    changed = after(diff, CITY, tmp_path)
    assert suggest(changed, told)[0] == []
    assert changed.devices["rtr"].uplinks[0].own_port == "ge1: 10/100"
    assert "# lewat lantai 2" in (tmp_path / "inventory.yaml").read_text()


# The command, against agents that speak LLDP


def lldp_switch(called, local, **remote):
    """Build an agent's tree: a switch with this name, whose port `local` sees a neighbour."""
    tree = switch()
    tree[(1, 3, 6, 1, 2, 1, 1, 5, 0)] = OctetString(called.encode())
    lldp = (1, 0, 8802, 1, 1, 2, 1)
    tree[(*lldp, 3, 7, 1, 2, 1)], tree[(*lldp, 3, 7, 1, 3, 1)] = Integer32(5), OctetString(local.encode())
    for column, value in {5: b"\x02\0\0\0\0\x05", 7: remote["port"], 9: remote["name"]}.items():
        tree[(*lldp, 4, 1, 1, column, 0, 1, 1)] = OctetString(value)
    tree[(*lldp, 4, 1, 1, 6, 0, 1, 1)] = Integer32(5)
    return dict(sorted(tree.items()))


@contextmanager
def agents(trees):
    """Serve trees on loopback addresses in a thread of its own; yields the port of each."""
    loop, ports, ready = asyncio.new_event_loop(), {}, threading.Event()

    async def serve():
        for address, tree in trees.items():
            made = lambda tree=tree: FakeAgent(tree)  # noqa: E731
            transport, _ = await loop.create_datagram_endpoint(made, local_addr=(address, 0))
            ports[address] = transport.get_extra_info("sockname")[1]
        ready.set()

    def work():
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert ready.wait(10)
        yield ports
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture
def served(tmp_path):
    """Write a configuration for a city of two agents that answer and one that does not exist."""
    trees = {
        "127.0.0.11": lldp_switch("dc-core", "ge1", name=b"dc-dist", port=b"ge2"),
        "127.0.0.12": lldp_switch("dc-dist", "ge2", name=b"dc-core", port=b"ge1"),
    }
    (tmp_path / "netwatch.yaml").write_text(
        "inventory: inventory.yaml\ncredentials: credentials.yaml\nsnmp: {timeout: 0.3, retries: 0}\nlanguage: en\n"
    )
    (tmp_path / "credentials.yaml").write_text("version: 1\ncredentials:\n  s: {community: kunci}\n")
    (tmp_path / "credentials.yaml").chmod(0o600)
    with agents(trees) as ports:
        core, dist = ports["127.0.0.11"], ports["127.0.0.12"]
        (tmp_path / "inventory.yaml").write_text(f"""version: 1
vantage: dc-core
defaults: {{credentials: {{snmp: s}}}}
sites: {{dc: {{name: Data Center Contoh, kind: data_center}}}}
devices:
  dc-core: {{site: dc, role: core, address: 127.0.0.11, snmp: {{port: {core}}}}}
  dc-dist: {{site: dc, role: distribution, address: 127.0.0.12, snmp: {{port: {dist}}}, uplinks: [{{to: dc-core}}]}}
  dc-mati: {{site: dc, role: switch, address: 127.0.0.13, uplinks: [{{to: dc-core}}]}}
  dc-ping: {{site: dc, role: server, address: 127.0.0.14, monitor: [icmp], uplinks: [{{to: dc-core}}]}}
""")
        yield tmp_path


def test_the_command_reads_the_devices_and_prints_a_diff_that_it_does_not_apply(served, capsys, monkeypatch):
    monkeypatch.setenv("NETWATCH_LANGUAGE", "en")
    before = (served / "inventory.yaml").read_bytes()
    monkeypatch.chdir(served)
    assert run(["inventory", "suggest", "--config", "netwatch.yaml"]) == 0
    shown = capsys.readouterr()
    assert "uplinks: [{to: dc-core, own_port: ge2, port: ge1}]" in shown.out
    assert shown.out.startswith("--- inventory.yaml\n+++ inventory.yaml\n")
    assert "dc-mati: not read: timeout" in shown.err
    assert "dc-ping: not read: monitor: no snmp" in shown.err
    assert (served / "inventory.yaml").read_bytes() == before


def test_the_command_answers_as_json_and_asks_only_whom_it_is_told_to(served, capsys):
    arguments = ["inventory", "suggest", "--config", str(served / "netwatch.yaml"), "--json", "dc-dist"]
    assert run(arguments) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "netwatch.inventory-suggest/1"
    assert (document["read"], document["unread"]) == (["dc-dist"], [])
    (one,) = document["suggestions"]
    assert (one["kind"], one["uplink"], one["values"]) == ("missing_port", "dc-core/dc-dist", {"own_port": "ge2", "port": "ge1"})
    assert document["diff"].count("\n+ ") == 1


def test_a_device_that_the_inventory_does_not_have_is_said(served, capsys):
    assert run(["inventory", "suggest", "--config", str(served / "netwatch.yaml"), "dc-cor"]) != 0
    assert "dc-core" in capsys.readouterr().err
