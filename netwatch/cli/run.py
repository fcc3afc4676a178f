"""`netwatch run`: the daemon. Monitor and api on a small host, or one process under systemd."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import typer

from netwatch import logs
from netwatch.cli import places

PR_SET_PDEATHSIG = 1
STOP_WITHIN_S = 30.0


class Part(StrEnum):
    """The processes; traps are heard only where that is asked for."""

    MONITOR = "monitor"
    API = "api"
    TRAPS = "traps"


PAIR = (Part.MONITOR, Part.API)


def register(root: typer.Typer) -> None:
    """Add the command."""

    @root.command()
    def run(
        config: Path | None = places.CONFIG,
        only: Part | None = typer.Option(None, "--only", help="monitor | api | traps"),
    ) -> None:
        """Jalankan pemantauan dan api sampai dihentikan. / Run monitor and api until stopped."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a reload that comes while we start is done with: we read the files now
        logs.configure()
        settings = places.settings(config)
        if only is Part.MONITOR:
            from netwatch.monitor.service import run_monitor

            run_monitor(settings)
        elif only is Part.API:
            from netwatch.web.server import run_api

            run_api(settings.file)
        elif only is Part.TRAPS:
            from netwatch.trapd.service import run_traps

            run_traps(settings)
        else:
            raise typer.Exit(Pair(settings.file).run())


class Pair:
    """Monitor and api as two child processes; ends both when one ends or a signal says so."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._children: dict[Part, subprocess.Popen[bytes]] = {}
        self._asked = False

    def run(self) -> int:
        """Start both, wait, and return the exit code: 0 when told to stop, else that of the one that failed."""
        return asyncio.run(self._run())

    async def _run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._tell, signal.SIGHUP)
        for part in PAIR:
            self._children[part] = subprocess.Popen(  # noqa: S603, ASYNC220  # our own program; start-up may block
                [sys.executable, "-m", "netwatch", "run", "--config", str(self._file), "--only", part.value],
                preexec_fn=_as_a_child,  # noqa: PLW1509  # nothing runs in this process yet but the loop
            )
        waits = [asyncio.create_task(asyncio.to_thread(child.wait)) for child in self._children.values()]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        self._tell(signal.SIGTERM)
        _, slow = await asyncio.wait(waits, timeout=STOP_WITHIN_S)
        if slow:
            self._tell(signal.SIGKILL)
            await asyncio.wait(waits)
        return self._code([child.returncode for child in self._children.values()])

    def _code(self, codes: list[int]) -> int:
        """Return 0 when both ended as asked, else the code with which one ended by itself; 1 for one that was killed."""
        failed = [code for code in codes if code not in (0, -signal.SIGTERM)]  # -SIGTERM: told to stop while it still started
        if self._asked and not failed:
            return 0
        return next((code for code in failed if code > 0), 1)

    def _stop(self) -> None:
        self._asked = True
        self._tell(signal.SIGTERM)

    def _tell(self, number: signal.Signals) -> None:
        for child in self._children.values():
            if child.poll() is None:
                child.send_signal(number)


def _as_a_child() -> None:
    """Prepare a child before it becomes netwatch: no monitor without its keeper, no end by a reload that comes too early.

    The kernel ends it when the parent is killed (prctl(2)). An ignored SIGHUP stays ignored in the new program until that has a
    handler, while the parent's own handler would become the default, which is to die.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if os.getppid() == 1:
        os._exit(1)
