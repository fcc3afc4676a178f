"""The programs that make a namespace a device: a real snmpd and a real sshd with a vendor's command line."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from netwatch.inventory.model import Device
from tests.lab.kernel import find_tool, missing_tools, processes_in, run

VENDOR_CLI = Path(__file__).with_name("vendor_cli.py")


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a device accepts. Only for the lab: these are no secrets."""

    community: str = "kota-lab"
    username: str = "netwatch"
    password: str = "rahasia-lab"
    auth_protocol: str = "SHA"
    auth_password: str = "rahasia-auth"
    priv_protocol: str = "AES"
    priv_password: str = "rahasia-priv"


def why_no_snmpd() -> str | None:
    """Return why no SNMP agent can run here, or None."""
    return "the program `snmpd` is missing (Debian package snmpd)" if missing_tools("snmpd") else None


def why_no_sshd() -> str | None:
    """Return why no SSH server can run here, or None."""
    if missing_tools("sshd", "ssh-keygen", "openssl"):
        return "sshd, ssh-keygen or openssl is missing (Debian packages openssh-server, openssl)"
    if os.geteuid() or Path("/proc/self/uid_map").read_text(encoding="ascii").split()[2] == "1":
        return "sshd needs true root: in a user namespace only one uid is mapped"
    return None


def start_snmpd(namespace: str, device: Device, place: Path, secrets: Secrets) -> subprocess.Popen[bytes]:
    """Start an agent with its own identity: persistent directory and AgentX socket are the device's own (LAB.md section 4)."""
    lines = [
        "agentAddress udp:161",
        f"sysName {device.id}",
        f"sysDescr netwatch lab {device.platform or 'linux'}",
        f"sysLocation {device.site}",
        "sysServices 72",
        "master agentx",
        f"agentXSocket unix:{place}/agentx.sock",
    ]
    if device.snmp is not None and device.snmp.version == "3":
        user = (
            f"{secrets.username} {secrets.auth_protocol} {secrets.auth_password} {secrets.priv_protocol} {secrets.priv_password}"
        )
        lines += [f"createUser {user}", f"rouser {secrets.username} priv"]
    else:
        lines += [f"rocommunity {secrets.community}"]
    conf = place / "snmpd.conf"
    conf.write_text("\n".join(lines) + "\n", encoding="ascii")
    environment = {"PATH": os.environ.get("PATH", "/usr/bin"), "SNMP_PERSISTENT_DIR": str(place), "MIBS": ""}
    return _start(
        namespace,
        find_tool("snmpd") or "snmpd",
        "-C",
        "-c",
        str(conf),
        "-f",
        "-Lf",
        str(place / "snmpd.log"),
        "-p",
        str(place / "snmpd.pid"),
        environment=environment,
    )


def start_sshd(namespace: str, device: Device, place: Path, secrets: Secrets) -> subprocess.Popen[bytes]:
    """Start an SSH server whose only user gets the device's command line. His account exists in this namespace only."""
    Path("/run/sshd").mkdir(exist_ok=True)
    key = place.parent / "host_key"  # one for all: making twenty takes longer than the city
    if not key.exists():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    _write_accounts(namespace, device, secrets, place)
    cli = f"{sys.executable} -I -S {VENDOR_CLI} {device.platform or 'linux'} {device.id}"
    conf = place / "sshd_config"
    conf.write_text(
        f"HostKey {key}\nPidFile {place}/sshd.pid\nUsePAM no\nUseDNS no\nStrictModes no\nPasswordAuthentication yes\n"
        f"PermitRootLogin yes\nPrintMotd no\nMatch User *\n  ForceCommand {cli}\n",
        encoding="ascii",
    )
    return _start(
        namespace,
        "unshare",
        "-u",
        "sh",
        "-c",
        f'hostname {device.id}; exec {find_tool("sshd")} -D -e -f "$0" 2>"$1"',
        str(conf),
        str(place / "sshd.log"),
    )


def _write_accounts(namespace: str, device: Device, secrets: Secrets, place: Path) -> None:
    """Write the files that `ip netns exec` mounts over /etc: the host's own accounts are never touched.

    The account has uid 0 because the interpreter may lie in root's home; the forced command is all that it can run.
    """
    folder = Path("/etc/netns") / namespace
    folder.mkdir(parents=True, exist_ok=True)
    user = secrets.username
    names = (
        [user, f"{user}+ct511w4098h"] if (device.platform or "").startswith("mikrotik") else [user]
    )  # netmiko adds that suffix
    hashed = run("openssl", "passwd", "-6", secrets.password).strip()
    (folder / "passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n"
        + "".join(f"{name}:x:0:0::{place}:/bin/sh\n" for name in names),
        encoding="ascii",
    )
    (folder / "shadow").write_text(
        "root:*:19000:0:99999:7:::\nsshd:!:19000::::::\n" + "".join(f"{name}:{hashed}:19000:0:99999:7:::\n" for name in names),
        encoding="ascii",
    )
    (folder / "shadow").chmod(0o600)
    (folder / "group").write_text("root:x:0:\nnogroup:x:65534:\n", encoding="ascii")


def _start(namespace: str, *argv: str, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["ip", "netns", "exec", namespace, *argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )


def pids_of(namespace_inode: int, program: str) -> list[int]:
    """Return the processes of a namespace whose program has this name."""
    found = []
    for pid in processes_in({namespace_inode}):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() == program:
                found.append(pid)
    return found
