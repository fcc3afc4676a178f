"""`GET /why/{what}`: the reasoning behind a device's, a site's or a ticket's state, in sentences."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from netwatch import casework
from netwatch.diagnose.explain import describe
from netwatch.errors import NotFound, Reason
from netwatch.incident import Incident, IncidentState
from netwatch.notify.messages import wib
from netwatch.store import Transaction
from netwatch.web.auth import Caller
from netwatch.web.desk import Desk
from netwatch.web.needs import CallerOf, DeskOf

router = APIRouter(tags=["why"])
Sentence = dict[str, str]


@router.get("/why/{what:path}", summary="Why netwatch thinks so")
def why(desk: DeskOf, caller: CallerOf, what: str) -> dict[str, Any]:
    """Explain a device, a site or a ticket."""
    inventory = desk.world.inventory
    with desk.store.read() as tx:
        if what in inventory.devices:
            because = _device(desk, tx, what)
        elif what in inventory.sites:
            because = [each for device in desk.world.graph.devices_of_site.get(what, ()) for each in _device(desk, tx, device)]
        else:
            because = _ticket(desk, tx, what, caller)
    return {"schema": "netwatch.why/1", "about": what, "because": because}


class Nothing(NotFound):
    """Neither a device nor a site nor a ticket of this name."""

    def __init__(self, what: str) -> None:
        english = f"There is no device, site or ticket {what}."
        super().__init__(english)
        self.reason = Reason("nothing_of_this_name", f"Tidak ada perangkat, tempat atau tiket {what}.", english)


def _device(desk: Desk, tx: Transaction, device: str) -> list[Sentence]:
    state = tx.states.load().get(device)
    if state is None:
        return [
            _say(
                "not_measured",
                f"{device}: unknown, keadaannya belum pernah dipastikan.",
                f"{device}: unknown, no state was established yet.",
            )
        ]
    reason = f" ({state.reason})" if state.reason else ""
    said = [
        _say(
            "state",
            f"{device}: {state.state.value} sejak {wib(state.since)}{reason}.",
            f"{device}: {state.state.value} since {wib(state.since)}{reason}.",
        )
    ]
    if state.explained_by:
        entry = state.explained_by
        said.append(
            _say("explained_by", f"Terhalang oleh {entry}: jalurnya lewat sana.", f"Hidden by {entry}: its path leads there.")
        )
    for incident in tx.incidents.list(state=IncidentState.OPEN):
        if device in incident.affected:
            said += _incident(desk, incident)
    return said


def _incident(desk: Desk, incident: Incident) -> list[Sentence]:
    head = _say(
        "incident",
        f"Gangguan #{incident.id} sejak {wib(incident.began_at)}, tiket {incident.ticket or 'belum ada'}.",
        f"Incident #{incident.id} since {wib(incident.began_at)}, ticket {incident.ticket or 'none yet'}.",
    )
    graph = desk.world.graph
    return [head, _say("cause", describe(incident.cause, graph, "id"), describe(incident.cause, graph, "en"))]


def _ticket(desk: Desk, tx: Transaction, what: str, caller: Caller) -> list[Sentence]:
    try:
        ticket = casework.visible(tx, desk.world, what, caller.name)
    except NotFound as error:
        raise Nothing(what) from error
    step = desk.world.procedure.steps[ticket.step.key]
    said = [
        _say(
            "step",
            f"{ticket.id} di langkah {step.number} ({step.label}) sejak {wib(ticket.step.entered_at)}, pelaksana {step.actor}.",
            f"{ticket.id} is in step {step.number} ({step.gloss}) since {wib(ticket.step.entered_at)}, for {step.actor}.",
        )
    ]
    if step.days is not None:
        calendar = desk.world.calendar
        entered = ticket.step.entered_at
        said.append(_say("deadline", calendar.explain(entered, step.days, "id"), calendar.explain(entered, step.days, "en")))
    if ticket.incident is not None:
        said += _incident(desk, tx.incidents.get(ticket.incident))
    return said


def _say(key: str, indonesian: str, english: str) -> Sentence:
    return {"key": key, "id": indonesian, "en": english}
