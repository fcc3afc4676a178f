"""Take up where the last monitor stopped: what was down is down, suspicions are forgotten, the gap is no data."""

from __future__ import annotations

from datetime import datetime, timedelta

from netwatch.detect.state import DeviceState, State
from netwatch.monitor.cases import REMEMBERED_S
from netwatch.monitor.pipeline import Pipeline
from netwatch.monitor.records import Blind
from netwatch.monitor.writer import ended
from netwatch.store import Store
from netwatch.store.states import StoredState

GAP_ROUNDS = 2
LOSSES_THEN = 3  # a device that was down is silent in a snapshot until it answers


def restore(pipeline: Pipeline, store: Store, *, now: datetime) -> None:
    """Load states, incidents and windows; the time since the last heartbeat is blind when longer than two intervals."""
    with store.read() as tx:
        states = tx.states.load()
        known = tx.incidents.load_known(now - timedelta(seconds=max(REMEMBERED_S, pipeline.cases.policy.reopen_within)))
        beat = tx.heartbeat.last("monitor")
        gaps = [period for period in tx.blind.list() if period.ended_at is None and period.device is None]
        windows = [stored.window for stored in tx.maintenance.list(not_ended_before=now)]
        over = ended(tx, tuple(incident.ticket for incident in known if incident.ticket is not None))
    pipeline.judge.windows = (*pipeline.fleet.graph.inventory.maintenance, *windows)
    pipeline.cases.load(known, now)
    pipeline.cases.ended(over)
    for watch in pipeline.fleet:
        stored = states.get(watch.device)
        if stored is None:
            continue
        watch.shown, watch.since, watch.explained_by = stored.state, stored.since.timestamp(), stored.explained_by
        if stored.state is State.DOWN:
            pipeline.fleet.set_state(watch, _down(stored, pipeline.started_at, now))
            pipeline.schedule.heat(watch, pipeline.started_at)
            pipeline.judge.verdict_wanted(watch, pipeline.started_at)  # it may be silent without an incident yet
        else:
            pipeline.fleet.set_state(watch, DeviceState(loss_ratio=stored.loss_ratio))
    pipeline.cases.hold(pipeline.started_at + pipeline.policy.confirm_window)
    for period in gaps:  # the last monitor ended while it was cut off; nobody else ends its gap
        pipeline.recorder.submit(Blind(pipeline.judge.tx(), now, period.began_at, now, period.reason))
    if beat is None:
        return
    gap = (now - beat.last_cycle_at).total_seconds()
    if gap > GAP_ROUNDS * pipeline.policy.interval:
        pipeline.counts.blind("stopped", gap)
        pipeline.recorder.submit(Blind(pipeline.judge.tx(), now, beat.last_cycle_at, now, "stopped"))


def _down(stored: StoredState, monotonic: float, now: datetime) -> DeviceState:
    """Rebuild the state of a device that was down: silent since then, at least by all we know."""
    since = monotonic - max(0.0, (now - stored.since).total_seconds())
    return DeviceState(
        state=State.DOWN, since=since, first_lost_at=since, losses=LOSSES_THEN, last_echo_at=since, loss_ratio=stored.loss_ratio
    )
