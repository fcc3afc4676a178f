"""The api as one application: the gate, the routes, the answers."""

from __future__ import annotations

from fastapi import FastAPI

from netwatch.release import release
from netwatch.web import answers, health
from netwatch.web.api import devices, documents, incidents, journal, maintenance, people, reload, sop, status, tickets, why
from netwatch.web.desk import Desk
from netwatch.web.gate import Gate

PREFIX = "/api/v1"
RESOURCES = (status, devices, incidents, tickets, documents, journal, maintenance, people, sop, why, reload)


def create_app(desk: Desk) -> FastAPI:
    """Build the application around a desk. No page of its own loads anything from elsewhere: the interactive docs are off."""
    app = FastAPI(
        title="netwatch",
        version=release(),
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redirect_slashes=False,
        redoc_url=None,
    )
    app.state.desk = desk
    for resource in RESOURCES:
        app.include_router(resource.router, prefix=PREFIX)
    app.include_router(health.router)
    app.include_router(reload.at_root)
    answers.install(app)
    app.add_middleware(Gate, people=lambda: desk.world.people, refused=desk.count_refusal)
    return app
