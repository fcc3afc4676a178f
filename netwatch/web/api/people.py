"""`GET /people`: who holds which role now."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from netwatch.web.needs import CallerOf, DeskOf

router = APIRouter(tags=["people"])


@router.get("/people", summary="People and the roles they hold now")
def list_people(desk: DeskOf) -> dict[str, Any]:
    """Return `netwatch.people/1`."""
    people, now = desk.world.people, desk.clock.now()
    return {
        "schema": "netwatch.people/1",
        "people": [
            {
                "id": person.id,
                "name": person.name,
                "position": person.position,
                "roles": list(people.roles_of(person.id, now)),
                "accounts": list(person.accounts),
            }
            for person in people.persons.values()
        ],
        "vacant": list(people.vacant(desk.world.procedure.roles, now)),
    }


@router.get("/people/me", summary="Who the socket says is calling")
def me(caller: CallerOf) -> dict[str, Any]:
    """Return the caller."""
    return {"schema": "netwatch.caller/1", "account": caller.account, "person": caller.person, "recorder": caller.recorder}
