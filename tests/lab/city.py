"""A small city of network namespaces, built from an inventory: one per device, real links, real agents (LAB.md section 4)."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from netwatch.inventory.model import DeviceId, Inventory, LinkId
from tests.lab import agents, ask
from tests.lab.kernel import NETNS, LabError, end_processes_in, inode, ip_batch, run
from tests.lab.plan import MONITOR, Node, Plan, plan

READY_S = 20.0
_SYSCTLS = {  # rp_filter: redundant ways are asymmetric; redirects: two routers on one switch would learn short cuts
    "net.ipv4.ip_forward": "1",
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.default.rp_filter": "0",
    "net.ipv4.conf.all.send_redirects": "0",
    "net.ipv4.conf.default.send_redirects": "0",
    "net.ipv4.icmp_ratelimit": "0",
}
_ROUTER_SYSCTLS = {"net.ipv4.conf.all.ignore_routes_with_linkdown": "1", "net.ipv4.conf.default.ignore_routes_with_linkdown": "1"}


class City:
    """The running lab. Use it as a context manager: leaving it ends its processes and removes every trace.

    `prefix` keeps the namespaces of two runs apart (their names are host-wide). `secrets` maps the credential names of the
    inventory to communities and passwords, as `agents.Secrets`.
    """

    def __init__(
        self,
        inventory: Inventory,
        *,
        secrets: Mapping[str, agents.Secrets] | None = None,
        prefix: str | None = None,
        with_snmp: bool = True,
        with_ssh: bool = True,
    ) -> None:
        self.inventory = inventory
        self.plan: Plan = plan(inventory)
        self.prefix = prefix or f"nw{os.getpid()}"
        self.directory = Path(tempfile.mkdtemp(prefix=f"{self.prefix}-"))
        self._secrets = dict(secrets or {})
        self._with_snmp = with_snmp
        self._with_ssh = with_ssh and os.geteuid() == 0 and not agents.why_no_sshd()
        self._inodes: dict[DeviceId, int] = {}

    def __enter__(self) -> Self:
        """Build the city and wait until everything in it answers."""
        try:
            self.build()
            self.wait_until_ready()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.remove()

    def namespace(self, device: DeviceId) -> str:
        """Return the name of a device's namespace."""
        return f"{self.prefix}-{device}"

    def build(self) -> None:
        """Make namespaces, cables, addresses, routes and agents."""
        self._remove_leftovers()
        ip_batch([f"netns add {self.namespace(name)}" for name in self.plan.nodes])
        self._inodes = {name: inode(self.namespace(name)) for name in self.plan.nodes}
        ip_batch(
            [
                f"link add {c.upper.port} netns {self.namespace(c.upper.device)} type veth "
                f"peer name {c.lower.port} netns {self.namespace(c.lower.device)}"
                for c in self.plan.cables.values()
            ]
        )
        for node in self.plan.nodes.values():
            self._configure(node)
            if node.device != MONITOR:
                self.start_agents(node.device)

    def _configure(self, node: Node) -> None:
        settings = _SYSCTLS | ({} if node.is_bridge or node.device == MONITOR else _ROUTER_SYSCTLS)
        lines = "".join(f"{key.replace('.', '/')} {value}\n" for key, value in settings.items())
        script = 'while read -r key value; do echo "$value" > "/proc/sys/$key" || exit 1; done'
        run("ip", "netns", "exec", self.namespace(node.device), "sh", "-c", script, given=lines)
        commands = ["link set lo up"]
        if node.is_bridge:
            commands += ["link add br0 type bridge forward_delay 0", *(f"link set {port} master br0" for port in node.ports)]
        place = "br0" if node.is_bridge else node.ports[0] if len(node.ports) == 1 else "lo"  # a router's address is no port's
        commands += [f"address add {node.address}/32 dev {place}"]
        ip_batch([*commands, *self.lines_up(node)], namespace=self.namespace(node.device))

    @staticmethod
    def lines_up(node: Node) -> list[str]:
        """Return the `ip` commands that bring a node's ports and routes up."""
        ports = [f"link set {port} up" for port in (*(("br0",) if node.is_bridge else ()), *node.ports)]
        return ports + [f"route replace {route}" for route in node.routes]

    def reroute(self, without: Collection[LinkId], *, back: Collection[DeviceId] = ()) -> None:
        """Change every route that the loss or the return of cables changes, as a routing protocol would, only at once.

        `back`: devices whose ports were down: the kernel has forgotten their routes.
        """
        before, self.plan = self.plan, plan(self.inventory, without)
        for name, node in self.plan.nodes.items():
            old = before.nodes[name].routes
            if node.routes != old or name in back:
                gone = [f"route del {route}" for route in old if route not in node.routes]
                lines = [*gone, *(f"route replace {route}" for route in node.routes)]
                ip_batch(lines, namespace=self.namespace(name), force=True)  # a port that is down takes no route

    def start_agents(self, device: DeviceId) -> None:
        """Start the SNMP agent and the SSH server of a device, if it has them."""
        facts = self.inventory.devices[device]
        place = self.directory / device
        place.mkdir(exist_ok=True)
        namespace = self.namespace(device)
        if self._with_snmp and facts.snmp is not None and "snmp" in facts.monitor:
            agents.start_snmpd(namespace, facts, place, self._secrets.get(facts.snmp.credential or "", agents.Secrets()))
        if self._with_ssh and facts.ssh is not None and "ssh" in facts.monitor:
            agents.start_sshd(namespace, facts, place, self._secrets.get(facts.ssh.credential or "", agents.Secrets()))

    def end_agents(self, device: DeviceId) -> None:
        """End every process of a device at once, as a power cut does."""
        end_processes_in({self._inodes[device]})

    def pids(self, device: DeviceId, program: str) -> list[int]:
        """Return the processes of a device that run `program`."""
        return agents.pids_of(self._inodes[device], program)

    def wait_until_ready(self, *, deadline_s: float = READY_S) -> None:
        """Wait until every device answers a ping and every agent tells its own name. Raises LabError with who does not."""
        monitor = self.namespace(MONITOR)
        silent = self.wait_for(lambda: ask.unanswered_pings(monitor, self.addresses()), deadline_s=deadline_s)
        if silent:
            raise LabError(f"no answer to a ping from {', '.join(silent)}")
        if self._with_snmp:
            wanted = {
                name: (d.address, self._secrets.get(d.snmp.credential or "", agents.Secrets()).community)
                for name, d in self.inventory.devices.items()
                if d.snmp is not None and "snmp" in d.monitor and d.snmp.version != "3"
            }
            silent = self.wait_for(lambda: ask.silent_agents(monitor, wanted), deadline_s=deadline_s)
            if silent:
                raise LabError(f"no SNMP agent at {', '.join(silent)}")

    def addresses(self) -> dict[DeviceId, str]:
        """Return the address of every device."""
        return {name: node.address for name, node in self.plan.nodes.items() if name != MONITOR}

    def silent(self) -> set[DeviceId]:
        """Ping everything once from the monitor; return who did not answer within a second."""
        return set(ask.unanswered_pings(self.namespace(MONITOR), self.addresses()))

    @staticmethod
    def wait_for(left: Callable[[], Sequence[str]], *, deadline_s: float) -> Sequence[str]:
        """Call `left` until it returns nothing more; return what is left at the deadline."""
        end = time.monotonic() + deadline_s
        while True:
            still = left()
            if not still or time.monotonic() > end:
                return still
            time.sleep(0.05)

    def command(self, *argv: str, device: DeviceId = MONITOR) -> list[str]:
        """Return the command line that runs `argv` in a namespace, with that namespace's /sys (the carrier files)."""
        return ["ip", "netns", "exec", self.namespace(device), *argv]

    def start(
        self, *argv: str, log: Path, environment: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program in the monitor's namespace; its output goes to `log`."""
        with log.open("ab") as output:
            return subprocess.Popen(
                self.command(*argv),
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=cwd,
                env={**os.environ, **(environment or {})},
            )

    def remove(self) -> None:
        """End the lab's processes, then delete its namespaces and files. Safe to call twice."""
        with contextlib.suppress(OSError):
            end_processes_in(self._inodes.values())
        self._inodes = {}
        self._remove_leftovers()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _remove_leftovers(self) -> None:
        names = [path.name for path in NETNS.glob(f"{self.prefix}-*")]
        if names:  # of an earlier run of the same prefix that was killed
            with contextlib.suppress(OSError):
                end_processes_in({inode(name) for name in names})
            ip_batch([f"netns del {name}" for name in names])
        for folder in Path("/etc/netns").glob(f"{self.prefix}-*"):
            shutil.rmtree(folder, ignore_errors=True)
        self.directory.mkdir(exist_ok=True)
