"""How long a city takes to load and how much memory it keeps: `python bench/inventory.py [DEVICES] [--json]`.

The city: 2 distribution routers per 100 offices, an office of one router and three switches, every tenth office with a second
uplink, a power feed per five offices, a duct per ten. Bounds (10,000 devices): 4 s of CPU, 900 bytes per device.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

from netwatch.inventory.document import load_inventory
from netwatch.inventory.graph import Graph

SECONDS_MAX = 4.0
BYTES_MAX = 900


def city(devices: int) -> str:
    """Return an inventory of about that many devices."""
    offices = max(1, devices // 4)
    dists = max(2, 2 * offices // 100)
    lines = ["version: 1", "vantage: core", "defaults: {credentials: {snmp: snmp-ro, ssh: ssh-ro}}"]
    lines += ["groups:", "  mikrotik: {platform: mikrotik_routeros, snmp: {version: 2c}}", "sites:"]
    lines.append("  dc: {name: Data Center, kind: data_center}")
    for n in range(offices):
        lines.append(f"  kantor-{n}: {{name: Kantor Kelurahan {n}, kind: office, opd: Kelurahan {n}, location: [1.1, 103.9]}}")
    lines += ["devices:", "  core: {site: dc, role: core, address: 10.255.0.1}"]
    for n in range(dists):
        address = f"10.254.{n // 250}.{n % 250 + 1}"
        lines.append(f"  dist-{n}: {{site: dc, role: distribution, address: {address}, uplinks: [{{to: core, port: ge{n}}}]}}")
    for n in range(offices):
        lines += office(n, dists)
    lines.append("risk_groups:")
    for n in range(0, offices, 5):
        sites = ", ".join(f"kantor-{m}" for m in range(n, min(n + 5, offices)))
        lines.append(f"  pln-{n}: {{kind: power, sites: [{sites}]}}")
    for n in range(0, offices, 10):
        links = ", ".join(f"dist-{m % dists}/k{m}-rtr" for m in range(n, min(n + 10, offices)))
        lines.append(f"  fo-{n}: {{kind: cable, links: [{links}]}}")
    return "\n".join(lines) + "\n"


def office(n: int, dists: int) -> list[str]:
    """Return the lines of one office: a router and three switches."""
    low = f"{n // 250 % 250}.{n % 250 + 1}"
    lines = [f"  k{n}-rtr:", f"    site: kantor-{n}", "    role: router", f"    address: 10.{n // 62500}.{low}"]
    lines += ["    groups: [mikrotik]", "    uplinks:"]
    lines.append(f"      - {{to: dist-{n % dists}, port: ge{n}, own_port: ge0, kind: circuit, provider: telkom}}")
    if n % 10 == 0:
        lines.append(f"      - {{to: dist-{(n + 1) % dists}, port: ge{n}b, own_port: ge1}}")
    for m in range(3):
        uplink = f"{{to: k{n}-rtr, port: ge{m + 1}, own_port: port1}}"
        address = f"10.{10 + 20 * m + n // 62500}.{low}"
        lines.append(f"  k{n}-sw-{m}: {{site: kantor-{n}, role: switch, address: {address}, uplinks: [{uplink}]}}")
    return lines


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(path: Path, *, traced: bool) -> dict[str, float]:
    """Load once and return the figures."""
    small = path.with_name("small.yaml")
    small.write_text(city(40), encoding="utf-8")
    Graph.of(load_inventory(small))  # imports, caches
    gc.collect()
    before = resident()
    if traced:
        tracemalloc.start()
    start = time.process_time()
    inventory = load_inventory(path)
    loaded = time.process_time()
    graph = Graph.of(inventory)
    done = time.process_time()
    gc.collect()
    count = len(inventory.devices)
    figures = {"devices": count, "load_seconds": loaded - start, "graph_seconds": done - loaded, "bridges": len(graph.bridges)}
    if traced:
        figures["bytes_per_device"] = tracemalloc.get_traced_memory()[0] / count
        figures["peak_bytes_per_device"] = tracemalloc.get_traced_memory()[1] / count
    else:
        figures["resident_bytes_per_device"] = (resident() - before) / count
    return figures


def main() -> int:
    """Measure in fresh processes; the exit code says whether the bounds hold."""
    if len(sys.argv) > 2 and sys.argv[1] == "--measure":
        print(json.dumps(measure(Path(sys.argv[2]), traced=sys.argv[3] == "traced")))
        return 0
    devices = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 10_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "city.yaml"
        path.write_text(city(devices), encoding="utf-8")
        figures: dict[str, float] = {"file_bytes": path.stat().st_size}
        for mode in ("traced", "plain"):  # the plain one last: its times count
            command = [sys.executable, __file__, "--measure", str(path), mode]
            figures.update(json.loads(subprocess.run(command, check=True, capture_output=True, timeout=600).stdout))
    ok = figures["bytes_per_device"] <= BYTES_MAX
    ok = ok and figures["load_seconds"] + figures["graph_seconds"] <= SECONDS_MAX * max(1.0, devices / 10_000)
    if "--json" in sys.argv:
        print(json.dumps({"schema": "netwatch.bench-inventory/1", "ok": ok, **figures}))
    else:
        for name, value in figures.items():
            print(f"{name:28} {value:12.3f}" if isinstance(value, float) else f"{name:28} {value:12}")
        print("within bounds" if ok else "OUT OF BOUNDS")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
