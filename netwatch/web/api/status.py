"""`GET /status`: is netwatch well, and what is out there (INTERFACES 4)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from netwatch.web.needs import DeskOf
from netwatch.web.overview import overview

router = APIRouter(tags=["status"])


@router.get("/status", summary="State of netwatch and of the network")
def status(desk: DeskOf) -> dict[str, Any]:
    """Return `netwatch.status/1`. Answers 200 also when not ready: `ready` and `not_ready_because` say so."""
    return overview(desk)
