"""A configuration directory and the real daemon in the monitor's namespace: what the lab tests and the demo share."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx

from netwatch.cli import app
from tests.lab.agents import Secrets
from tests.lab.city import City

REPOSITORY = Path(__file__).parents[2]
INVENTORY = REPOSITORY / "inventory.yaml"
NETWATCH = (str(Path(sys.executable).with_name("netwatch")),)
Seen = TypeVar("Seen")


class HouseError(Exception):
    """The daemon or a command did not do what the lab needs; the text has the end of its log."""


class Ended(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


class House:
    """One installation of netwatch: its files, its daemon, its commands."""

    def __init__(self, city: City, directory: Path, *, changes: Mapping[str, Mapping[str, object]] | None = None) -> None:
        self.city = city
        self.directory = directory
        self.config = directory / "netwatch.yaml"
        self.log = directory / "netwatch.log"
        self._daemon: subprocess.Popen[bytes] | None = None
        socket = str(directory / "state" / "netwatch.sock")
        self._http = httpx.Client(transport=httpx.HTTPTransport(uds=socket), base_url="http://netwatch", timeout=5)
        directory.mkdir(parents=True, exist_ok=True)
        self._write(changes or {})

    def _write(self, changes: Mapping[str, Mapping[str, object]]) -> None:
        secrets = Secrets()
        credentials = self.directory / "credentials.yaml"
        credentials.touch(mode=0o600)
        credentials.write_text(
            "version: 1\ncredentials:\n"
            f"  snmp-ro: {{community: {secrets.community}}}\n"
            f"  ssh-ro: {{username: {secrets.username}, password: {secrets.password}}}\n",
            encoding="utf-8",
        )
        settings: dict[str, object] = {
            "inventory": str(INVENTORY),
            "people": str(REPOSITORY / "config" / "people.yaml"),
            "credentials": "credentials.yaml",
            "database": "sqlite:///state/netwatch.db",
            "state_directory": "state",
            "monitor": {"listen": "127.0.0.1:9877", "socket": "state/monitor.sock"},
            "api": {"listen": "127.0.0.1:9878", "socket": "state/netwatch.sock"},
            **changes,
        }
        self.config.write_text(json.dumps(settings, indent=1), encoding="utf-8")  # JSON is YAML

    def start(self, *, deadline_s: float = 90.0) -> None:
        """Prepare the database, start the daemon beside the vantage, and wait until it is ready."""
        (self.directory / "state").mkdir(exist_ok=True)
        self.run("db", "upgrade")
        self._daemon = self.city.start(*NETWATCH, "run", "--config", str(self.config), log=self.log, cwd=REPOSITORY)
        self.wait(lambda: self.status().get("ready"), "the daemon is ready", deadline_s=deadline_s)

    def stop(self, *, how: signal.Signals = signal.SIGTERM, deadline_s: float = 15.0) -> int | None:
        """End the daemon and return its exit status; what does not end in time is killed."""
        daemon, self._daemon = self._daemon, None
        if daemon is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            daemon.send_signal(how)
        try:
            return daemon.wait(deadline_s)
        except subprocess.TimeoutExpired:
            daemon.kill()
            return daemon.wait(5)

    def call(self, words: Sequence[str]) -> Ended:
        """Run one netwatch command, outside the city as a technician would, and return how it ended.

        In this process: the same code and the same socket, without starting Python fifty times.
        """
        before = dict(os.environ)
        os.environ.update({"NETWATCH_CONFIG": str(self.config), "NO_COLOR": "1"})
        try:
            with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
                code = app.run(list(words))
        finally:
            os.environ.clear()
            os.environ.update(before)
        return Ended(code, out.getvalue(), err.getvalue())

    def process(self, *words: str) -> Ended:
        """Run one netwatch command as a process of its own."""
        environment = {**os.environ, "NETWATCH_CONFIG": str(self.config), "NO_COLOR": "1"}
        done = subprocess.run([*NETWATCH, *words], capture_output=True, text=True, timeout=60, check=False, env=environment)
        return Ended(done.returncode, done.stdout, done.stderr)

    def run(self, *words: str, exit_status: int = 0) -> str:
        """Run one netwatch command and return its standard output. Raises HouseError when it ends otherwise than expected."""
        done = self.call(words)
        if done.code != exit_status:
            text = f"netwatch {' '.join(words)}: exit {done.code}, expected {exit_status}\n{done.out}{done.err}"
            raise HouseError(f"{text}\n{self.tail()}")
        return done.out

    def json(self, *words: str) -> Any:
        """Run a command with --json and return the document."""
        return json.loads(self.run(*words, "--json"))

    def status(self) -> dict[str, Any]:
        """Return what `netwatch status --json` prints (asked directly: twenty looks a minute would be twenty Python starts).

        Nothing while the daemon is not there yet.
        """
        if self._daemon is not None and self._daemon.poll() is not None:
            raise HouseError(f"the daemon ended with status {self._daemon.returncode}\n{self.tail()}")
        try:
            return dict(self._http.get("/api/v1/status").json())
        except (httpx.TransportError, ValueError):
            return {}

    def states(self) -> dict[str, str]:
        """Return the state of every device."""
        return {entry["device"]: entry["state"] for entry in self.status().get("devices", ())}

    def tickets(self, which: str = "--open") -> list[dict[str, Any]]:
        """Return the tickets, in full."""
        return list(self.json("ticket", "list", which)["tickets"])

    def wait(self, look: Callable[[], Seen], what: str, *, deadline_s: float, every_s: float = 0.5) -> Seen:
        """Look until it is true; return what was seen. Raises HouseError with what was waited for at the deadline."""
        end = time.monotonic() + deadline_s
        while True:
            seen = look()
            if seen:
                return seen
            if time.monotonic() > end:
                raise HouseError(f"not within {deadline_s:.0f} s: {what}\n{self.tail()}")
            time.sleep(every_s)

    def tail(self, lines: int = 6, width: int = 300) -> str:
        """Return the last lines of the daemon's log that are no routine."""
        if not self.log.exists():
            return "(no log)"
        said = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(line[:width] for line in [line for line in said if '"level": "info"' not in line][-lines:])
