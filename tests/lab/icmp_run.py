"""Run the echo engine once inside whatever namespace and user this process has, and print what it saw as JSON.

python -m tests.lab.icmp_run '{"addresses": ["10.0.0.1"], "rounds": 1, "privileged": null}'
"""

from __future__ import annotations

import asyncio
import json
import sys

from netwatch.clock import SystemClock
from netwatch.errors import ProbeUnavailable
from netwatch.probe.icmp import EchoEngine, LoopDriver, Target


class Written:
    """Writes results down."""

    def __init__(self) -> None:
        self.results: list[tuple[object, ...]] = []

    def answered(self, target: Target, sent_at: float, rtt: float, scheduled: bool) -> None:
        self.results.append((target.address, "answered", round(rtt, 6)))

    def lost(self, target: Target, sent_at: float, refused_by: str | None, scheduled: bool) -> None:
        self.results.append((target.address, "lost", refused_by))

    def not_probed(self, target: Target, at: float, reason: str) -> None:
        self.results.append((target.address, "not_probed", reason))


async def ask(wish: dict) -> dict:
    """Ask every address `rounds` times, `every` seconds apart."""
    sink = Written()
    options = {key: wish[key] for key in ("privileged", "timeout", "receive_buffer") if key in wish}
    try:
        engine = EchoEngine(sink, clock=SystemClock(), **options)
    except ProbeUnavailable as error:
        return {"unavailable": str(error)}
    driver = LoopDriver(engine)
    driver.start()
    targets = [engine.add(address, address) for address in wish["addresses"]]
    for _ in range(wish.get("rounds", 1)):
        engine.send_many(targets)
        await asyncio.sleep(wish.get("every", 1.0))
    while engine.in_flight or engine.waiting:  # noqa: ASYNC110 - the engine knows no events
        await asyncio.sleep(0.02)
    driver.stop()
    counters = {
        name: getattr(engine.counters, name) for name in ("sent", "answered", "lost", "drops", "refusals", "foreign", "late")
    }
    said = {
        "results": sink.results,
        "counters": counters,
        "receive_buffer": engine.receive_buffer,
        "privileged": engine.privileged,
    }
    engine.close()
    return said


if __name__ == "__main__":
    print(json.dumps(asyncio.run(ask(json.loads(sys.argv[1])))))
