"""`/tickets/{id}/documents`: papers of a ticket, listed and handed back."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from netwatch import casework
from netwatch.errors import NotFound
from netwatch.sop.entry import document_body
from netwatch.store import attachments
from netwatch.web.needs import CallerOf, DeskOf

router = APIRouter(tags=["documents"])


@router.get("/tickets/{ticket}/documents", summary="List a ticket's documents")
def list_documents(desk: DeskOf, caller: CallerOf, ticket: str) -> dict[str, Any]:
    """Return every revision of every document."""
    with desk.store.read() as tx:
        found = casework.visible(tx, desk.world, ticket, caller.name)
    kinds = desk.world.procedure.documents
    documents = [
        {**document_body(each), "label": kinds[each.key].label if each.key in kinds else each.key} for each in found.documents
    ]
    return {"schema": "netwatch.ticket-documents/1", "ticket": ticket, "documents": documents}


@router.get(
    "/tickets/{ticket}/documents/{key}/{revision}", summary="Fetch one revision of a document", response_class=FileResponse
)
def fetch(desk: DeskOf, caller: CallerOf, ticket: str, key: str, revision: int) -> Response:
    """Return the file as it was handed in: as an attachment, never shown inline."""
    with desk.store.read() as tx:
        found = casework.visible(tx, desk.world, ticket, caller.name)
    document = next((each for each in found.documents if each.key == key and each.revision == revision), None)
    if document is None or document.sha256 is None:
        raise NotFound(f"{ticket} has no file for {key}, revision {revision}")
    return FileResponse(
        attachments.path_of(desk.store.state_directory, document.sha256),
        media_type=document.media_type or "application/octet-stream",
        headers={"content-disposition": f"attachment; filename*=UTF-8''{quote(document.name or key)}"},
    )
