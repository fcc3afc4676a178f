"""What the whole daemon costs: 10,000 loopback devices every 10 s, states, database, a scrape every 15 s; fping beside it.

    .venv/bin/python bench/daemon.py [--devices 10000] [--seconds 60] [--json]      exit 1 when dearer than it may be

The daemon is the real one (`netwatch run --only monitor`) with its own inventory, database and metrics port. CPU is user plus
system time of its process over whole rounds after it has settled, divided by the echoes it made. fping is measured before and
after, at its cheapest pace, without its start (see bench/icmp.py). Memory: the daemon with all devices less the daemon with one,
divided by the difference.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import icmp  # the benchmark beside this one

CPU_LIMIT = 1.2  # of fping's CPU per probe
MEMORY_LIMIT = 2048  # octets per idle device
SCRAPE_S = 15.0
PORT = 19_877


def write_city(folder: Path, devices: int) -> Path:
    """Write a configuration with this many devices: a core, a distribution device per 100, the rest behind them."""
    addresses = icmp.addresses(devices)
    lines = ["version: 1", "vantage: dc-core", "sites:", "  dc: {name: Data Center Contoh, kind: data_center}"]
    groups = max(0, devices - 1) // 100
    lines += [f"  office-{number}: {{name: Kantor Contoh {number}, kind: office}}" for number in range(groups + 1)]
    lines += ["devices:", f"  dc-core: {{site: dc, role: core, address: {next(addresses)}}}"]
    for number, address in enumerate(addresses):
        office, place = divmod(number, 100)
        up = "dc-core" if place == 0 else f"office-{office}-0"
        role = "router" if place == 0 else "switch"
        uplink = f"uplinks: [{{to: {up}, port: ge{place}}}]"
        lines.append(f"  office-{office}-{place}: {{site: office-{office}, role: {role}, address: {address}, {uplink}}}")
    (folder / "inventory.yaml").write_text("\n".join(lines) + "\n")
    shipped = Path(__file__).parent.parent / "config"
    config = folder / "netwatch.yaml"
    config.write_text(
        f"inventory: inventory.yaml\npeople: {shipped / 'people.yaml'}\nagency: {shipped / 'agency.yaml'}\n"
        f"database: sqlite:///state/netwatch.db\nstate_directory: state\n"
        f"monitor: {{listen: '127.0.0.1:{PORT}', socket: state/monitor.sock}}\n"
    )
    return config


class Daemon:
    """The real monitor on one configuration."""

    def __init__(self, devices: int) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="netwatch-bench-")
        self.config = write_city(Path(self.folder.name), devices)
        command = [sys.executable, "-m", "netwatch"]
        subprocess.run([*command, "db", "upgrade", "--config", str(self.config)], check=True, stdout=subprocess.DEVNULL)
        self.log = Path(self.folder.name, "log").open("wb")  # noqa: SIM115 - closed by stop
        self.process = subprocess.Popen([*command, "run", "--only", "monitor", "--config", str(self.config)], stderr=self.log)

    def scrape(self) -> dict[str, float]:
        """Return the samples of /metrics by name and labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if not line.startswith("#")}

    def settle(self, devices: int) -> None:
        """Wait until every device is up."""
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise SystemExit(Path(self.folder.name, "log").read_text()[-2000:])
            try:
                if self.scrape().get('netwatch_devices{state="up"}') == devices:
                    return
            except OSError:
                pass
            time.sleep(1.0)
        raise SystemExit("the daemon did not settle: " + Path(self.folder.name, "log").read_text()[-2000:])

    def cpu(self) -> float:
        """Return user plus system seconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> int:
        """Return the resident set in octets."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * resource.getpagesize()

    def stop(self) -> None:
        """End it in order."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()
        self.folder.cleanup()


def probes(samples: dict[str, float]) -> float:
    return sum(value for name, value in samples.items() if name.startswith("netwatch_probes_total") and 'kind="icmp"' in name)


def measure(devices: int, seconds: float) -> dict[str, float]:
    """Run the daemon and return microseconds per probe, its resident octets and its worst figures."""
    daemon = Daemon(devices)
    try:
        daemon.settle(devices)
        time.sleep(10.0)
        before, began, cpu = daemon.scrape(), time.monotonic(), daemon.cpu()
        while time.monotonic() - began < seconds:
            time.sleep(min(SCRAPE_S, max(0.1, seconds - (time.monotonic() - began))))
            after = daemon.scrape()
        used = daemon.cpu() - cpu
        made = probes(after) - probes(before)
        return {
            "probes": made,
            "per_probe": used / made * 1e6 if made else 0.0,
            "cpu_share": used / (time.monotonic() - began),
            "lost": after.get('netwatch_probes_total{kind="icmp",result="lost"}', 0.0),
            "resident": daemon.resident(),
        }
    finally:
        daemon.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    peers = [icmp.compare(options.devices, 2)]
    alone = measure(1, 1.0)
    city = measure(options.devices, options.seconds)
    peers.append(icmp.compare(options.devices, 2))
    fping = min(values["net"] for table in peers for name, values in table.items() if name != "engine")
    ratio = city["per_probe"] / fping
    octets = (city["resident"] - alone["resident"]) / (options.devices - 1)
    if options.json:
        print(json.dumps({"city": city, "alone": alone, "fping": fping, "ratio": ratio, "octets_per_device": octets}))
    else:
        print(f"{options.devices} devices every 10 s, {city['probes']:.0f} probes, {100 * city['cpu_share']:.1f} % of a core")
        print(f"  CPU {city['per_probe']:.2f} us per probe, all in; fping {fping:.2f} us; ratio {ratio:.2f}, limit {CPU_LIMIT}")
        print(f"  memory {octets:6.0f} octets per idle device (base {alone['resident'] / 2**20:.0f} MiB)   limit {MEMORY_LIMIT}")
        print(f"  echoes lost on loopback: {city['lost']:.0f}")
    return 0 if ratio <= CPU_LIMIT and octets <= MEMORY_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
