"""What reading devices by SNMP costs, both engines side by side: processor time, memory, and what silent agents cost the others.

    .venv/bin/python bench/snmp.py [--agents 1000] [--reads 100000] [--json]      exit 1 when dearer than it may be

The agents are one process of their own with an address each (bench/agents/responder.py). CPU is user plus system time of this
process, with its event loop, sockets and reader, as in the daemon. A scheduled read asks for uptime, two ports and power. Memory:
the resident set after a tenth of the reads and after all of them. Delay: all agents are read in cohorts; by how much nine tenths
of the answering ones are read later when a fifth is silent than when all answer.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "agents"))
import responder

from netwatch.clock import SystemClock
from netwatch.monitor.readers import AT_ONCE, NEW_S
from netwatch.probe.snmp import Agent, SnmpReader
from netwatch.probe.snmp.engines import ENGINES
from netwatch.probe.snmp.pace import Pace
from netwatch.settings import Secret

CPU_LIMITS_MS = {"gufo": 0.25, "pysnmp": 1.6}  # of a scheduled read
FULL_LIMITS_MS = {"gufo": 15.0}  # of a switch with 48 ports
GROWTH_LIMIT = 3 * 1024 * 1024  # octets over nine tenths of the reads; a leak of one object a read would be ten times that
DELAY_LIMIT_S = 0.1
PORT = 16_161
SWITCH_PORTS = 48
ASKED = ("ge1", "ge48")
SIDE_BY_SIDE = 64  # readings, as in the monitor
FULL_READS = 40
ROUNDS = 3  # the best one counts: other processes only make it worse
COHORT, COHORT_S = 50, 0.25  # agents that are begun together, and seconds until the next ones are
STRIDE = 7_919  # a prime: silent agents stand among the others


@contextlib.contextmanager
def agents(count: int, silent: int, port: int) -> Iterator[list[Agent]]:
    """Run the agents; yields how netwatch would call them."""
    command = [sys.executable, responder.__file__, str(port), str(count), str(silent), str(SWITCH_PORTS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            raise SystemExit("the agents did not start")
        community = Secret("contoh")
        yield [
            Agent(f"sw-{n}", address, community, port=PORT, timeout=1.0, retries=1)
            for n, address in enumerate(responder.addresses(count))
        ]
        process.stdin.close()


def resident() -> int:
    """Return the resident set in octets."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def read_all(reader: SnmpReader, known: list[Agent], reads: int) -> None:
    """Read agents in turn, so many times in all, some side by side."""
    turn = iter(known[number % len(known)] for number in range(reads))

    async def work() -> None:
        for agent in turn:
            reading = await reader.read(agent, ASKED, power=True)
            assert (reading.error, len(reading.ports)) == (None, len(ASKED)), reading
            assert reading.ups is not None, reading

    await asyncio.gather(*(work() for _ in range(SIDE_BY_SIDE)))


async def scheduled(engine: str, known: list[Agent], reads: int) -> dict[str, float]:
    """Return milliseconds of processor time per scheduled read, and the growth of memory."""
    client = ENGINES[engine]()
    reader = SnmpReader(client, clock=SystemClock())
    await read_all(reader, known, len(known))  # where the ports are
    begun = max(1, reads // 10)
    cpu = time.process_time()
    await read_all(reader, known, begun)
    cost = (time.process_time() - cpu) / begun
    before = resident()
    await read_all(reader, known, reads - begun)
    grown = resident() - before
    client.close()
    return {"scheduled_ms": cost * 1000, "growth_bytes": float(grown), "resident_bytes": float(resident())}


async def full(engine: str, known: list[Agent]) -> float:
    """Return milliseconds of processor time per reading of a whole switch."""
    client = ENGINES[engine]()
    reader = SnmpReader(client, clock=SystemClock())
    await reader.read(known[0], None)
    cpu = time.process_time()
    for agent in known[:FULL_READS]:
        reading = await reader.read(agent, None)
        assert (reading.error, len(reading.ports)) == (None, SWITCH_PORTS), reading.error
    cost = (time.process_time() - cpu) / len(known[:FULL_READS])
    client.close()
    return cost * 1000


async def waits(reader: SnmpReader, known: list[Agent], silent: int) -> list[float]:
    """Read all agents once, cohort after cohort as the monitor does; return how long each answering one took, in seconds."""
    pace = Pace(AT_ONCE, NEW_S)
    mute = {agent.device for agent in known[:silent]}
    mixed = [known[number * STRIDE % len(known)] for number in range(len(known))]
    took: list[float] = []

    async def read(agent: Agent) -> None:
        began = time.monotonic()
        async with pace.question():
            reading = await reader.read(agent, ASKED, power=True)
        if agent.device not in mute:
            assert reading.answered, reading.error
            took.append(time.monotonic() - began)

    tasks = []
    for first in range(0, len(mixed), COHORT):
        tasks += [asyncio.ensure_future(read(agent)) for agent in mixed[first : first + COHORT]]
        await asyncio.sleep(COHORT_S)
    await asyncio.gather(*tasks)
    return sorted(took)


async def delay(engine: str, all_answer: list[Agent], some_silent: list[Agent], silent: int) -> float:
    """Return by how many seconds, at most, nine tenths of the others are read later among silent agents. Best of some rounds."""
    client = ENGINES[engine]()
    reader = SnmpReader(client, clock=SystemClock())
    for known in (all_answer, some_silent):
        await read_all(reader, known[silent:], len(known) - silent)
    alone, among = [], []
    for _ in range(ROUNDS):
        for known, mute, found in (all_answer, 0, alone), (some_silent, silent, among):
            took = await waits(reader, known, mute)
            found.append(took[len(took) * 9 // 10])
    client.close()
    return min(among) - min(alone)


def measure(engine: str, count: int, reads: int) -> dict[str, float]:
    """Measure one engine."""
    figures: dict[str, float] = {}
    fifth = count // 5
    with agents(count, 0, PORT) as known:
        figures |= asyncio.run(scheduled(engine, known, reads))
        figures["full_ms"] = asyncio.run(full(engine, known))
        with agents(count, fifth, PORT + 1) as others:
            figures["delay_s"] = asyncio.run(delay(engine, known, others, fifth))
    return figures


def verdicts(engine: str, figures: dict[str, float]) -> list[str]:
    """Return what is beyond its limit."""
    limits = {
        "scheduled_ms": CPU_LIMITS_MS[engine],
        "full_ms": FULL_LIMITS_MS.get(engine, float("inf")),
        "growth_bytes": float(GROWTH_LIMIT),
        "delay_s": DELAY_LIMIT_S,
    }
    return [
        f"{engine}: {name} is {figures[name]:.3f}, the limit is {limit:g}"
        for name, limit in limits.items()
        if figures[name] > limit
    ]


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--reads", type=int, default=100_000)
    parser.add_argument("--engine", action="append", choices=list(ENGINES))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    engines = given.engine or ["gufo", "pysnmp"]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 32_768), hard))
    results = {engine: measure(engine, given.agents, given.reads) for engine in engines}
    beyond = [line for engine, figures in results.items() for line in verdicts(engine, figures)]
    if given.json:
        print(json.dumps({"agents": given.agents, "reads": given.reads, "engines": results, "beyond": beyond}, indent=2))
    else:
        print(f"{given.agents} agents, {given.reads} scheduled reads (uptime, two ports, power)")
        print(f"{'':48}" + "".join(f"{engine:>12}" for engine in engines))
        for name, title, form in (
            ("scheduled_ms", "CPU of a scheduled read (ms)", "{:.3f}"),
            ("full_ms", f"CPU of a whole switch, {SWITCH_PORTS} ports (ms)", "{:.2f}"),
            ("growth_bytes", "memory grown over nine tenths of the reads (kB)", "{:.0f}"),
            ("resident_bytes", "resident (MB)", "{:.0f}"),
            ("delay_s", "delay of others by a fifth of silent agents (ms)", "{:.0f}"),
        ):
            scale = {"growth_bytes": 1e-3, "resident_bytes": 1e-6, "delay_s": 1e3}.get(name, 1.0)
            print(f"{title:48}" + "".join(f"{form.format(results[engine][name] * scale):>12}" for engine in engines))
        for line in beyond:
            print(f"BEYOND: {line}")
    sys.exit(1 if beyond else 0)


if __name__ == "__main__":
    main()
