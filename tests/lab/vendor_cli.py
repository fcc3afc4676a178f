"""A network device's command line over the real state of its namespace: sshd starts it as `vendor_cli.py PLATFORM NAME`.

It answers from `ip -j -s -d addr` at the moment of asking, so what netwatch reads over SSH changes with the fault.
Standard library only: it runs with `python -I -S`, ten times a minute.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import termios
import time
import tty
from collections.abc import Callable, Sequence
from pathlib import Path

Port = dict[str, object]
UPTIME = Path("/proc/uptime")
PAGE = 3  # lines


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


def up_for() -> tuple[int, int, int, int]:
    """Return days, hours, minutes and seconds since the kernel started."""
    seconds = int(float(UPTIME.read_text(encoding="ascii").split()[0]))
    return seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60


def ios_version(_: str) -> str:
    """Cisco IOS: show version."""
    days, hours, minutes, _seconds = up_for()
    return (
        "Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E3, RELEASE SOFTWARE (fc3)\n"
        f"\n{sys.argv[2]} uptime is {days} days, {hours} hours, {minutes} minutes\n"
        "System returned to ROM by power-on\n"
        'System image file is "flash:/contoh.bin"\n'
    )


def ios_err_disabled(_: str) -> str:
    """Cisco IOS: show interfaces status err-disabled; none is."""
    return "Port         Name               Status       Reason               Err-disabled Vlans"


def ios_log(_: str) -> str:
    """Cisco IOS and its kin: show logging."""
    ends = [f"%LINK-3-UPDOWN: Interface {p['name']}, changed state to {'up' if p['oper'] else 'down'}" for p in ports()]
    return "\n".join(
        ["Log Buffer (8192 bytes):", "", *(f"*Nov 24 08:00:{number:02d}.000: {end}" for number, end in enumerate(ends[:60]))]
    )


def huawei_version(_: str) -> str:
    """Huawei VRP: display version."""
    days, hours, minutes, _seconds = up_for()
    return (
        "Huawei Versatile Routing Platform Software\n"
        "VRP (R) software, Version 5.170 (S5720 V200R011C10SPC600)\n"
        "Copyright (C) 2000-2018 HUAWEI TECH Co., Ltd.\n"
        f"HUAWEI S5720-28X-SI-AC Routing Switch uptime is 0 week, {days} days, {hours} hours, {minutes} minutes\n"
    )


def mikrotik_resource(_: str) -> str:
    """MikroTik RouterOS: system resource print."""
    days, hours, minutes, seconds = up_for()
    return (
        f"                   uptime: {days}d{hours}h{minutes}m{seconds}s\n"
        "                  version: 6.49.10 (long-term)\n"
        "              free-memory: 20.0MiB\n"
    )


def mikrotik_log(_: str) -> str:
    """MikroTik RouterOS: log print detail."""
    return "\n".join(
        f' time=nov/24 08:00:{number:02d} topics=interface,info message="{p["name"]} link {"up" if p["oper"] else "down"}"\n'
        for number, p in enumerate(ports()[:60])
    )


def ruijie_version(_: str) -> str:
    """Ruijie: show version."""
    return "System description      : Ruijie Contoh\nSystem uptime           : {}:{:02d}:{:02d}:{:02d}".format(*up_for())


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
    if words == ["cat", "/proc/uptime"]:
        return UPTIME.read_text(encoding="ascii").strip()
    if command.startswith("hostname"):
        return sys.argv[2]
    return f"-sh: {command.split(maxsplit=1)[0]}: not found"


Answer = Callable[[str], str]
COMMANDS: dict[str, dict[str, Answer]] = {
    "cisco_ios": {
        "terminal length 0": nothing,
        "terminal width": nothing,
        "show ip interface brief": ios_brief,
        "show interfaces status err-disabled": ios_err_disabled,
        "show interfaces": ios_interfaces,
        "show version": ios_version,
        "show logging": ios_log,
    },
    "ruijie_os": {
        "terminal length 0": nothing,
        "terminal width": nothing,
        "show interfaces": ios_interfaces,
        "show version": ruijie_version,
        "show logging": ios_log,
        "show ip interface brief": ios_brief,
    },
    "huawei_vrp": {
        "screen-length 0 temporary": nothing,
        "screen-width": nothing,
        "undo smart": nothing,
        "display interface brief": huawei_brief,
        "display version": huawei_version,
        "display logbuffer": ios_log,
    },
    "mikrotik_routeros": {
        "/interface print detail": mikrotik_detail,
        "interface print detail": mikrotik_detail,
        "system resource print": mikrotik_resource,
        "log print detail": mikrotik_log,
    },
    "linux": {"ip ": linux, "cat ": linux, "hostname": linux, "stty": nothing, "export": nothing, "terminal": nothing},
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


def scripted(script: dict[str, object], command: str) -> str:
    """Return what a script has for a command. It may stop for a while, die, or take the enable mode as given."""
    answers = script["answers"]
    assert isinstance(answers, dict)
    with Path(str(script["record"])).open("a", encoding="utf-8") as record:
        record.write(command + "\n")
    slow = script.get("slow", {})
    assert isinstance(slow, dict)
    if command in answers:
        time.sleep(slow.get(command, 0))
        return str(answers[command])
    return "" if re.match(str(script["quiet"]), command) else str(script["invalid"])


def main(arguments: Sequence[str]) -> None:
    """Talk until `exit`: print the prompt, read a line, answer. A terminal echoes by itself; RouterOS gets its own line ends.

    A third argument names a script: the prompt and the answers of a device of which only its outputs are known.
    """
    script: dict[str, object] = {}
    if len(arguments) > 3:
        script = json.loads(Path(arguments[3]).read_text(encoding="utf-8"))
        time.sleep(float(str(script.get("hang", 0))))
    platform = arguments[1] if arguments[1] in COMMANDS else "linux"
    prompt = str(script.get("prompt", "")) or PROMPTS[platform].format(arguments[2])
    while True:
        sys.stdout.write(prompt)
        sys.stdout.flush()
        line = sys.stdin.readline()
        command = line.strip()
        if not line or command in {"exit", "quit", "logout", "/quit"}:
            return
        if command:
            text = scripted(script, command) if script else answer(platform, command)
            if command == "enable" and "secret" in script:
                sys.stdout.write("Password: ")
                sys.stdout.flush()
                if sys.stdin.readline().strip() != script["secret"]:
                    sys.stdout.write("% Access denied\n")
                    continue
            if command in {"enable", "disable"} and "enabled" in script:
                prompt = str(script["enabled"] if command == "enable" else script["prompt"])
            if "pager" in script and text.count("\n") > PAGE:
                by_pages(text, str(script["pager"]))
            else:
                sys.stdout.write(f"{text}\n" if text else "")


def by_pages(text: str, pager: str) -> None:
    """Show pages of an output, the next one at a key: a device whose paging cannot be switched off by looking."""
    lines = text.split("\n")
    kept = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        for start in range(0, len(lines), PAGE):
            sys.stdout.write("\n".join(lines[start : start + PAGE]) + "\n")
            if start + PAGE < len(lines):
                sys.stdout.write(pager)
                sys.stdout.flush()
                if os.read(sys.stdin.fileno(), 1) == b"q":
                    return
                sys.stdout.write("\r" + " " * len(pager) + "\r")
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, kept)


if __name__ == "__main__":
    main(sys.argv)
