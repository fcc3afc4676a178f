"""Everything of a minute and more: SNMP rounds by cohort, verification, backup, housekeeping. APScheduler keeps the times.

Its interval jobs follow the wall clock, so `rearm` sets all of them going again after the clock has stepped (RELIABILITY 3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from zlib import crc32

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from netwatch.errors import NetwatchError
from netwatch.monitor.assembly import Assembly
from netwatch.monitor.upkeep import Upkeep

COHORT_DEVICES = 250  # one job per this many agents: 10-60 jobs in a large city, never one per device
LONGEST_COHORTS = 60
NAMES_EVERY_S = 300.0

log = structlog.get_logger("netwatch.monitor")


class Jobs:
    """The slow rounds of one monitor."""

    def __init__(self, parts: Assembly, resolve: Callable[[Assembly], Awaitable[None]]) -> None:
        self._parts = parts
        self._resolve = resolve
        self.upkeep = Upkeep(parts.store, parts.settings, clock=parts.clock)
        self._scheduler = AsyncIOScheduler(timezone=parts.world.procedure.zone)
        self._scheduler.add_listener(self._missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_ERROR)

    def start(self) -> None:
        """Add every job under a fixed id and begin."""
        settings = self._parts.settings
        self.arrange_snmp()
        self._add_cron("backup", self.upkeep.backup, hour=2, minute=30)
        self._add_cron("verify", self.upkeep.verify, hour=3, minute=30)
        self._add_cron("journal_checkpoint", self.upkeep.checkpoint_journal, hour=0, minute=0)
        self._add_cron("retention", self.upkeep.forget_old, hour=4, minute=30)
        self._add_cron("wal", self.upkeep.checkpoint_log, hour="*", minute=17)
        self._add_interval("names", lambda: self._resolve(self._parts), NAMES_EVERY_S, NAMES_EVERY_S)
        self._scheduler.start()
        log.info("jobs", cohorts=len(self._scheduler.get_jobs()), snmp_interval_s=settings.snmp.interval)

    def arrange_snmp(self) -> None:
        """Cut the readable devices into cohorts by a stable hash, each at its own phase of the interval."""
        parts = self._parts
        interval = parts.settings.snmp.interval
        devices = parts.readers.readable()
        shards = max(1, min(LONGEST_COHORTS, -(-len(devices) // COHORT_DEVICES)))
        for job in self._scheduler.get_jobs():
            if job.id.startswith("snmp-"):
                job.remove()
        for shard in range(shards):
            members = [device for device in devices if crc32(device.encode()) % shards == shard]
            if not members:
                continue
            phase = interval * (shard + 1) / (shards + 1)
            self._add_interval(f"snmp-{shard}", partial(parts.readers.round, members), interval, phase)

    def rearm(self) -> None:
        """Run every interval job now, after the wall clock stepped: otherwise it would wait for the old time to come again."""
        for job in self._scheduler.get_jobs():
            if isinstance(job.trigger, CronTrigger):
                job.reschedule(job.trigger)
            else:
                job.modify(next_run_time=self._parts.clock.now())

    def stop(self) -> None:
        """End the scheduler; a job that runs is not waited for."""
        self._scheduler.shutdown(wait=False)

    def _add_interval(self, name: str, work: Callable[[], Awaitable[None]], seconds: float, phase: float) -> None:
        self._scheduler.add_job(
            self._timed(name, work),
            "interval",
            seconds=seconds,
            id=name,
            start_date=self._parts.clock.now() + timedelta(seconds=phase),
            replace_existing=True,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=max(1, round(seconds)),
        )

    def _add_cron(self, name: str, work: Callable[[], None], *, hour: int | str, minute: int) -> None:
        async def threaded() -> None:
            await asyncio.to_thread(work)

        self._scheduler.add_job(
            self._timed(name, threaded),
            CronTrigger(hour=hour, minute=minute, timezone=self._parts.world.procedure.zone),
            id=name,
            replace_existing=True,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=3600,
        )

    def _timed(self, name: str, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            began = self._parts.clock.monotonic()
            try:
                await work()
            except NetwatchError as error:
                log.error("job_failed", job=name, error=str(error))  # noqa: TRY400  # a sentence, not a traceback
            _, missed, _ = self._parts.live.job_runs.get(name, (0.0, 0, 0.0))
            self._parts.live.job_runs[name] = (0.0, missed, self._parts.clock.monotonic() - began)

        return run

    def _missed(self, event: JobEvent) -> None:
        late, missed, took = self._parts.live.job_runs.get(event.job_id, (0.0, 0, 0.0))
        self._parts.live.job_runs[event.job_id] = (late, missed + 1, took)
        log.warning("job_missed", job=event.job_id)
