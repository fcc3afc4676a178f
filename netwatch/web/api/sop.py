"""`GET /sop`: the procedure in force."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from netwatch.web.needs import DeskOf

router = APIRouter(tags=["sop"])


@router.get("/sop", summary="The procedure in force")
def show(desk: DeskOf) -> dict[str, Any]:
    """Return the steps, who performs them, and what leads from one to the next."""
    procedure = desk.world.procedure
    return {
        "schema": "netwatch.sop/1",
        "number": procedure.sop.number,
        "name": procedure.sop.name,
        "revision": procedure.revision,
        "steps": [
            {
                "number": step.number,
                "key": key,
                "label": step.label,
                "gloss": step.gloss,
                "role": step.actor,
                "participants": list(step.participants),
                "days": step.days,
                "documents": list(step.outputs),
                "actions": [{"action": t.action, "to": t.to, "by": list(t.by)} for t in procedure.leaving(key)],
            }
            for key, step in sorted(procedure.steps.items(), key=lambda item: item[1].number)
        ],
    }
