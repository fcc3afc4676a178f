"""A few echoes to one address, now: for a person who asks, or for evidence. Makes and closes an engine of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from netwatch.clock import Clock
from netwatch.probe.icmp.engine import EchoEngine
from netwatch.probe.icmp.loop import LoopDriver
from netwatch.probe.icmp.target import Target


@dataclass(slots=True)
class Burst:
    """What became of the echoes, in the order of the results. Times are seconds."""

    sent: int = 0  # echoes that left and were judged
    rtts: list[float] = field(default_factory=list)
    refused_by: str | None = None
    reasons: list[str] = field(default_factory=list)  # why echoes were not made: facts about this machine
    privileged: bool = True

    @property
    def received(self) -> int:
        """Return how many answers came."""
        return len(self.rtts)

    @property
    def loss_ratio(self) -> float | None:
        """Return the lost part of the echoes that left; None when none did."""
        return round(1 - self.received / self.sent, 4) if self.sent else None

    def answered(self, target: Target, sent_at: float, rtt: float, scheduled: bool) -> None:  # noqa: ARG002, FBT001
        """Take an answer."""
        self.sent += 1
        self.rtts.append(rtt)

    def lost(self, target: Target, sent_at: float, refused_by: str | None, scheduled: bool) -> None:  # noqa: ARG002, FBT001
        """Take a silence."""
        self.sent += 1
        self.refused_by = refused_by or self.refused_by

    def not_probed(self, target: Target, at: float, reason: str) -> None:  # noqa: ARG002
        """Take a probe that was not made."""
        self.reasons.append(reason)


async def burst(address: str, *, clock: Clock, count: int = 5, every: float = 0.2, timeout: float = 1.0) -> Burst:  # noqa: ASYNC109
    """Send `count` echoes, `every` seconds apart, and return when the last is judged. Raises ProbeUnavailable, ValueError."""
    result = Burst()
    engine = EchoEngine(result, clock=clock, timeout=timeout)
    driver = LoopDriver(engine)
    try:
        target = engine.add(address, address)
        result.privileged = engine.privileged
        driver.start()
        for number in range(count):
            if number:
                await asyncio.sleep(every)
            engine.send(target)
        while result.sent + len(result.reasons) < count:  # noqa: ASYNC110 - the engine knows no events
            await asyncio.sleep(driver.tick)
    finally:
        driver.stop()
        engine.close()
    return result
