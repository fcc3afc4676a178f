"""`/tickets`: cases in the procedure, and the acts of people on them."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from netwatch import casework
from netwatch.errors import Fault, InvalidFile
from netwatch.sop.act import Act
from netwatch.sop.record import Ticket, TicketState
from netwatch.sop.ticket_json import is_overdue
from netwatch.store.tickets import TicketFilter
from netwatch.web.auth import Caller
from netwatch.web.desk import Desk
from netwatch.web.needs import CallerOf, DeskOf
from netwatch.web.times import moment
from netwatch.web.uploads import Body, described, receive

router = APIRouter(tags=["tickets"])
PAGE = 1000


class Who(Body):
    """Who decided, when, and how it reached netwatch. Who types is never said: the socket knows."""

    performed_by: str | None = None
    performed_at: str | None = None
    channel: str | None = None
    request_id: str | None = None


class ActBody(Who):
    """One action of the procedure."""

    fields: dict[str, Any] = Field(default_factory=dict)
    version: int | None = None


class HoldBody(Who):
    """Why and until when a ticket waits."""

    reason: str
    expected_end: str


class ReportBody(Who):
    """What an office reports."""

    site: str
    symptom: str
    reporter: str
    contact: str | None = None
    origin: str | None = None
    occurred_at: str | None = None
    letter_number: str | None = None


@router.get("/tickets", summary="List tickets")
def list_tickets(
    desk: DeskOf, caller: CallerOf, which: Literal["open", "overdue", "mine", "all"] = "open", after: str | None = None
) -> dict[str, Any]:
    """Return the tickets that the caller may see; a page ends after 1,000 (`after`: the last id of the page before)."""
    wanted = TicketFilter(state=None if which == "all" else TicketState.OPEN, after=after, limit=PAGE)
    with desk.store.read() as tx:
        found = [ticket for ticket in tx.tickets.list(wanted) if casework.may_see(desk.world, ticket, caller.name, tx)]
        if which == "overdue":
            found = [ticket for ticket in found if is_overdue(ticket, tx.now)]
        if which == "mine":
            roles = set(desk.world.people.roles_of(caller.person or "", tx.now))
            found = [ticket for ticket in found if _actor(desk, ticket) in roles]
        return {"schema": "netwatch.tickets/1", "tickets": [casework.ticket_json(tx, desk.world, each, tx.now) for each in found]}


@router.post("/tickets", summary="Register a report of an office", openapi_extra=described(ReportBody, files=True))
async def report(desk: DeskOf, caller: CallerOf, request: Request) -> dict[str, Any]:
    """Open a ticket for a reported outage, or join the open one of that place."""
    given, papers = await receive(request, ReportBody)
    wanted = casework.Report(
        site=given.site,
        symptom=given.symptom,
        reporter=given.reporter,
        recorded_by=caller.name,
        contact=given.contact,
        letter_number=given.letter_number,
        origin=given.origin,
        occurred_at=moment("occurred_at", given.occurred_at, desk.world),
        reported_at=moment("performed_at", given.performed_at, desk.world),
        request_id=given.request_id,
    )
    return await run_in_threadpool(casework.report, desk.store, desk.world, wanted, papers=papers, uid=caller.uid)


@router.get("/tickets/{ticket}", summary="Show a ticket")
def show(desk: DeskOf, caller: CallerOf, ticket: str) -> dict[str, Any]:
    """Return TICKET."""
    with desk.store.read() as tx:
        return casework.ticket_json(tx, desk.world, casework.visible(tx, desk.world, ticket, caller.name), tx.now)


@router.get("/tickets/{ticket}/actions", summary="What may be done now")
def actions(desk: DeskOf, caller: CallerOf, ticket: str) -> dict[str, Any]:
    """Return every action of the present step: by whom, with which fields and documents, and what stands in the way."""
    return casework.actions(desk.store, desk.world, ticket, caller=caller.name, recorder=caller.recorder)


@router.post("/tickets/{ticket}/actions/{action}", summary="Perform an action", openapi_extra=described(ActBody, files=True))
async def perform(desk: DeskOf, caller: CallerOf, request: Request, ticket: str, action: str) -> dict[str, Any]:
    """Perform one action and return TICKET. The same `request_id` does it once."""
    given, papers = await receive(request, ActBody)
    act = _act(desk, caller, given, action, given.fields)
    world, store, version = desk.world, desk.store, given.version

    def work() -> dict[str, Any]:
        return casework.perform(
            store, world, ticket, act, papers=papers, uid=caller.uid, recorder=caller.recorder, version=version
        )

    return await run_in_threadpool(work)


@router.post("/tickets/{ticket}/hold", summary="Put on hold", openapi_extra=described(HoldBody))
async def hold(desk: DeskOf, caller: CallerOf, request: Request, ticket: str) -> dict[str, Any]:
    """Hold a ticket that waits for somebody outside the team."""
    given, papers = await receive(request, HoldBody)
    act = _act(desk, caller, given, "hold", {"hold_reason": given.reason, "expected_end": given.expected_end})

    def work() -> dict[str, Any]:
        return casework.perform(desk.store, desk.world, ticket, act, papers=papers, uid=caller.uid, recorder=caller.recorder)

    return await run_in_threadpool(work)


@router.post("/tickets/{ticket}/resume", summary="End the hold", openapi_extra=described(Who))
async def resume(desk: DeskOf, caller: CallerOf, request: Request, ticket: str) -> dict[str, Any]:
    """End a hold."""
    given, papers = await receive(request, Who)
    act = _act(desk, caller, given, "resume", {})

    def work() -> dict[str, Any]:
        return casework.perform(desk.store, desk.world, ticket, act, papers=papers, uid=caller.uid, recorder=caller.recorder)

    return await run_in_threadpool(work)


@router.post("/tickets/{ticket}/documents", summary="Attach documents", openapi_extra=described(Who, files=True))
async def attach(desk: DeskOf, caller: CallerOf, request: Request, ticket: str) -> dict[str, Any]:
    """Attach papers without leaving the step."""
    given, papers = await receive(request, Who)
    if not papers:
        raise InvalidFile([Fault("body", 0, 0, "no file was sent; send a form with the file under its document's key")])
    act = _act(desk, caller, given, "attach", {})

    def work() -> dict[str, Any]:
        return casework.attach(desk.store, desk.world, ticket, act, papers=papers, uid=caller.uid, recorder=caller.recorder)

    return await run_in_threadpool(work)


def _act(desk: Desk, caller: Caller, given: Who, action: str, fields: dict[str, Any]) -> Act:
    performed_by = given.performed_by or caller.person
    if performed_by is None:
        text = "your account is no person in people.yaml: say who decided (--by) / sebutkan siapa yang memutuskan (--by)"
        raise InvalidFile([Fault("performed_by", 0, 0, text)])
    return Act(
        action=action,
        performed_by=performed_by,
        recorded_by=caller.name,
        performed_at=moment("performed_at", given.performed_at, desk.world),
        channel=given.channel,
        fields=fields,
        request_id=given.request_id,
    )


def _actor(desk: Desk, ticket: Ticket) -> str:
    return desk.world.procedure.steps[ticket.step.key].actor
