"""The state of netwatch itself in one value: from the database, and from the monitor where it answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from netwatch.casework import World
from netwatch.casework.network import FRESH_AT_LEAST, FRESH_ROUNDS, MONITOR
from netwatch.detect.state import State
from netwatch.diagnose.report import rfc3339
from netwatch.errors import Reason
from netwatch.incident import IncidentState
from netwatch.sop.record import TicketState
from netwatch.store import Transaction
from netwatch.store.tickets import TicketFilter
from netwatch.web.desk import Desk

EVERYTHING = 100_000


def overview(desk: Desk) -> dict[str, Any]:
    """Return `netwatch.status/1`. Raises StoreError when the database cannot be read."""
    live = desk.monitor.live()
    world = desk.world
    with desk.store.read() as tx:
        beat = tx.heartbeat.last(MONITOR)
        isolated = bool(live["isolated"]) if live else bool(beat and beat.isolated)
        reasons = [*_not_ready(desk, tx), *_monitor_reasons(live, isolated=isolated)]
        outbox = tx.outbox.count()
        return {
            "schema": "netwatch.status/1",
            "ready": not reasons,
            "not_ready_because": [{"key": r.key, "id": r.id, "en": r.en} for r in reasons],
            "monitor": {
                "running": live is not None,
                "isolated": isolated,
                "since": (live or {}).get("isolated_since") or (rfc3339(beat.last_cycle_at) if beat else None),
                "last_cycle_at": rfc3339(beat.last_cycle_at) if beat else None,
                "late_rounds": live["late_rounds"] if live else 0,
                "configuration_ok": (live is None or bool(live["configuration_ok"])) and desk.last_reload.ok,
                "configuration_faults": _faults(desk, live),
            },
            "devices": devices(tx, world, live),
            "incidents": {"open": len(tx.incidents.list(state=IncidentState.OPEN, limit=EVERYTHING))},
            "tickets": {
                "open": sum(count for (_, state), count in tx.tickets.count().items() if state == "open"),
                "overdue": len(tx.tickets.list(TicketFilter(state=TicketState.OPEN, overdue_at=tx.now, limit=EVERYTHING))),
            },
            "outbox": {
                "waiting": sum(count for (_, state), count in outbox.items() if state == "waiting"),
                "dead": sum(count for (_, state), count in outbox.items() if state == "dead"),
            },
        }


def not_ready(desk: Desk) -> list[Reason]:
    """Return why this process is not ready (`/-/ready`); empty when it is."""
    with desk.store.read() as tx:
        return _not_ready(desk, tx)


def devices(tx: Transaction, world: World, live: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return every device of the inventory with its state; the live figures where the monitor answers."""
    stored = tx.states.load()
    fresh: Mapping[str, Any] = live["devices"] if live else {}  # by device id
    shown = []
    for device in world.inventory.devices.values():
        state, now = stored.get(device.id), fresh.get(device.id, {})
        shown.append(
            {
                "device": device.id,
                "site": device.site,
                "state": now.get("state") or (state.state.value if state else State.UNKNOWN.value),
                "since": now.get("since") or (rfc3339(state.since) if state else None),
                "loss_ratio": now.get("loss_ratio", state.loss_ratio if state else None),
                "rtt_seconds": now.get("rtt_seconds"),
                "explained_by": now.get("explained_by", state.explained_by if state else None),
                "reason": state.reason if state else None,
            }
        )
    return shown


def _not_ready(desk: Desk, tx: Transaction) -> list[Reason]:
    beat = tx.heartbeat.last(MONITOR)
    if beat is None:
        return [Reason("monitor_never_ran", "pemantau belum pernah berjalan", "the monitor has never run")]
    age = tx.now - beat.last_cycle_at
    limit = max(FRESH_AT_LEAST, timedelta(seconds=FRESH_ROUNDS * desk.world.settings.detection.interval))
    if age > limit:
        seconds = int(age.total_seconds())
        return [
            Reason(
                "monitor_silent",
                f"putaran pemantauan terakhir {seconds} detik lalu: periksa `systemctl status netwatch`",
                f"the last probing round ended {seconds} s ago: look at `systemctl status netwatch`",
            )
        ]
    return []


def _monitor_reasons(live: Mapping[str, Any] | None, *, isolated: bool) -> list[Reason]:
    reasons = [Reason("monitor", text, text) for text in (live or {}).get("reasons", ())]
    if isolated:
        reasons.append(Reason("isolated", "pemantau terputus dari jaringan", "the monitor is cut off from the network"))
    return reasons


def _faults(desk: Desk, live: Mapping[str, Any] | None) -> list[str]:
    told = (live or {}).get("configuration_error")
    return [*desk.last_reload.faults, *(str(told).splitlines() if told else [])]
