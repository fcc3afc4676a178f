"""A storm of traps: 5,000 a second for ten seconds from 200 devices at once, then from one; probing beside it goes on.

    .venv/bin/python bench/traps.py [--devices 1000] [--seconds 10] [--rate 5000] [--json]    exit 1 beyond a limit

Monitor and trap process are the real ones on loopback; the traps come from a process of their own, paced in slices of 10 ms. CPU
is user plus system time of each process. Judged are counts and ratios, because other work shares the machine:

- every datagram that was sent is decoded, waits, was replaced by a newer one, or was dropped by the kernel and counted there; at
  most one in a hundred was dropped (not judged when other work keeps the trap process off the cores; how long is shown);
- the trap process spends at most a fifth of what pysnmp spends on decoding one such trap, measured in the same run, per datagram;
- the monitor loses no echo and misses no slot, and its rounds go on at their pace;
- what the monitor spends more than in a calm time is at most half a core: wakes are bounded;
- neither process grows by more than 8 MiB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import daemon  # the benchmark beside this one
import icmp

from netwatch.probe.snmp import ber
from netwatch.probe.snmp.traps.pdu import TRAP_OID, TRAP_V2

COMMUNITY = "komunitas-contoh"
LISTEN, METRICS = 19_162, 19_879
daemon.PORT = 19_882  # not that of the other benchmark
SLICE_S = 0.01
DROPPED = 0.01
STARVING = 0.05  # of the time ready and not let run: others have the cores
OF_PYSNMP = 0.2
MORE_OF_MONITOR = 0.5  # of a core
PACE = 0.95
GROWTH = 8 * 2**20


def trap(number: int) -> bytes:
    """Return a linkDown as a switch sends it: uptime, name, index, admin and oper of a port."""

    def pair(oid: tuple[int, ...], value: bytes) -> bytes:
        return ber.made(ber.SEQUENCE, ber.made_oid(oid), value)

    column = (1, 3, 6, 1, 2, 1, 2, 2, 1)
    objects = (
        pair((1, 3, 6, 1, 2, 1, 1, 3, 0), ber.made_integer(4711, 0x43)),
        pair(TRAP_OID, ber.made_oid((1, 3, 6, 1, 6, 3, 1, 1, 5, 3))),
        *(pair((*column, what, 3), ber.made_integer(value)) for what, value in ((1, 3), (7, 1), (8, 2))),
    )
    zero = ber.made_integer(0)
    pdu = ber.made(TRAP_V2, ber.made_integer(number), zero, zero, ber.made(ber.SEQUENCE, *objects))
    return ber.made(ber.SEQUENCE, ber.made_integer(1), ber.made(ber.OCTETS, COMMUNITY.encode()), pdu)


def pysnmp_cost() -> float:
    """Return the CPU seconds that pysnmp needs to decode one such trap."""
    from pyasn1.codec.ber import decoder
    from pysnmp.proto import api

    module: Any = api.PROTOCOL_MODULES[1]
    octets, times = trap(1), 400
    began = time.process_time()
    for _ in range(times):
        message, _ = decoder.decode(octets, asn1Spec=module.Message())
        module.apiPDU.get_varbinds(module.apiMessage.get_pdu(message))
    return (time.process_time() - began) / times


def storm(sources: list[str], rate: int, seconds: float) -> None:
    """Send traps from these addresses in turn, paced; print how many. Runs in a process of its own."""
    mouths = []
    for source in sources:
        mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        mouth.bind((source, 0))
        mouth.connect(("127.0.0.1", LISTEN))
        mouths.append(mouth)
    octets, sent = trap(1), 0
    began = time.monotonic()
    while (now := time.monotonic() - began) < seconds:
        for _ in range(int(now * rate) - sent):
            mouths[sent % len(mouths)].send(octets)
            sent += 1
        time.sleep(SLICE_S)
    print(json.dumps({"sent": sent, "seconds": time.monotonic() - began}))


class TrapDaemon(daemon.Daemon):
    """Monitor and trap process on one city whose devices may call."""

    def __init__(self, devices: int) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="netwatch-bench-")
        folder = Path(self.folder.name)
        self.config = daemon.write_city(folder, devices)
        inventory = folder / "inventory.yaml"
        given = inventory.read_text().replace("sites:", "defaults: {monitor: [icmp, snmp], credentials: {snmp: ro}}\nsites:", 1)
        inventory.write_text(given)
        credentials = folder / "credentials.yaml"
        credentials.touch(mode=0o600)
        credentials.write_text(f"version: 1\ncredentials:\n  ro: {{community: {COMMUNITY}}}\n")
        with self.config.open("a") as config:
            config.write(
                "credentials: credentials.yaml\nsnmp: {interval: 86400, timeout: 0.5, retries: 0}\n"
                f"traps: {{listen: '127.0.0.1:{LISTEN}', metrics: '127.0.0.1:{METRICS}'}}\n"
            )
        program = [sys.executable, "-m", "netwatch"]
        subprocess.run([*program, "db", "upgrade", "--config", str(self.config)], check=True, stdout=subprocess.DEVNULL)
        self.log = (folder / "log").open("wb")
        run = [*program, "run", "--config", str(self.config), "--only"]
        self.process = subprocess.Popen([*run, "monitor"], stderr=self.log)
        self.traps = subprocess.Popen([*run, "traps"], stderr=self.log)

    def heard(self) -> dict[str, float]:
        """Return the samples of the trap process."""
        with urllib.request.urlopen(f"http://127.0.0.1:{METRICS}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}

    def stop(self) -> None:
        self.traps.send_signal(signal.SIGTERM)
        self.traps.wait(30)
        super().stop()


def cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def starved(pid: int) -> float:
    """Return for how many seconds the process could have run and was not let (schedstat)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def look(city: TrapDaemon) -> dict[str, float]:
    """Return what both processes have done so far."""
    monitor, traps = city.scrape(), city.heard()
    results = {name.split('"')[1]: count for name, count in traps.items() if name.startswith("netwatch_traps_total")}
    return {
        "at": time.monotonic(),
        "counted": sum(results.values()),
        "woke": results["woke"],
        "dropped": traps['netwatch_socket_drops_total{family="traps"}'],
        "obeyed": monitor['netwatch_wakes_total{result="woke"}'],
        "lost": monitor['netwatch_probes_total{kind="icmp",result="lost"}'],
        "echoes": daemon.probes(monitor),
        "missed": sum(count for name, count in monitor.items() if name.startswith("netwatch_scheduler_missed_total")),
        "lag": monitor["netwatch_event_loop_lag_seconds"],
        "traps_cpu": cpu(city.traps.pid),
        "starved": starved(city.traps.pid),
        "monitor_cpu": cpu(city.process.pid),
        "traps_resident": resident(city.traps.pid),
        "monitor_resident": resident(city.process.pid),
    }


def between(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: after[name] - before[name] for name in before if name != "lag"}


def weather(city: TrapDaemon, sources: list[str], rate: int, seconds: float) -> dict[str, float]:
    """Let it storm from these addresses (none: a calm), and return what was done meanwhile."""
    before = look(city)
    if not sources:
        time.sleep(seconds)
        return between(before, look(city))
    child = subprocess.Popen(
        [sys.executable, __file__, "--child", json.dumps(sources), str(rate), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    lags = []
    while child.poll() is None:
        lags.append(city.scrape()["netwatch_event_loop_lag_seconds"])
        time.sleep(0.25)
    assert child.stdout is not None
    sent = json.loads(child.stdout.read())
    after = look(city)
    time.sleep(2.0)  # what waits is decoded, and the kernel's last losses are told with a last datagram
    storm_child = [sys.executable, __file__, "--child", json.dumps(sources[:1]), "100", "0.05"]
    more = json.loads(subprocess.run(storm_child, capture_output=True, text=True, check=True).stdout)["sent"]
    time.sleep(1.0)
    settled = between(before, look(city))
    done = between(before, after)
    done.update({name: settled[name] for name in ("counted", "dropped", "woke", "obeyed", "traps_resident", "monitor_resident")})
    done.update(sent=sent["sent"] + more, rate=sent["sent"] / sent["seconds"], lag=max(lags, default=0.0))
    return done


def judge(calm: dict[str, float], done: dict[str, float], pysnmp: float) -> dict[str, tuple[float, float, bool]]:
    """Return each figure with its limit and whether it holds."""
    per_datagram = done["traps_cpu"] / done["sent"]
    pace = done["echoes"] / done["at"] / (calm["echoes"] / calm["at"])
    more = done["monitor_cpu"] / done["at"] - calm["monitor_cpu"] / calm["at"]
    starving = done["starved"] > STARVING * done["at"]
    missing = abs(done["sent"] - done["counted"] - done["dropped"])
    return {
        "datagrams without a count": (missing, 0, missing == 0),
        "dropped by the kernel, share": (
            done["dropped"] / done["sent"],
            DROPPED,
            starving or done["dropped"] <= DROPPED * done["sent"],
        ),
        "CPU per datagram, of pysnmp's decoding": (per_datagram / pysnmp, OF_PYSNMP, per_datagram <= OF_PYSNMP * pysnmp),
        "echoes lost": (done["lost"], 0, done["lost"] == 0),
        "slots missed": (done["missed"], 0, done["missed"] == 0),
        "echoes, of the calm pace": (pace, PACE, pace >= PACE),
        "monitor's CPU beyond the calm, cores": (more, MORE_OF_MONITOR, more <= MORE_OF_MONITOR),
        "trap process, MiB more": (done["traps_resident"] / 2**20, GROWTH / 2**20, done["traps_resident"] <= GROWTH),
        "monitor, MiB more": (done["monitor_resident"] / 2**20, GROWTH / 2**20, done["monitor_resident"] <= GROWTH),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        storm(json.loads(options.child[0]), int(options.child[1]), float(options.child[2]))
        return 0
    pysnmp = pysnmp_cost()
    city = TrapDaemon(options.devices)
    good, report = True, {}
    try:
        city.settle(options.devices)
        addresses = list(icmp.addresses(options.devices))[1:]
        weather(city, addresses[:200], 200, 2.0)  # whatever is made once is made now
        calm = weather(city, [], 0, 20.0)
        for name, sources in (("200 devices", addresses[:200]), ("one device", addresses[:1])):
            done = weather(city, sources, options.rate, options.seconds)
            figures = judge(calm, done, pysnmp)
            good = good and all(holds for _, _, holds in figures.values())
            report[name] = {**done, **{key: value for key, (value, _, _) in figures.items()}}
            if not options.json:
                print(f"storm from {name}: {done['sent']:.0f} traps, {done['rate']:.0f} a second")
                each, share = done["traps_cpu"] / done["sent"] * 1e6, 100 * done["traps_cpu"] / done["at"]
                print(f"  trap process {each:.1f} us each, {share:.0f} % of a core (pysnmp decodes one in {pysnmp * 1e6:.0f} us)")
                print(f"  {done['woke']:.0f} decoded, {done['obeyed']:.0f} wakes obeyed")
                print(f"  the monitor's loop was late by {done['lag'] * 1e3:.0f} ms at most")
                print(f"  the trap process waited for a core {done['starved']:.2f} s of {done['at']:.1f}")
                for key, (value, limit, holds) in figures.items():
                    print(f"  {'ok  ' if holds else 'FAIL'} {key:42} {value:8.3f}   limit {limit:g}")
    finally:
        city.stop()
    if options.json:
        print(json.dumps(report))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
