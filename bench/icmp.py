"""Compare the echo engine with fping: CPU per probe over loopback, in one run, side by side.

    .venv/bin/python bench/icmp.py [--targets 10000] [--repeat 3] [--json]    exit 1 when the engine is dearer than it may be
    .venv/bin/python bench/icmp.py --many 100000                              only 100,000 targets in one process, in ten seconds

How it is kept fair:

- Both ask the same loopback addresses the same number of times with the same payload (12 octets), each round within one second
  and a timeout of one second, each in a process of its own. CPU is user plus system time of that process, from wait4(2). On
  loopback the kernel makes the answer inside the sender's system call, so the cost of the echo host is in both figures.
- fping is run at two paces, 0.1 ms between packets (10,000 a second, like the engine) and 0.01 ms (as fast as it may, its
  cheapest); the cheaper one counts.
- The engine runs as the daemon runs it: on an asyncio loop under `LoopDriver`, a slice of the round every 10 ms.
- Every tool has a start (Python's imports, fping's reading of 10,000 names). Each is run with one round and with ROUNDS rounds;
  the difference is the cost of a probe without the start (`net`). `gross` is everything, divided by the probes of the longer run.
- Repetitions alternate between the tools, and medians count, because other work shares the machine.
"""

# ruff: noqa: ARG002, FBT001 - the sink takes what the engine gives

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from netwatch.clock import SystemClock
from netwatch.probe.icmp import EchoEngine, LoopDriver, Target

LIMIT = 0.75  # of fping's CPU per probe: issue 2, item 3
ROUNDS = 4
SLICE = 0.01  # s


class Count:
    """Counts results: the least a sink can do."""

    def __init__(self) -> None:
        self.good = self.bad = 0
        self.reasons: dict[str, int] = {}

    def answered(self, target: Target, sent_at: float, rtt: float, scheduled: bool) -> None:
        self.good += 1

    def lost(self, target: Target, sent_at: float, refused_by: str | None, scheduled: bool) -> None:
        self.bad += 1

    def not_probed(self, target: Target, at: float, reason: str) -> None:
        self.bad += 1
        self.reasons[reason] = self.reasons.get(reason, 0) + 1


def addresses(count: int) -> Iterator[str]:
    """Yield distinct loopback addresses."""
    for number in range(count):
        yield f"127.{1 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"


async def rounds(count: int, repeat: int, seconds: float) -> tuple[Count, EchoEngine, int]:
    """Ask `count` targets `repeat` times, each round spread over `seconds`; return also the resident octets per target."""
    sink = Count()
    engine = EchoEngine(sink, clock=SystemClock())
    before = resident()
    targets = [engine.add(f"device-{number:06}", address) for number, address in enumerate(addresses(count))]
    per_target = (resident() - before) // max(1, count)
    driver = LoopDriver(engine)
    driver.start()
    loop = asyncio.get_running_loop()
    slices = round(seconds / SLICE)
    started = loop.time()
    for step in range(repeat * slices):
        at = step % slices
        engine.send_many(targets[count * at // slices : count * (at + 1) // slices])
        await asyncio.sleep(max(0.0, started + (step + 1) * SLICE - loop.time()))
    while engine.in_flight or engine.waiting:  # noqa: ASYNC110 - the engine knows no events
        await asyncio.sleep(SLICE)
    driver.stop()
    return sink, engine, per_target


def resident() -> int:
    """Return this process' resident set in octets."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def child(count: int, repeat: int, seconds: float) -> None:
    """Run the engine alone and print what came of it."""
    sink, engine, per_target = asyncio.run(rounds(count, repeat, seconds))
    print(
        json.dumps(
            {
                "answered": sink.good,
                "other": sink.bad,
                "reasons": sink.reasons,
                "octets": per_target,
                "drops": engine.counters.drops,
            }
        )
    )


def cpu_of(command: Sequence[str]) -> tuple[float, float, bytes]:
    """Run a command in its own process; return CPU seconds, wall seconds and its output."""
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        pid = os.posix_spawnp(
            command[0],
            list(command),
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, output.fileno(), 1), (os.POSIX_SPAWN_DUP2, output.fileno(), 2)],
        )
        _, status, usage = os.wait4(pid, 0)
        output.seek(0)
        text = output.read()
        if os.waitstatus_to_exitcode(status) not in (0, 1):  # fping: 1 = somebody did not answer
            raise SystemExit(f"{command}: {text[-500:]!r}")
        return usage.ru_utime + usage.ru_stime, time.monotonic() - began, text


def engine_command(count: int, repeat: int, seconds: float = 1.0) -> list[str]:
    return [sys.executable, __file__, "--child", str(count), str(repeat), str(seconds)]


def fping_command(file: str, repeat: int, pace: str) -> list[str]:
    return ["fping", "-q", "-c", str(repeat), "-p", "1000", "-t", "1000", "-b", "12", "-i", pace, "-f", file]


def compare(count: int, repeat: int) -> dict[str, dict[str, float]]:
    """Measure all, alternating; return net and gross microseconds per probe of each."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(addresses(count)) + "\n")
        file.flush()
        commands = {
            "engine": lambda n: engine_command(count, n),
            "fping -i 0.1": lambda n: fping_command(file.name, n, "0.1"),
            "fping -i 0.01": lambda n: fping_command(file.name, n, "0.01"),
        }
        short: dict[str, list[float]] = {name: [] for name in commands}
        long: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(repeat):
            for name, command in commands.items():
                short[name].append(cpu_of(command(1))[0])
                used, _, text = cpu_of(command(ROUNDS))
                long[name].append(used)
                if name == "engine":
                    result = json.loads(text)
                    if result["answered"] != count * ROUNDS:
                        print(f"engine: {result}", file=sys.stderr)
        return {
            name: {
                "net": statistics.median(
                    (b - a) / (ROUNDS - 1) / count * 1e6 for a, b in zip(short[name], long[name], strict=True)
                ),
                "gross": statistics.median(b / ROUNDS / count * 1e6 for b in long[name]),
                "start_seconds": statistics.median(
                    a - (b - a) / (ROUNDS - 1) for a, b in zip(short[name], long[name], strict=True)
                ),
            }
            for name in commands
        }


def many(count: int) -> int:
    """Ask very many targets once, in ten seconds, in one process; every one must be answered."""
    used, wall, text = cpu_of(engine_command(count, 1, 10.0))
    result = json.loads(text)
    probe = used / count * 1e6
    print(f"{count} targets in one process, one round in 10 s: {used:.2f} s CPU, {wall:.1f} s wall")
    print(f"  {probe:.1f} us a probe, the start included")
    print(f"  {result['answered']} answered, {result['drops']} drops, {result['octets']} octets resident per idle target")
    return 0 if result["answered"] == count else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--many", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(int(options.child[0]), int(options.child[1]), float(options.child[2]))
        return 0
    if options.many:
        return many(options.many)
    if shutil.which("fping") is None:
        print("fping is not installed (Debian: apt-get install fping): nothing to compare with", file=sys.stderr)
        return 0
    if socket.gethostname() and os.geteuid() != 0:
        print("note: not root; both tools need permission for ICMP", file=sys.stderr)
    table = compare(options.targets, options.repeat)
    peer = {kind: min(values[kind] for name, values in table.items() if name != "engine") for kind in ("net", "gross")}
    ratios = {kind: table["engine"][kind] / peer[kind] for kind in ("net", "gross")}
    if options.json:
        print(json.dumps({"table": table, "ratio": ratios, "limit": LIMIT}))
    else:
        print(f"{options.targets} loopback targets, {ROUNDS} rounds, median of {options.repeat}; CPU microseconds per probe")
        for name, values in table.items():
            print(f"  {name:14} net {values['net']:6.2f}   gross {values['gross']:6.2f}   start {values['start_seconds']:.2f} s")
        print(f"engine / cheapest fping: net {ratios['net']:.2f}, gross {ratios['gross']:.2f}; limit {LIMIT} (net)")
    return max(many(100_000), 0 if ratios["net"] <= LIMIT else 1)


if __name__ == "__main__":
    sys.exit(main())
