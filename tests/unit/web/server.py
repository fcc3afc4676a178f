"""The real api on a real unix socket, and clients that are somebody else."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from netwatch.cli.app import run
from netwatch.clock import SystemClock
from netwatch.web.auth import NOBODY
from netwatch.web.server import run_api
from tests.stories.drive import Answer
from tests.unit.casework.office import Office, make_office


class RunningClock(SystemClock):
    """The machine's clock, where a test's clock is expected."""

    def advance(self, **_step: float) -> None:
        raise NotImplementedError


@dataclass
class Served:
    """An office whose api answers on its socket."""

    office: Office
    socket: Path

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket)), base_url="http://netwatch", timeout=20)

    def netwatch(self, arguments: Sequence[str]) -> Answer:
        """Run a command in this process."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([*arguments, "--config", str(self.office.settings_file)])
        return Answer(code, out.getvalue(), err.getvalue())


def nobody_may_not_call() -> None:
    """Skip where the tests run as uid 65534: the api answers nobody, whatever people.yaml says."""
    if os.getuid() == NOBODY:
        pytest.skip("uid 65534 is nobody and may call nothing; run the tests as an account that is somebody")


@contextlib.contextmanager
def serve(folder: Path, *, extra: str = "", people: str | None = None, listen: str = "null") -> Iterator[Served]:
    nobody_may_not_call()
    office = make_office(folder, extra=extra, people=people, listen=listen, clock=RunningClock())  # type: ignore[arg-type]
    stop, ready = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=run_api, args=(office.settings_file,), kwargs={"stop": stop, "ready": ready.set}, daemon=True
    )
    thread.start()
    assert ready.wait(30), "the api did not start"
    try:
        yield Served(office, office.world.settings.api.socket)
    finally:
        stop.set()
        thread.join(20)
        office.store.close()
        assert not thread.is_alive(), "the api did not stop"
