"""`/maintenance`: planned work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from netwatch import casework
from netwatch.errors import Reason, Refused
from netwatch.web.auth import Caller
from netwatch.web.desk import Desk
from netwatch.web.needs import CallerOf, DeskOf
from netwatch.web.times import moment
from netwatch.web.uploads import Body, described, receive

router = APIRouter(tags=["maintenance"])
STAFF = frozenset({"dc_team", "division_head", "agency_head"})
STAFF_ONLY = Reason(
    "staff_only",
    "Hanya Tim Data Center, Kepala Bidang, Kepala Dinas atau pencatat yang boleh mengatur pemeliharaan.",
    "Only the data-centre team, the heads or a recorder may set maintenance windows.",
)


class Planned(Body):
    """One window."""

    for_seconds: int = Field(gt=0, le=366 * 86400)
    reason: str
    devices: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    starts_at: str | None = None
    mode: str = "silent"
    repeat: str | None = None


@router.get("/maintenance", summary="List maintenance windows")
def list_windows(desk: DeskOf, which: Literal["current", "all"] = "current") -> dict[str, Any]:
    """Return windows of the inventory and of the command line."""
    return {"schema": "netwatch.maintenance/1", "windows": casework.windows(desk.store, desk.world, every=which == "all")}


@router.post("/maintenance", summary="Announce planned work", openapi_extra=described(Planned))
async def add(desk: DeskOf, caller: CallerOf, request: Request) -> dict[str, Any]:
    """Add a window."""
    given, _ = await receive(request, Planned)
    _staff(desk, caller)
    starts_at: datetime | None = moment("starts_at", given.starts_at, desk.world)

    def work() -> dict[str, Any]:
        return casework.add_window(
            desk.store,
            desk.world,
            by=caller.name,
            reason=given.reason,
            lasts=timedelta(seconds=given.for_seconds),
            starts_at=starts_at,
            devices=given.devices,
            sites=given.sites,
            groups=given.groups,
            mode=given.mode,
            repeat=given.repeat,
        )

    return {"schema": "netwatch.maintenance-window/1", **await run_in_threadpool(work)}


@router.post("/maintenance/{window}/end", summary="End a window now")
def end(desk: DeskOf, caller: CallerOf, window: str) -> dict[str, Any]:
    """End a window early."""
    _staff(desk, caller)
    casework.end_window(desk.store, window, by=caller.name)
    return {"schema": "netwatch.maintenance-window/1", "id": window, "ended": True}


def _staff(desk: Desk, caller: Caller) -> None:
    if caller.recorder:
        return
    if caller.person is None or not STAFF & set(desk.world.people.roles_of(caller.person, desk.clock.now())):
        raise Refused([STAFF_ONLY])
