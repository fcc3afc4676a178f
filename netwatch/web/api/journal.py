"""The journal: one ticket's history, and whether the chain is whole."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from netwatch import casework
from netwatch.store.verify import verify as verify_store
from netwatch.web.needs import CallerOf, DeskOf

router = APIRouter(tags=["journal"])


@router.get("/tickets/{ticket}/journal", summary="A ticket's journal")
def of_ticket(desk: DeskOf, caller: CallerOf, ticket: str, *, verify: bool = False) -> dict[str, Any]:
    """Return the entries of one ticket; with `verify` also everything that is wrong with the chain."""
    with desk.store.read() as tx:
        casework.visible(tx, desk.world, ticket, caller.name)
        entries = [{**each.body, "hash": each.hash} for each in tx.journal.of_ticket(ticket)]
        head = tx.journal.head()
    body: dict[str, Any] = {"schema": "netwatch.ticket-journal/1", "ticket": ticket, "entries": entries, "head": str(head)}
    if verify:
        body["violations"] = [str(each) for each in verify_store(desk.store)]
    return body


@router.get("/journal/verify", summary="Is the journal's chain whole?")
def verify(desk: DeskOf) -> dict[str, Any]:
    """Recompute the chain and the invariants I1 to I8."""
    violations = [str(each) for each in verify_store(desk.store)]
    with desk.store.read() as tx:
        head = str(tx.journal.head())
    return {"schema": "netwatch.journal-verify/1", "ok": not violations, "violations": violations, "head": head}
