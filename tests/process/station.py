"""One installation in a directory of its own: its files, its processes, and every way to look at them from outside."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from tests.process.wire import Wire

REPOSITORY = Path(__file__).parents[2]
PATIENCE_S = 60.0  # two busy cores: everything here takes a few seconds on a calm machine
Seen = TypeVar("Seen")

KEC_RTR, KEC_SW, KEL_RTR = "127.77.1.1", "127.77.1.2", "127.77.2.1"
TOWN = f"""version: 1
vantage: core
sites:
  dc:  {{name: Data Center Contoh, kind: data_center}}
  kec: {{name: Kantor Kecamatan Contoh, kind: office, opd: Kecamatan Contoh}}
  kel: {{name: Kantor Kelurahan Contoh, kind: office, opd: Kelurahan Contoh}}
groups:
  ping: {{monitor: [icmp]}}
devices:
  core:    {{site: dc, role: core, address: 127.77.0.1, groups: [ping]}}
  kec-rtr: {{site: kec, role: router, address: {KEC_RTR}, groups: [ping], uplinks: [{{to: core, port: ge1}}]}}
  kec-sw:  {{site: kec, role: switch, address: {KEC_SW}, groups: [ping], uplinks: [{{to: kec-rtr, port: ge1}}]}}
  kel-rtr: {{site: kel, role: router, address: {KEL_RTR}, groups: [ping], uplinks: [{{to: core, port: ge2}}]}}
"""
SETTINGS: dict[str, Any] = {
    "inventory": "inventory.yaml",
    "people": "people.yaml",
    "monitor": {"listen": None},
    "api": {"listen": None},
    "detection": {"interval": 2, "timeout": 1, "confirm_window": 4, "up_after": 2, "false_down_per_device_year": 0.1},
    "tickets": {"open_after": 3, "reopen_within": 600, "stable_before_close": 5},
    "language": "en",
}


class Ended(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


class Station:
    """Configuration, database and processes of one netwatch. Leaving the `with` block ends every process it has started."""

    def __init__(self, directory: Path, *, wire: Wire | None = None, changes: Mapping[str, Any] | None = None) -> None:
        self.directory = directory
        self.config = directory / "netwatch.yaml"
        self.inventory = directory / "inventory.yaml"
        self.state = directory / "state"
        self.database = self.state / "netwatch.db"
        self.log = directory / "netwatch.log"
        self.processes: list[subprocess.Popen[bytes]] = []
        self._wire = wire
        self.config.write_text(json.dumps({**SETTINGS, **(changes or {})}, indent=1), encoding="utf-8")  # JSON is YAML
        self.inventory.write_text(TOWN, encoding="utf-8")
        shutil.copyfile(REPOSITORY / "config" / "people.yaml", directory / "people.yaml")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self.processes:
            children = children_of(process.pid) if process.poll() is None else []
            for pid in (process.pid, *children):
                if process.poll() is None or pid != process.pid:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            process.wait(10)
        if error is not None:
            print(self.tail(40))

    # --- processes -----------------------------------------------------------------------------------------------------------

    def command(self, *words: str, before: Sequence[str] = ()) -> list[str]:
        """Return the words that run one netwatch command here."""
        return [*(self._wire.prefix() if self._wire else ()), *before, sys.executable, "-m", "netwatch", *words]

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return a command's environment."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NETWATCH_", "NOTIFY_"))}
        return {**kept, "NETWATCH_CONFIG": str(self.config), "NETWATCH_LANGUAGE": "en", "NO_COLOR": "1", **(more or {})}

    def start(self, only: str | None = "monitor", *, more: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start the daemon and wait for nothing."""
        words = ("run", *(("--only", only) if only else ()))
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self.command(*words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment(more),
                cwd=self.directory,
            )
        self.processes.append(process)
        return process

    def up(self, only: str | None = "monitor", *, more: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start the daemon and wait until every device has been seen to answer and that was written."""
        process = self.start(only, more=more)
        self.wait(lambda: set(self.states().values()) == {"up"} and self.ready()[0] == 200, "every device is up")
        return process

    def run(self, *words: str, before: Sequence[str] = (), more: Mapping[str, str] | None = None) -> Ended:
        """Run one command to its end."""
        done = subprocess.run(
            self.command(*words, before=before), capture_output=True, text=True, timeout=PATIENCE_S, check=False,
            env=self.environment(more), cwd=self.directory,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    def stop(self, process: subprocess.Popen[bytes], *, how: signal.Signals = signal.SIGTERM, within_s: float = 30.0) -> int:
        """Send a signal and return the exit code."""
        process.send_signal(how)
        return process.wait(within_s)

    # --- looking -------------------------------------------------------------------------------------------------------------

    def ask(self, path: str, *, method: str = "GET", of: str = "monitor") -> tuple[int, str]:
        """Ask a process over its unix socket; status 0 when nobody answers."""
        line = UnixLine(self.state / ("monitor.sock" if of == "monitor" else "netwatch.sock"))
        try:
            line.request(method, path, headers={"Content-Type": "application/json"}, body=b"{}" if method == "POST" else None)
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            line.close()

    def ready(self) -> tuple[int, str]:
        """Return what `/-/ready` of the monitor says."""
        return self.ask("/-/ready")

    def metrics(self) -> dict[str, float]:
        """Return every series of the monitor by its name with labels."""
        _, text = self.ask("/metrics")
        rows = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {row[0]: float(row[1]) for row in rows if len(row) == 2}

    def probes(self) -> float:
        """Return how many echoes have been sent so far."""
        return sum(value for name, value in self.metrics().items() if name.startswith('netwatch_probes_total{kind="icmp"'))

    def live(self) -> dict[str, Any]:
        """Return the live state; nothing while the monitor is not there."""
        status, text = self.ask("/live")
        return dict(json.loads(text)) if status == 200 else {}

    def states(self) -> dict[str, str]:
        """Return the state of every device as the monitor sees it now."""
        return {name: device["state"] for name, device in self.live().get("devices", {}).items()}

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read the database past the daemon."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as database:
            return database.execute(query, values).fetchall()

    def tickets(self) -> list[tuple[str, str, int]]:
        """Return every ticket: id, state, incident."""
        return self.rows("SELECT id, state, incident FROM tickets ORDER BY id")

    def verify(self) -> None:
        """Let `netwatch db verify` look at the record."""
        done = self.run("db", "verify")
        assert done.code == 0, f"{done.out}{done.err}"

    def wait(self, look: Callable[[], Seen], what: str, *, within_s: float = PATIENCE_S, every_s: float = 0.2) -> Seen:
        """Look until it is true and return what was seen. Fails with what was waited for, and the end of the log."""
        end = time.monotonic() + within_s
        while True:
            seen = look()
            if seen:
                return seen
            dead = [f"{p.args!r} ended with {p.returncode}" for p in self.processes[-1:] if p.poll() is not None]
            if time.monotonic() > end or dead:
                raise AssertionError("\n".join([f"not within {within_s:.0f} s: {what}", *dead, self.tail()]))
            time.sleep(every_s)

    def tail(self, lines: int = 12) -> str:
        """Return the end of the log."""
        return "\n".join(self.said().splitlines()[-lines:])

    def said(self) -> str:
        """Return everything the processes have logged."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


class UnixLine(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=40)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket's file."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def children_of(pid: int) -> list[int]:
    """Return the pids of a process' children, whichever of its threads has started them."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def alive(pid: int) -> bool:
    """Say whether a process runs; a dead one that nobody has collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def moment(text: str) -> datetime:
    """Return a stored instant as an aware datetime."""
    return datetime.fromisoformat(re.sub(r"Z$", "+00:00", text))
