"""`GET /devices`: what is watched, and how it is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from netwatch.errors import NotFound
from netwatch.web.needs import DeskOf
from netwatch.web.overview import devices

router = APIRouter(tags=["devices"])


@router.get("/devices", summary="Devices and their states")
def list_devices(desk: DeskOf, site: str | None = None) -> dict[str, Any]:
    """Return every device, or those of one site."""
    live = desk.monitor.live()
    with desk.store.read() as tx:
        shown = devices(tx, desk.world, live)
    return {"schema": "netwatch.devices/1", "devices": [each for each in shown if site in (None, each["site"])]}


@router.get("/devices/{device}", summary="One device")
def show_device(desk: DeskOf, device: str) -> dict[str, Any]:
    """Return one device with its last state changes."""
    if device not in desk.world.inventory.devices:
        raise NotFound(f"there is no device {device}")
    live = desk.monitor.live()
    with desk.store.read() as tx:
        shown = next(each for each in devices(tx, desk.world, live) if each["device"] == device)
        history = tx.states.history(device=device)[-50:]
    known = desk.world.inventory.devices[device]
    return {
        "schema": "netwatch.device/1",
        **shown,
        "role": known.role.value,
        "status": known.status.value,
        "uplinks": [{"id": link.id, "to": link.to, "port": link.port} for link in known.uplinks],
        "history": [
            {"at": each.at.isoformat(), "from": each.from_state, "to": each.to_state.value, "reason": each.reason}
            for each in history
        ],
    }
