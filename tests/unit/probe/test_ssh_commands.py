"""What the command lines of vendors say about ports, and what they do not say."""

from __future__ import annotations

import pytest

from netwatch.observation import PortAdmin, PortOper
from netwatch.probe.ssh.commands import PORT_COMMANDS, parse_ports, wanted_ports

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
    assert {port.name: (port.admin, port.oper) for port in parse_ports(platform, text)} == expected


def test_an_err_disabled_port_says_so():
    reasons = {port.name: port.reason for port in parse_ports("cisco_ios", IOS)}
    assert reasons == {
        "GigabitEthernet0/1": None,
        "GigabitEthernet0/2": None,
        "GigabitEthernet0/3": None,
        "GigabitEthernet0/4": "err-disabled",
    }


@pytest.mark.parametrize("platform", sorted(PORT_COMMANDS))
@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "              ^\n% Invalid input detected at '^' marker.",
        "bad command name (line 1 column 1)",
        "Error: Unrecognized command found at '^' position.",
        "hello world",
        "[1, 2]",
        "[{}]",
        "Flags: D - dynamic, X - disabled, R - running\n",
    ],
)
def test_what_cannot_be_read_is_no_evidence(platform, text):
    with pytest.raises(ValueError, match=r"port|template|refused|legend|JSON|link"):
        parse_ports(platform, text)


@pytest.mark.parametrize("platform", sorted(PORT_COMMANDS))
def test_only_commands_that_show_are_ever_sent(platform):
    assert PORT_COMMANDS[platform].command.split()[0] in ("show", "display", "interface", "ip")
    assert "\n" not in PORT_COMMANDS[platform].command


def test_the_asked_ports_come_back_under_the_names_of_the_inventory():
    ports = parse_ports("ruijie_os", RUIJIE)
    assert [port.name for port in wanted_ports(ports, ["gigabitethernet0/2", "none"])] == ["gigabitethernet0/2"]
    assert wanted_ports(ports, None) == ports
