"""The running monitor as others may look at it: metrics, health, the api process. Other threads only read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from netwatch.monitor.pipeline import Pipeline
from netwatch.monitor.recorder import ThreadRecorder
from netwatch.probe.icmp import EchoEngine

STALE_S = 120.0  # a last finished round older than this means that probing has stopped


@dataclass(slots=True)
class Live:
    """Everything a look from outside needs. One object for the life of the process; a reload changes what it points to."""

    pipeline: Pipeline
    recorder: ThreadRecorder
    engine: EchoEngine
    reloaded_at: datetime
    monotonic: Callable[[], float]
    revision: str = ""
    reload_ok: bool = True
    reload_error: str | None = None
    loop_lag: float = 0.0
    stopping: bool = False
    faults: int = 0  # ticks that failed
    calendar_days: Callable[[], int | None] = lambda: None
    wakes_taken: Mapping[str, int] = field(default_factory=dict)  # by traps: result -> count
    readings_done: dict[tuple[str, str], int] = field(default_factory=dict)
    job_runs: dict[str, tuple[float, int, float]] = field(default_factory=dict)  # cohort -> lag s, missed, last duration s

    def readings(self) -> Mapping[tuple[str, str], int]:
        """Return how many SNMP and SSH readings had which result."""
        return dict(self.readings_done)

    def wakes(self) -> Mapping[str, int]:
        """Return how many wakes by traps had which result."""
        return dict(self.wakes_taken)

    def jobs(self) -> Mapping[str, tuple[float, int, float]]:
        """Return lag, missed runs and last duration of the jobs of a minute and more."""
        return dict(self.job_runs)

    def socket_drops(self) -> Mapping[str, int]:
        """Return how many replies the kernel dropped, by address family."""
        return self.engine.drops()

    def ignored_packets(self) -> int:
        """Return how many foreign or malformed packets were ignored."""
        return self.engine.counters.ignored()

    def calendar_days_remaining(self) -> int | None:
        """Return the days until the holiday calendar ends; None: no calendar."""
        return self.calendar_days()

    def not_ready(self) -> list[str]:
        """Return why this process is not ready, one reason a line; empty when it is."""
        reasons = []
        finished = self.pipeline.schedule.finished_at()
        started = self.pipeline.started_at
        now = self.monotonic()
        if self.stopping:
            reasons.append("stopping")
        if finished is None and now - started > STALE_S:
            reasons.append("scheduler: no round has finished yet")
        if finished is not None and now - finished > STALE_S:
            reasons.append(f"scheduler: the last round finished {now - finished:.0f} s ago")
        if not self.recorder.writable:
            reasons.append(f"database: {self.recorder.last_error or 'cannot be written'}")
        return reasons

    def status(self) -> dict[str, Any]:
        """Return the live state as JSON values: what `netwatch status` adds to the database."""
        pipeline = self.pipeline
        devices = {}
        for watch in list(pipeline.fleet.watches.values()):
            devices[watch.device] = {
                "state": watch.live().value,
                "since": _text(datetime.fromtimestamp(watch.since, UTC)) if watch.since else None,
                "loss_ratio": round(watch.loss(), 4),
                "rtt_seconds": watch.last_rtt(),
                "explained_by": watch.explained_by,
            }
        since = pipeline.isolation.since
        return {
            "schema": "netwatch.live/1",
            "ready": not self.not_ready(),
            "reasons": self.not_ready(),
            "isolated": pipeline.judge.frozen,
            "isolated_since": _text(pipeline.wall(since)) if since is not None else None,
            "late_rounds": sum(round_.missed for round_ in pipeline.schedule.rounds.values()),
            "configuration_ok": self.reload_ok,
            "configuration_error": self.reload_error,
            "devices": devices,
        }


def _text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
