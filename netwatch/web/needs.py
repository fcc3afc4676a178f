"""What the routes ask for: the desk and the caller."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from netwatch.web.auth import Caller
from netwatch.web.desk import Desk


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _caller(request: Request) -> Caller:
    caller: Caller = request.scope["state"]["caller"]  # the gate let nobody in without one
    return caller


DeskOf = Annotated[Desk, Depends(_desk)]
CallerOf = Annotated[Caller, Depends(_caller)]
