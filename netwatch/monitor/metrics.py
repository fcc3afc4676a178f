"""What Prometheus sees of the probing process (CONVENTIONS 2), devices apart: read from the live state at scrape time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from netwatch.detect.state import State
from netwatch.monitor.live import Live
from netwatch.monitor.upkeep import Upkeep
from netwatch.monitor.watch import Watch
from netwatch.release import release

_WORST_FIRST = (
    State.DOWN,
    State.UNREACHABLE,
    State.FLAPPING,
    State.DEGRADED,
    State.SUSPECT,
    State.MAINTENANCE,
    State.UNKNOWN,
    State.UP,
)


class MonitorCollector(Collector):
    """Makes the metric families of one scrape from the running monitor."""

    def __init__(self, live: Live, upkeep: Upkeep) -> None:
        self._live = live
        self._upkeep = upkeep

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand, so that registering does not collect."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        yield from self._build()
        yield from self._sites()
        yield from self._probing()
        yield from self._schedule()
        yield from self._incidents()
        yield from self._configuration()
        yield from self._itself()
        yield from self._store()

    def _build(self) -> Iterator[Metric]:
        info = GaugeMetricFamily(
            "netwatch_build_info", "Version of the running program; always 1.", labels=["version", "revision"]
        )
        info.add_metric([release(), self._live.revision], 1)
        yield info

    def _sites(self) -> Iterator[Metric]:
        worst: dict[str, State] = {}
        fleet = self._live.pipeline.fleet
        rank = {state: place for place, state in enumerate(_WORST_FIRST)}
        for watch in self._watches():
            device = fleet.graph.inventory.devices.get(watch.device)
            if device is not None and rank[watch.shown] < rank[worst.get(device.site, State.UP)]:
                worst[device.site] = watch.shown
        family = GaugeMetricFamily(
            "netwatch_site_state", "The worst state among the devices of a site: 1 for that one.", labels=["site", "state"]
        )
        for site in fleet.graph.devices_of_site:
            shown = worst.get(site, State.UP)
            for state in State:
                family.add_metric([site, state.value], 1 if state is shown else 0)
        yield family
        ports = GaugeMetricFamily(
            "netwatch_interface_oper_up", "Whether an uplink port reads up.", labels=["device", "interface"]
        )
        for (device_id, name), (_, port) in list(fleet.ports.items()):
            ports.add_metric([device_id, name], 1 if port.oper.value == "up" else 0)
        yield ports
        devices = GaugeMetricFamily("netwatch_devices", "Devices by the state people see.", labels=["state"])
        for state, count in fleet.counts().items():
            devices.add_metric([state.value], count)
        yield devices

    def _probing(self) -> Iterator[Metric]:
        counts = self._live.pipeline.counts
        probes = CounterMetricFamily("netwatch_probes", "Probes by kind and what came of them.", labels=["kind", "result"])
        probes.add_metric(["icmp", "answered"], counts.answered)
        probes.add_metric(["icmp", "lost"], counts.lost)
        probes.add_metric(["icmp", "not_probed"], sum(counts.local_errors.values()))
        for (kind, result), count in self._live.readings().items():
            probes.add_metric([kind, result], count)
        yield probes
        wakes = CounterMetricFamily(
            "netwatch_wakes", "Wakes by traps: obeyed, too many, or of no device of the inventory.", labels=["result"]
        )
        for result, count in self._live.wakes().items():
            wakes.add_metric([result], count)
        yield wakes
        yield _gauge(
            "netwatch_power_hints", "Devices that lately said their site runs on battery.", len(self._live.pipeline.fleet.power)
        )
        local = CounterMetricFamily("netwatch_probe_local_errors", "Probes that could not leave this machine.", labels=["reason"])
        for reason, count in list(counts.local_errors.items()):
            local.add_metric([reason], count)
        yield local
        drops = CounterMetricFamily("netwatch_socket_drops", "Replies the kernel dropped for want of buffer.", labels=["family"])
        for family, count in self._live.socket_drops().items():
            drops.add_metric([family], count)
        yield drops
        malformed = CounterMetricFamily("netwatch_malformed", "Packets that were ignored.", labels=["protocol"])
        malformed.add_metric(["icmp"], self._live.ignored_packets())
        yield malformed
        seen, buckets = 0, []
        for bound, count in zip([*counts.BOUNDS, float("inf")], list(counts.rtt_buckets), strict=True):
            seen += count
            buckets.append(("+Inf" if bound == float("inf") else str(bound), float(seen)))
        duration = HistogramMetricFamily(
            "netwatch_probe_duration_seconds", "Round-trip time of answered echoes.", labels=["kind"]
        )
        duration.add_metric(["icmp"], buckets=buckets, sum_value=counts.rtt_sum)
        yield duration

    def _schedule(self) -> Iterator[Metric]:
        live = self._live
        finished = live.pipeline.schedule.finished_at()
        last = GaugeMetricFamily("netwatch_scheduler_last_cycle_timestamp_seconds", "When the slowest echo round last finished.")
        if finished is not None:
            last.add_metric([], live.pipeline.wall(finished).timestamp())
        yield last
        lag = GaugeMetricFamily("netwatch_scheduler_lag_seconds", "How late the last slot of a round was.", labels=["cohort"])
        missed = CounterMetricFamily(
            "netwatch_scheduler_missed", "Slots or runs left out because they came too late.", labels=["cohort"]
        )
        duration = GaugeMetricFamily("netwatch_cycle_duration_seconds", "How long the last round took.", labels=["cohort"])
        for interval, round_ in list(live.pipeline.schedule.rounds.items()):
            cohort = f"icmp_{interval:g}s"
            lag.add_metric([cohort], round_.lag)
            missed.add_metric([cohort], round_.missed)
            duration.add_metric([cohort], round_.duration)
        for cohort, (late, count, took) in live.jobs().items():
            lag.add_metric([cohort], late)
            missed.add_metric([cohort], count)
            duration.add_metric([cohort], took)
        yield from (lag, missed, duration)
        loop = GaugeMetricFamily("netwatch_event_loop_lag_seconds", "How late the probing loop last woke up.")
        loop.add_metric([], live.loop_lag)
        yield loop

    def _incidents(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("netwatch_incidents", "Open incidents by the side they are on.", labels=["side"])
        sides = {"data_center": 0, "provider": 0, "site": 0, "monitor": 0, "unknown": 0}
        for incident in self._live.pipeline.cases.open():
            sides[incident.cause.side.value] += 1
        for side, count in sides.items():
            family.add_metric([side], count)
        yield family
        opened = CounterMetricFamily("netwatch_tickets_opened", "Tickets this process has opened.", labels=["cause"])
        for cause, count in list(self._live.pipeline.cases.opened.items()):
            opened.add_metric([cause], count)
        yield opened

    def _configuration(self) -> Iterator[Metric]:
        live = self._live
        yield _gauge("netwatch_config_last_reload_successful", "Whether the last reload was taken.", 1 if live.reload_ok else 0)
        yield _gauge(
            "netwatch_config_last_reload_success_timestamp_seconds",
            "When a configuration was last taken.",
            live.reloaded_at.timestamp(),
        )
        family = GaugeMetricFamily("netwatch_inventory_devices", "Devices of the inventory by status.", labels=["status"])
        counts = {"active": 0, "planned": 0, "maintenance": 0, "retired": 0}
        for device in live.pipeline.fleet.graph.inventory.devices.values():
            counts[device.status.value] += 1
        for status, count in counts.items():
            family.add_metric([status], count)
        yield family
        days = live.calendar_days_remaining()
        if days is not None:
            yield _gauge("netwatch_calendar_days_remaining", "Days until the holiday calendar ends.", days)

    def _itself(self) -> Iterator[Metric]:
        live = self._live
        counts = live.pipeline.counts
        yield _gauge("netwatch_store_writable", "Whether the last write succeeded.", 1 if live.recorder.writable else 0)
        yield _gauge("netwatch_store_queue_transitions", "Records waiting to be written.", live.recorder.waiting())
        errors = CounterMetricFamily("netwatch_store_errors", "Writes that failed.", labels=["reason"])
        for reason, count in list(live.recorder.errors.items()):
            errors.add_metric([reason], count)
        yield errors
        steps = CounterMetricFamily(
            "netwatch_clock_steps", "Jumps of the wall clock of more than two seconds.", labels=["direction"]
        )
        for direction, count in counts.clock_steps.items():
            steps.add_metric([direction], count)
        yield steps
        blind = CounterMetricFamily("netwatch_blind_seconds", "Seconds in which nothing was measured.", labels=["reason"])
        for reason, seconds in list(counts.blind_s.items()):
            blind.add_metric([reason], seconds)
        yield blind
        yield _gauge(
            "netwatch_monitor_isolated", "Whether the monitor itself is cut off.", 1 if live.pipeline.judge.frozen else 0
        )

    def _store(self) -> Iterator[Metric]:
        health = self._upkeep.health()
        yield _gauge("netwatch_state_directory_free_bytes", "Free space where the database is.", health.free_bytes)
        yield _gauge("netwatch_ballast_present", "Whether the reserved space is still there.", 1 if health.ballast_present else 0)
        if health.wal_bytes is not None:
            yield _gauge("netwatch_database_wal_bytes", "Size of SQLite's write-ahead log.", health.wal_bytes)
        upkeep = self._upkeep
        yield _gauge("netwatch_journal_verify_ok", "Whether the last verification found nothing.", upkeep.verified_ok)
        yield _moment("netwatch_journal_verify_timestamp_seconds", "When the record was last verified.", upkeep.verified_at)
        yield _moment("netwatch_backup_last_success_timestamp_seconds", "When a backup was last made.", upkeep.backed_up_at)
        found = CounterMetricFamily(
            "netwatch_invariant_violations", "Violations found by the last verification.", labels=["invariant"]
        )
        for invariant, count in self._upkeep.violations.items():
            found.add_metric([invariant], count)
        yield found

    def _watches(self) -> list[Watch]:
        """Copy the list: the scrape runs in its own thread beside the probing."""
        return list(self._live.pipeline.fleet.watches.values())


def _gauge(name: str, text: str, value: float | None) -> GaugeMetricFamily:
    """Make a family of one series, or of none while the value is not known."""
    family = GaugeMetricFamily(name, text)
    if value is not None:
        family.add_metric([], value)
    return family


def _moment(name: str, text: str, at: datetime | None) -> GaugeMetricFamily:
    return _gauge(name, text, None if at is None else at.timestamp())
