"""`/incidents`: the network's faults; acknowledging one."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from netwatch import casework
from netwatch.errors import Reason, Refused
from netwatch.incident import IncidentState
from netwatch.web.needs import CallerOf, DeskOf
from netwatch.web.uploads import Body, described, receive

MOST_SECONDS = 366 * 86400
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]  # what every database takes
router = APIRouter(tags=["incidents"])
NOT_A_PERSON = Reason(
    "not_a_person",
    "Hanya orang yang terdaftar di people.yaml atau pencatat yang boleh melakukan ini.",
    "Only a person in people.yaml or a recorder may do this.",
)


class Acknowledge(Body):
    """Why it may wait, and for how long."""

    reason: str
    for_seconds: int | None = Field(default=None, gt=0, le=MOST_SECONDS)


@router.get("/incidents", summary="List incidents")
def list_incidents(desk: DeskOf, which: Literal["open", "all"] = "open") -> dict[str, Any]:
    """Return open incidents, or the newest 1,000 of all."""
    with desk.store.read() as tx:
        found = tx.incidents.list(state=IncidentState.OPEN if which == "open" else None)
        return {"schema": "netwatch.incidents/1", "incidents": [casework.incident_json(tx, each) for each in found]}


@router.get("/incidents/{incident}", summary="Show an incident")
def show_incident(desk: DeskOf, incident: Number) -> dict[str, Any]:
    """Return one incident with its cause, evidence and acknowledgements."""
    with desk.store.read() as tx:
        found = tx.incidents.get(incident)
        shown = casework.incident_json(tx, found)
        kept = tx.incidents.evidence(incident)
        shown["evidence"] = [{"kind": each.kind, "at": each.at.isoformat(), "sha256": each.sha256} for each in kept]
        again = next((each.body for each in reversed(kept) if each.kind == "after_recovery"), None)
        shown["cause_after_recovery"] = again["cause"] if again is not None else None
        return shown


@router.post("/incidents/{incident}/acknowledge", summary="Acknowledge an incident", openapi_extra=described(Acknowledge))
async def acknowledge(desk: DeskOf, caller: CallerOf, request: Request, incident: Number) -> dict[str, Any]:
    """Note that the caller saw it. Agency staff and recorders only: an office cannot silence the agency's reminders."""
    given, _ = await receive(request, Acknowledge)
    if caller.person is not None and not caller.recorder:
        roles = set(desk.world.people.roles_of(caller.person, desk.clock.now()))
        if not roles - {"opd_head"}:
            raise Refused([NOT_A_PERSON])
    valid_for = timedelta(seconds=given.for_seconds) if given.for_seconds else None

    def work() -> dict[str, Any]:
        return casework.acknowledge(desk.store, incident, by=caller.name, reason=given.reason, valid_for=valid_for)

    return await run_in_threadpool(work)
