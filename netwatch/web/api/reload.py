"""`POST /reload`: read the configuration again, here and in the monitor."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from netwatch.errors import Reason, Refused
from netwatch.web.needs import CallerOf, DeskOf

router = APIRouter(tags=["reload"])
STAFF = frozenset({"dc_team", "division_head"})
NOT_ALLOWED = Reason(
    "reload_not_allowed",
    "Hanya Tim Data Center, Kepala Bidang atau pencatat yang boleh memuat ulang konfigurasi.",
    "Only the data-centre team, the division head or a recorder may reload the configuration.",
)


at_root = APIRouter(include_in_schema=False)  # `/-/reload`, where Prometheus users look for it (CONVENTIONS 1)


@at_root.api_route("/-/reload", methods=["POST", "PUT"])
@router.post("/reload", summary="Load inventory, people and procedure again")
def reload(desk: DeskOf, caller: CallerOf) -> dict[str, Any]:
    """Reload both processes; each keeps what runs when a file is wrong, and says why."""
    if not caller.recorder:
        roles = set(desk.world.people.roles_of(caller.person or "", desk.clock.now()))
        if not roles & STAFF:
            raise Refused([NOT_ALLOWED])
    monitor = desk.monitor.reload()
    done = desk.reload()
    return {
        "schema": "netwatch.reload/1",
        "api": {"ok": done.ok, "faults": list(done.faults)},
        "monitor": None if monitor is None else {"ok": not monitor, "faults": monitor},
    }
