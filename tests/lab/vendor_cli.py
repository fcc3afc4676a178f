"""A network device's command line over the real state of its namespace: sshd starts it as `vendor_cli.py PLATFORM NAME`.

It answers from `ip -j -s -d addr` at the moment of asking, so what netwatch reads over SSH changes with the fault.
Standard library only: it runs with `python -I -S`, ten times a minute.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence

Port = dict[str, object]


def ports() -> list[Port]:
    """Read the ports of this namespace: name, admin, oper, address, mac, mtu."""
    raw = subprocess.run(["ip", "-j", "-s", "-d", "addr"], capture_output=True, text=True, timeout=10, check=True).stdout
    found: list[Port] = []
    for link in json.loads(raw):
        if "ifname" not in link or link["ifname"] == "lo":
            continue
        addresses = [a["local"] for a in link.get("addr_info", ()) if a.get("family") == "inet"]
        found.append(
            {
                "name": link["ifname"],
                "admin": "UP" in link["flags"],
                "oper": "LOWER_UP" in link["flags"] and "UP" in link["flags"],
                "address": addresses[0] if addresses else None,
                "mac": link.get("address", "00:00:00:00:00:00"),
                "mtu": link.get("mtu", 1500),
                "rx": link.get("stats64", {}).get("rx", {}).get("bytes", 0),
                "tx": link.get("stats64", {}).get("tx", {}).get("bytes", 0),
            }
        )
    return found


def ios_brief(_: str) -> str:
    """Cisco IOS: show ip interface brief."""
    lines = ["Interface              IP-Address      OK? Method Status                Protocol"]
    for p in ports():
        status = "up" if p["oper"] else "down" if p["admin"] else "administratively down"
        protocol = "up" if p["oper"] else "down"
        lines.append(f"{p['name']!s:<22} {p['address'] or 'unassigned'!s:<15} YES manual {status:<21} {protocol}")
    return "\n".join(lines)


def ios_interfaces(_: str) -> str:
    """Cisco IOS and Ruijie: show interfaces."""
    blocks = []
    for p in ports():
        status = "up" if p["oper"] else "down" if p["admin"] else "administratively down"
        line = "up (connected)" if p["oper"] else "down (notconnect)" if p["admin"] else "down (disabled)"
        mac = str(p["mac"]).replace(":", "")
        dotted = ".".join(mac[i : i + 4] for i in (0, 4, 8))
        blocks.append(
            f"{p['name']} is {status}, line protocol is {line} \n"
            f"  Hardware is Gigabit Ethernet, address is {dotted} (bia {dotted})\n"
            f"  MTU {p['mtu']} bytes, BW 1000000 Kbit/sec, DLY 10 usec, \n"
            f"     reliability 255/255, txload 1/255, rxload 1/255\n"
            f"  Encapsulation ARPA, loopback not set\n"
            f"  Full-duplex, 1000Mb/s, media type is 10/100/1000BaseTX\n"
            f"     0 packets input, {p['rx']} bytes, 0 no buffer\n"
            f"     0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored\n"
            f"     0 packets output, {p['tx']} bytes, 0 underruns\n"
            f"     0 output errors, 0 collisions, 1 interface resets"
        )
    return "\n".join(blocks)


def huawei_brief(_: str) -> str:
    """Huawei VRP: display interface brief."""
    lines = [
        "PHY: Physical",
        "*down: administratively down",
        "(l): loopback",
        "InUti/OutUti: input utility/output utility",
        "Interface                   PHY   Protocol  InUti OutUti   inErrors  outErrors",
    ]
    for p in ports():
        physical = "up" if p["oper"] else "down" if p["admin"] else "*down"
        lines.append(f"{p['name']!s:<27} {physical:<5} {'up' if p['oper'] else 'down':<8}  0.01%  0.01%          0          0")
    return "\n".join(lines)


def mikrotik_detail(_: str) -> str:
    """MikroTik RouterOS: interface print detail."""
    lines = ["Flags: D - dynamic, X - disabled, R - running, S - slave "]
    for number, p in enumerate(ports()):
        flag = " R " if p["oper"] else "   " if p["admin"] else " X "
        what = f'name="{p["name"]}" default-name="{p["name"]}" type="ether" mtu={p["mtu"]} actual-mtu={p["mtu"]}'
        lines += [f" {number} {flag} {what} l2mtu=1598 max-l2mtu=2028 mac-address={str(p['mac']).upper()} link-downs=0", ""]
    return "\n".join(lines)


def nothing(_: str) -> str:
    """Accept a command that changes only this session (paging, width)."""
    return ""


def linux(command: str) -> str:
    """Run an `ip` command that only shows something; refuse all others, as this is no shell."""
    words = [word for word in command.split() if not word.startswith("-")]
    if (
        words[0] == "ip"
        and words[1:2]
        and words[1] in {"addr", "address", "link", "neigh", "route"}
        and words[2:] in ([], ["show"])
    ):
        done = subprocess.run(command.split(), capture_output=True, text=True, timeout=10, check=False)
        return (done.stdout + done.stderr).rstrip("\n")
    if command.startswith("hostname"):
        return sys.argv[2]
    return f"-sh: {command.split(maxsplit=1)[0]}: not found"


Answer = Callable[[str], str]
COMMANDS: dict[str, dict[str, Answer]] = {
    "cisco_ios": {
        "terminal length 0": nothing,
        "terminal width": nothing,
        "show ip interface brief": ios_brief,
        "show interfaces": ios_interfaces,
    },
    "ruijie_os": {
        "terminal length 0": nothing,
        "terminal width": nothing,
        "show interfaces": ios_interfaces,
        "show ip interface brief": ios_brief,
    },
    "huawei_vrp": {
        "screen-length 0 temporary": nothing,
        "screen-width": nothing,
        "undo smart": nothing,
        "display interface brief": huawei_brief,
    },
    "mikrotik_routeros": {"/interface print detail": mikrotik_detail, "interface print detail": mikrotik_detail},
    "linux": {"ip ": linux, "hostname": linux, "stty": nothing, "export": nothing, "terminal": nothing},
}
PROMPTS = {
    "cisco_ios": "{}#",
    "ruijie_os": "{}#",
    "huawei_vrp": "<{}>",
    "mikrotik_routeros": "[netwatch@{}] > ",
    "linux": "netwatch@{}:~$ ",
}
INVALID = {
    "cisco_ios": "                ^\n% Invalid input detected at '^' marker.\n",
    "ruijie_os": "                ^\n% Invalid input detected at '^' marker.\n",
    "huawei_vrp": "         ^\nError: Unrecognized command found at '^' position.",
    "mikrotik_routeros": "bad command name (line 1 column 1)",
}


def answer(platform: str, command: str) -> str:
    """Return what the device prints for one command."""
    known = COMMANDS[platform]
    for start, reply in known.items():
        if command == start.strip() or command.startswith(start):
            return reply(command)
    return INVALID.get(platform) or linux(command)


def main(arguments: Sequence[str]) -> None:
    """Talk until `exit`: print the prompt, read a line, answer. A terminal echoes by itself; RouterOS gets its own line ends."""
    platform = arguments[1] if arguments[1] in COMMANDS else "linux"
    prompt = PROMPTS[platform].format(arguments[2])
    while True:
        sys.stdout.write(prompt)
        sys.stdout.flush()
        line = sys.stdin.readline()
        command = line.strip()
        if not line or command in {"exit", "quit", "logout", "/quit"}:
            return
        if command:
            text = answer(platform, command)
            sys.stdout.write(f"{text}\n" if text else "")


if __name__ == "__main__":
    main(sys.argv)
