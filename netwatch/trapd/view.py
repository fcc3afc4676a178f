"""The running trap process as others may look at it. Other threads only read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from netwatch.trapd.counts import Counts
from netwatch.trapd.courier import Courier
from netwatch.trapd.door import Door
from netwatch.trapd.ear import Ear


@dataclass(slots=True)
class View:
    """Everything a look from outside needs."""

    counts: Counts
    door: Door
    courier: Courier
    ears: Sequence[Ear]
    reloaded_at: datetime
    reload_ok: bool = True

    def drops(self) -> int:
        """Return how many datagrams the kernel has thrown away."""
        return sum(ear.drops for ear in self.ears)

    def devices(self) -> set[str]:
        """Return the devices whose address is known, with a log-in or without."""
        return {sender.device for senders in self.door.sources.values() for sender in senders}

    def not_ready(self) -> list[str]:
        """Return why this process is not ready, one reason a line; empty when it is."""
        reasons = []
        if self.courier.away:
            reasons.append(f"monitor: does not answer; {self.courier.waiting()} wakes wait")
        if not self.reload_ok:
            reasons.append("configuration: the last reload was refused; the one before is in force")
        return reasons
