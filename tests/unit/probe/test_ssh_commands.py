"""What is sent to devices, and what of their answers becomes ports: nothing that cannot be read is ever fine."""

from __future__ import annotations

import re

import pytest

from netwatch.observation import PortAdmin, PortOper, PortStatus, SshReading
from netwatch.probe.ssh.commands import KINDS, PLATFORMS, listed
from netwatch.probe.ssh.login import Login
from netwatch.probe.ssh.reader import Heard, put_together, wanted_ports
from netwatch.probe.ssh.reading import read_part
from netwatch.probe.ssh.session import OF_THE_SESSION

UP, DOWN, SHUT = (PortAdmin.UP, PortOper.UP), (PortAdmin.UP, PortOper.DOWN), (PortAdmin.DOWN, PortOper.DOWN)

# Written by hand after the forms in the vendors' manuals.
IOS = """GigabitEthernet0/1 is up, line protocol is up (connected)
  Hardware is Gigabit Ethernet, address is 0011.2233.4455 (bia 0011.2233.4455)
  Description: ke Kantor Contoh
  MTU 1500 bytes, BW 1000000 Kbit/sec, DLY 10 usec,
     reliability 255/255, txload 1/255, rxload 1/255
GigabitEthernet0/2 is down, line protocol is down (notconnect)
  Hardware is Gigabit Ethernet, address is 0011.2233.4456 (bia 0011.2233.4456)
GigabitEthernet0/3 is administratively down, line protocol is down (disabled)
  Hardware is Gigabit Ethernet, address is 0011.2233.4457 (bia 0011.2233.4457)
GigabitEthernet0/4 is down, line protocol is down (err-disabled)
  Hardware is Gigabit Ethernet, address is 0011.2233.4458 (bia 0011.2233.4458)
"""
HUAWEI = """PHY: Physical
*down: administratively down
(l): loopback
(s): spoofing
InUti/OutUti: input utility/output utility
Interface                   PHY   Protocol  InUti OutUti   inErrors  outErrors
GigabitEthernet0/0/1        up    up        0.01%  0.01%          0          0
GigabitEthernet0/0/2        down  down         0%     0%          0          0
GigabitEthernet0/0/3        *down down         0%     0%          0          0
"""
MIKROTIK = """Flags: D - dynamic, X - disabled, R - running, S - slave
 0  R  name="ether1" default-name="ether1" type="ether" mtu=1500 actual-mtu=1500 mac-address=00:11:22:33:44:55 link-downs=0

 1     name="ether2" default-name="ether2" type="ether" mtu=1500 actual-mtu=1500 mac-address=00:11:22:33:44:56 link-downs=3

 2 X   name="ether3" default-name="ether3" type="ether" mtu=1500 mac-address=00:11:22:33:44:57 link-downs=0

 3  RS ;;; ke Kantor Contoh
       name="ether4 OPD" default-name="ether4" type="ether" mtu=1500 mac-address=00:11:22:33:44:58 link-downs=0
"""
COMWARE = """The brief information of interface(s) under route mode:
Link: ADM - administratively down; Stby - standby
Protocol: (s) - spoofing
Interface            Link Protocol Main IP         Description
GE0/0                UP   UP       192.0.2.1       uplink
GE0/1                DOWN DOWN     --
GE0/2                ADM  DOWN     --
"""
RUIJIE = """========================== GigabitEthernet 0/1 ========================
GigabitEthernet 0/1 is UP  , line protocol is UP
  Hardware is Broadcom 5464 GigabitEthernet
========================== GigabitEthernet 0/2 ========================
GigabitEthernet 0/2 is DOWN  , line protocol is DOWN
GigabitEthernet 0/3 is administratively down  , line protocol is DOWN
"""
LINUX = """[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"]},
{"ifindex":2,"ifname":"ge0","flags":["BROADCAST","UP","LOWER_UP"]},
{"ifindex":3,"ifname":"ge1","flags":["BROADCAST","UP"]},{"ifindex":4,"ifname":"ge2","flags":["BROADCAST"]}]
netwatch@sw:~$ """


def reading(platform: str, answers: dict[str, str], wanted: frozenset[str] = KINDS, ports: list[str] | None = None) -> SshReading:
    """Read what a device with these answers would bring; it takes no other command."""
    heard = Heard(logged_in=True)
    for ask in PLATFORMS[platform]:
        if ask.kind in wanted:
            heard.parts.append(read_part(ask, lambda command: answers.get(command, "% Invalid input detected at '^' marker.")))
    return put_together(Login("sw-contoh", "192.0.2.1", platform, None), 0.0, heard, ports, wanted)


def ports_of(platform: str, text: str) -> tuple[PortStatus, ...]:
    """Read the ports in the answer to a platform's first command."""
    return reading(platform, {PLATFORMS[platform][0].ways[0][0]: text}, frozenset({"ports"})).ports


@pytest.mark.parametrize(
    ("platform", "text", "expected"),
    [
        (
            "cisco_ios",
            IOS,
            {"GigabitEthernet0/1": UP, "GigabitEthernet0/2": DOWN, "GigabitEthernet0/3": SHUT, "GigabitEthernet0/4": DOWN},
        ),
        ("huawei", HUAWEI, {"GigabitEthernet0/0/1": UP, "GigabitEthernet0/0/2": DOWN, "GigabitEthernet0/0/3": SHUT}),
        ("mikrotik_routeros", MIKROTIK, {"ether1": UP, "ether2": DOWN, "ether3": SHUT, "ether4 OPD": UP}),
        ("hp_comware", COMWARE, {"GE0/0": UP, "GE0/1": DOWN, "GE0/2": SHUT}),
        ("ruijie_os", RUIJIE, {"GigabitEthernet 0/1": UP, "GigabitEthernet 0/2": DOWN, "GigabitEthernet 0/3": SHUT}),
        ("linux", LINUX, {"ge0": UP, "ge1": DOWN, "ge2": SHUT}),
    ],
)
def test_ports_are_read_in_each_vendors_form(platform, text, expected):
    assert {port.name: (port.admin, port.oper) for port in ports_of(platform, text)} == expected


def test_an_err_disabled_port_says_so_and_another_command_says_why():
    plain = {port.name: port.reason for port in ports_of("cisco_ios", IOS)}
    assert plain == {
        "GigabitEthernet0/1": None,
        "GigabitEthernet0/2": None,
        "GigabitEthernet0/3": None,
        "GigabitEthernet0/4": "err-disabled",
    }
    why = """Port         Name                         Status       Reason               Err-disabled Vlans
Gi0/4        ke Kantor Contoh             err-disabled bpduguard
"""
    power = """Module   Available     Used     Remaining
          (Watts)     (Watts)    (Watts)
------   ---------   --------   ---------
1           370.0       30.0       340.0
Interface Admin  Oper       Power   Device              Class Max
                            (Watts)
--------- ------ ---------- ------- ------------------- ----- ----
Gi0/1     auto   on         30.0    AP-CONTOH           4     30.0
Gi0/2     auto   faulty     0.0     n/a                 n/a   30.0
"""
    answers = {"show interfaces": IOS, "show interfaces status err-disabled": why, "show power inline": power}
    reasons = {port.name: port.reason for port in reading("cisco_ios", answers, frozenset({"ports"})).ports}
    assert reasons["GigabitEthernet0/4"] == "err-disabled: bpduguard"
    assert reasons["GigabitEthernet0/2"] == "poe: faulty"
    assert reasons["GigabitEthernet0/1"] is None


def test_two_commands_together_know_what_neither_knows_alone():
    status = """Port      Status    Speed   Duplex  FlowCtrl  Jumbo    Active-Medium
-------   --------  ------  ------  --------  -------  -------------
Gi1/0/1   LinkDown  N/A     N/A     N/A       Disable  Copper
Gi1/0/2   LinkUp    1000M   Full    Disable   Disable  Copper
"""
    configured = """Port      State    Speed  Duplex  FlowCtrl  Description
-------   -------  -----  ------  --------  -----------
Gi1/0/1   Disable  Auto   Auto    Disable   ke Kantor Contoh
Gi1/0/2   Enable   Auto   Auto    Disable
"""
    alone = reading("tplink_jetstream", {"show interface status": status}, frozenset({"ports"}))
    assert [(port.admin, port.oper) for port in alone.ports] == [(PortAdmin.UNKNOWN, PortOper.DOWN), UP]
    both = {"show interface status": status, "show interface configuration": configured}
    seen = reading("tplink_jetstream", both, frozenset({"ports"}))
    assert [(port.admin, port.oper) for port in seen.ports] == [SHUT, UP]
    assert seen.ports[0].description == "ke Kantor Contoh"


NOT_PORTS = [
    "",
    "\n",
    "              ^\n% Invalid input detected at '^' marker.",
    "bad command name (line 1 column 1)",
    "Error: Unrecognized command found at '^' position.",
    "% CDP is not enabled",
    "Command fail. Return code -61",
    "-sh: show: not found",
    "hello world",
    "[1, 2]",
    "[{}]",
    "Flags: D - dynamic, X - disabled, R - running\n",
]


@pytest.mark.parametrize("text", NOT_PORTS)
@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_what_cannot_be_read_is_a_note_and_no_evidence(platform, text):
    every = {command: text for ask in PLATFORMS[platform] for command, _ in ask.ways}
    seen = reading(platform, every)
    assert (seen.ports, seen.neighbours, seen.uptime_s, seen.reboot_reason, seen.log_lines) == ((), (), None, None, ())
    assert seen.answered
    assert (seen.error or "").startswith("unparsable: ")
    assert set(seen.output.values()) == {text}
    asked = {ask.kind for ask in PLATFORMS[platform]} - {"log"}  # any words may stand in a log
    assert asked <= {note.split(":")[0] for note in seen.notes}


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_only_commands_that_show_are_ever_sent(platform):
    for command in listed(platform):
        assert re.match(
            r"(show|display|get|cat|journalctl|ip -j|ip neighbor print|/?interface|system resource print|log print) ?", command
        )
        assert not re.search(r"\b(set|add|remove|delete|config|write|reset|clear|undo|no|enable|disable)\b(?!-)", command)
        assert "\n" not in command
        assert ";" not in command
    assert {ask.kind for ask in PLATFORMS[platform]} <= KINDS


@pytest.mark.parametrize(
    "line",
    [
        "configure terminal",
        "conf t",
        "config system console",
        "system-view",
        "set output standard",
        "end",
        "reload",
        "no shutdown",
        "undo shutdown",
        "write memory",
        "enable clipaging",
        "disable clipaging",
        "sudo -s",
    ],
)
def test_what_changes_a_device_is_not_of_the_session(line):
    assert OF_THE_SESSION.fullmatch(line) is None


def test_a_device_without_a_command_for_something_says_so():
    seen = reading("fortinet", {}, frozenset({"log", "ports"}))
    assert "log: no command is known for it on this platform" in seen.notes
    olt = reading("huawei_olt", {}, frozenset({"ports"}))
    assert (olt.ports, olt.error) == ((), "unparsable: no command is known for it on this platform")


def test_the_asked_ports_come_back_under_the_names_of_the_inventory_and_a_missing_one_is_noted():
    ports = ports_of("ruijie_os", RUIJIE)
    assert [port.name for port in wanted_ports(ports, ["gigabitethernet0/2", "none"])] == ["gigabitethernet0/2"]
    assert wanted_ports(ports, None) == ports
    seen = reading("ruijie_os", {"show interfaces": RUIJIE}, frozenset({"ports"}), ["gigabitethernet0/2", "none"])
    assert [port.name for port in seen.ports] == ["gigabitethernet0/2"]
    assert "ports: none: the device shows no port of this name" in seen.notes


def test_a_password_in_a_devices_own_log_is_covered():
    log = "Nov 24 08:00:01 sw-contoh: interface Gi0/1 changed; username contoh password 7 0822455D0A16 entered\n"
    seen = reading("cisco_ios", {"show logging": log}, frozenset({"log"}))
    assert "0822455D0A16" not in repr(seen)
    assert seen.log_lines[0].startswith("Nov 24 08:00:01 sw-contoh: interface Gi0/1 changed")


def test_routeros_says_in_its_log_that_it_went_down_without_a_shutdown():
    log = """ time=nov/24 08:00:03 topics=system,error,critical message="router was rebooted without proper shutdown"

 time=nov/24 08:00:09 topics=interface,info message="ether1 link up (speed 1G, full duplex)"
"""
    seen = reading("mikrotik_routeros", {"log print detail without-paging": log}, frozenset({"log"}))
    assert seen.reboot_reason == "router was rebooted without proper shutdown"
    assert len(seen.log_lines) == 2
    assert seen.log_lines[-1].endswith('message="ether1 link up (speed 1G, full duplex)"')
