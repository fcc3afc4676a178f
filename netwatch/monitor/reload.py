"""A reload that cannot hurt: what would be lost is refused, what is taken is taken whole (FEATURES B5)."""

from __future__ import annotations

from collections.abc import Mapping

from netwatch.casework import World
from netwatch.errors import Fault
from netwatch.monitor.assembly import Assembly, aim, gate_of, policy_of
from netwatch.monitor.cases import Cases
from netwatch.monitor.fleet import is_watched
from netwatch.monitor.watch import Watch
from netwatch.settings import Credential


def objections(new: World, cases: Cases) -> list[Fault]:
    """Return why this inventory may not be taken over now: a device of an open incident would vanish."""
    faults = []
    for incident in cases.open():
        for device in sorted(incident.locus):
            known = new.inventory.devices.get(device)
            if known is None or not is_watched(known):
                where = f"incident {incident.id or incident.key}" + (f", ticket {incident.ticket}" if incident.ticket else "")
                text = f"device {device!r} has an open incident ({where}) and cannot leave the inventory before that has ended"
                faults.append(Fault(str(new.settings.inventory), 0, 0, text))
    return faults


def adopt(parts: Assembly, new: World, places: Mapping[str, str | None], credentials: Mapping[str, Credential]) -> None:
    """Swap the running configuration: states of devices that stay are kept, whatever else of them has changed."""
    fleet, schedule, engine = parts.pipeline.fleet, parts.pipeline.schedule, parts.engine
    policy = policy_of(new.settings)
    wanted = {device.id for device in new.inventory.devices.values() if is_watched(device)}
    for name in sorted(fleet.watches.keys() - wanted):
        watch = fleet.watches.pop(name)
        schedule.remove(watch)
        if watch.target is not None:
            engine.remove(watch.target)
        fleet.forget(name)
        parts.readers.forget(name)
        parts.pipeline.judge.stability.forget(name)
        parts.pipeline.aftermath.restarts.forget(name)
    fleet.adopt(new.graph, policy.interval)
    engine.timeout = policy.timeout
    parts.pipeline.isolation.aim(places.get(new.inventory.vantage))
    for name in sorted(wanted):
        interval = float(new.inventory.devices[name].interval or policy.interval)
        known = fleet.watches.get(name)
        if known is None:
            known = fleet.watches[name] = Watch(name, interval)
            schedule.add(known)
        elif known.interval != interval:
            schedule.move(known, interval)
        aim(engine, known, places[name])
    parts.pipeline.adopt(policy)
    parts.pipeline.cases.policy = gate_of(new.settings)
    parts.world = parts.writer.world = new
    parts.settings = new.settings
    parts.readers.adopt(new.settings.snmp, credentials)
