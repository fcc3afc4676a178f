"""People's side of a ticket: load, ask the procedure, save; one transaction, once per request id."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from netwatch.casework.network import context
from netwatch.casework.papers import Paper
from netwatch.casework.refusals import NoSuchTicket, Overtaken, changed_meanwhile, overtaken
from netwatch.casework.saving import save
from netwatch.casework.shown import ticket_json
from netwatch.casework.world import World
from netwatch.errors import Fault, InvalidFile, NotFound, Refused
from netwatch.sop import ticket as procedure
from netwatch.sop.act import Act, Context, Performed
from netwatch.sop.entry import time_text
from netwatch.sop.people import OPD_HEAD
from netwatch.sop.record import Document, Ticket
from netwatch.store import Store, Transaction, attachments

PATIENCE_S = 10.0
REQUEST_ID_LIMIT = 200
Change = Callable[[Ticket, Act, Context], Performed]


@dataclass(frozen=True, slots=True)
class Kept:
    """A paper whose file is on disk, and the row and document that will name it."""

    file: attachments.StoredFile
    media_type: str
    document: Document


def perform(
    store: Store,
    world: World,
    ticket: str,
    act: Act,
    *,
    papers: Sequence[Paper] = (),
    uid: int | None = None,
    recorder: bool = True,
    version: int | None = None,
) -> dict[str, Any]:
    """Perform one action (also `hold`, `resume`, `emergency_action`) and return TICKET of INTERFACES as it is afterwards.

    `act.recorded_by` is who the socket says is typing, `uid` his account's number; only a `recorder` may type for others.
    `version`, when given, is that of the ticket the caller looked at. Raises Refused (noted in the journal; the ticket is
    untouched), Conflict, NotFound, InvalidFile, StoreError.
    """

    def change(found: Ticket, given: Act, world_now: Context) -> Performed:
        try:
            return procedure.perform(world.procedure, found, given, world_now)
        except Refused as refused:
            raise _overtaken(world, found, given) or refused from refused

    return _once(store, world, ticket, act, change, papers=papers, uid=uid, recorder=recorder, version=version)


def attach(
    store: Store, world: World, ticket: str, act: Act, *, papers: Sequence[Paper], uid: int | None = None, recorder: bool = True
) -> dict[str, Any]:
    """Attach papers without leaving the step (`act.action` is `attach`). Raises as `perform` does."""

    def change(found: Ticket, given: Act, world_now: Context) -> Performed:
        return procedure.attach(world.procedure, found, given, world_now)

    return _once(store, world, ticket, act, change, papers=papers, uid=uid, recorder=recorder, version=None)


def actions(store: Store, world: World, ticket: str, *, caller: str | None = None, recorder: bool = True) -> dict[str, Any]:
    """Return `netwatch.ticket-actions/1`: what may be done now, by whom, with what, and what stands in the way."""
    with store.read() as tx:
        found = visible(tx, world, ticket, caller)
        seen = context(tx, world, found, tx.now, caller=caller, recorder=recorder)
        return procedure.actions_json(world.procedure, found, seen, world.settings.language)


def visible(tx: Transaction, world: World, ticket: str, caller: str | None) -> Ticket:
    """Return a ticket that this caller may see: for the head of an office the tickets of other offices do not exist."""
    try:
        found = tx.tickets.get(ticket)
    except NotFound as error:
        raise NoSuchTicket(ticket) from error
    if caller is not None and not may_see(world, found, caller, tx):
        raise NoSuchTicket(ticket)
    return found


def may_see(world: World, ticket: Ticket, caller: str, tx: Transaction) -> bool:
    """Say whether a caller may look at a ticket: everybody of the agency, a recorder, and the heads of its offices."""
    if caller not in world.people.persons:
        return True  # a recorder's account
    roles = set(world.people.roles_of(caller, tx.now))
    if roles != {OPD_HEAD}:
        return bool(roles)
    offices = world.people.offices_of(caller, tx.now)
    return offices is None or not offices.isdisjoint({ticket.opd, *ticket.affected_opds})


def _once(
    store: Store,
    world: World,
    number: str,
    act: Act,
    change: Change,
    *,
    papers: Sequence[Paper],
    uid: int | None,
    recorder: bool,
    version: int | None,
) -> dict[str, Any]:
    kept = keep(store, papers, act)
    given = replace(act, documents=tuple(each.document for each in kept))
    asked = _asked(number, given)

    def work(tx: Transaction) -> dict[str, Any]:
        if given.request_id is not None:
            answered = tx.requests.seen(given.request_id, asked=asked)
            if answered is not None:
                return dict(answered)
        before = visible(tx, world, number, given.recorded_by)
        if version is not None and version != before.version:
            raise changed_meanwhile(number, version=before.version, seen=version)
        for each in kept:
            tx.attachments.add(each.file, each.media_type)
        performed = change(before, given, context(tx, world, before, tx.now, caller=given.recorded_by, recorder=recorder))
        after = save(tx, world, before, performed, uid=uid)
        _absorb(tx, world, before, after)
        answer = ticket_json(tx, world, after, tx.now)
        if given.request_id is not None:
            tx.requests.remember(given.request_id, answer, caller=given.recorded_by, asked=asked)
        return answer

    try:
        return store.run(f"act-{uuid.uuid4()}", work, patience_s=PATIENCE_S)
    except Refused as refused:
        _note_refusal(store, number, given, refused, uid)
        raise


def keep(store: Store, papers: Sequence[Paper], act: Act) -> list[Kept]:
    """Put papers on disk before the transaction that names them. Raises InvalidFile for what is no paper."""
    media = [paper.media_type for paper in papers]
    if act.request_id is not None and len(act.request_id) > REQUEST_ID_LIMIT:
        raise InvalidFile([Fault("request_id", 0, 0, f"longer than {REQUEST_ID_LIMIT} characters")])
    at = act.performed_at or store.clock.now()
    kept = []
    for paper, media_type in zip(papers, media, strict=True):
        file = attachments.keep(store.state_directory, paper.octets)
        document = Document(
            key=paper.key,
            revision=0,  # numbered by the procedure
            state="recorded",
            sha256=file.sha256,
            size=file.size,
            media_type=media_type,
            name=paper.safe_name,
            attached_at=at,
            attached_by=act.recorded_by,
        )
        kept.append(Kept(file, media_type, document))
    return kept


def _asked(number: str, act: Act) -> dict[str, Any]:
    """Return what a request id stands for: the same id with another content is a mistake, not a repetition."""
    return {
        "ticket": number,
        "action": act.action,
        "performed_by": act.performed_by,
        "performed_at": None if act.performed_at is None else time_text(act.performed_at),
        "fields": dict(act.fields),
        "documents": [[document.key, document.sha256] for document in act.documents],
    }


def _absorb(tx: Transaction, world: World, before: Ticket, after: Ticket) -> None:
    """Let the ticket that another was merged into take over its offices and devices (G11)."""
    into = after.flags.get("merged_into")
    if into is None or before.flags.get("merged_into") == into:
        return
    parent = tx.tickets.get(str(into))
    offices = dict.fromkeys([*parent.affected_opds, *([after.opd] if after.opd else []), *after.affected_opds])
    changes = {"affected": {**after.affected, **parent.affected}, "affected_opds": list(offices), "flags": {"touched": True}}
    noted = procedure.note(world.procedure, parent, "absorbed", now=tx.now, fields={"merged_ticket": after.id}, changes=changes)
    save(tx, world, parent, noted)


def _overtaken(world: World, ticket: Ticket, act: Act) -> Overtaken | None:
    """Return a conflict when the action fitted the step the ticket has just left: somebody else was first."""
    if ticket.is_open and world.procedure.transition(ticket.step.key, act.action) is not None:
        return None
    left = [visit for visit in ticket.visits if visit.left_at is not None]
    if not left or act.action in world.procedure.asides or world.procedure.transition(left[-1].key, act.action) is None:
        return None
    assert left[-1].left_at is not None
    return overtaken(ticket.id, left[-1], world.calendar.show(left[-1].left_at))


def _note_refusal(store: Store, number: str, act: Act, refused: Refused, uid: int | None) -> None:
    """Put a refusal into the journal (P11): who was refused what, and why. The ticket itself does not change."""
    body: Mapping[str, Any] = {
        "kind": "refusal",
        "ticket": number,
        "action": act.action,
        "performed_by": act.performed_by,
        "recorded_by": act.recorded_by,
        "os_uid": uid,
        "channel": act.channel,
        "fields": {"reasons": [reason.key for reason in refused.reasons]},
    }
    store.run(f"refusal-{uuid.uuid4()}", lambda tx: tx.journal.append(body), patience_s=PATIENCE_S)
