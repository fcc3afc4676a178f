"""Worker processes: used again for a number of jobs, ended when they are late. Called from the threads of the reader."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

from netwatch.probe.ssh.wire import Job

JOBS_A_WORKER = 20
LONGEST_LINE = 4 * 1024 * 1024  # octets; an output is cut at 256 KiB before
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "VIRTUAL_ENV")
ENDED = "the worker ended"
LATE = "late"


class Monotonic(Protocol):
    """A clock that only goes on."""

    def monotonic(self) -> float:
        """Return seconds."""


class Worker:
    """One process. Its job reaches it through a pipe; its arguments and its environment say nothing."""

    def __init__(self, clock: Monotonic) -> None:
        self._clock = clock
        self.jobs = 0
        self.job: Job | None = None
        self.ended = False
        self._rest = b""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "netwatch.probe.ssh.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def run(self, job: Job, until: float, heard: Callable[[dict[str, Any]], None]) -> str | None:
        """Do one job; every word of the worker goes to `heard`. Return None, or why there was no end: `LATE` or `ENDED`."""
        self.jobs += 1
        self.job = job
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(job.to_line().encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            self.end()
            return ENDED
        while True:
            line = self._line(until)
            if isinstance(line, str):
                self.end()
                return line
            word = json.loads(line)
            heard(word)
            if "done" in word or "error" in word:
                return None

    def kill(self) -> None:
        """End the process. May be called at any time from any thread; who runs a job in it hears `ENDED`."""
        self.ended = True
        with contextlib.suppress(OSError):
            self._process.kill()

    def end(self) -> None:
        """End the process and give back what it held. Only for whoever has the worker."""
        self.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    def _line(self, until: float) -> bytes | str:
        """Return the next line, or why none came."""
        stream = self._process.stdout
        assert stream is not None
        with selectors.DefaultSelector() as waiting:
            waiting.register(stream, selectors.EVENT_READ)
            while b"\n" not in self._rest:
                left = until - self._clock.monotonic()
                if left <= 0:
                    return LATE
                if waiting.select(left):
                    octets = os.read(stream.fileno(), 65536)
                    if not octets or len(self._rest) > LONGEST_LINE:
                        return ENDED
                    self._rest += octets
        line, _, self._rest = self._rest.partition(b"\n")
        return line


class Pool:
    """Workers that wait for their next job."""

    def __init__(self, clock: Monotonic, *, jobs_a_worker: int = JOBS_A_WORKER) -> None:
        self._clock = clock
        self._jobs_a_worker = jobs_a_worker
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._closed = False

    def run(self, job: Job, until: float, heard: Callable[[dict[str, Any]], None]) -> str | None:
        """Do one job in a worker, made if none waits; see `Worker.run`."""
        worker = self._take()
        if worker is None:
            return ENDED
        try:
            return worker.run(job, until, heard)
        finally:
            self._give_back(worker)

    def cut(self, job: Job) -> None:
        """End the worker that does a job nobody waits for any more."""
        with self._lock:
            doing = [worker for worker in self._busy if worker.job is job]
        for worker in doing:
            worker.kill()

    def pids(self) -> list[int]:
        """Return the processes that live now."""
        with self._lock:
            return [worker.pid for worker in (*self._idle, *self._busy) if not worker.ended]

    def rest(self) -> None:
        """End the workers that wait: nobody has asked for a while."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    def close(self) -> None:
        """End every worker and make none again."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = tuple(self._busy)
        for worker in busy:
            worker.kill()
        for worker in idle:
            worker.end()

    def _take(self) -> Worker | None:
        with self._lock:
            if self._closed:
                return None
            worker = self._idle.pop() if self._idle else Worker(self._clock)
            self._busy.add(worker)
            return worker

    def _give_back(self, worker: Worker) -> None:
        with self._lock:
            self._busy.discard(worker)
            keep = not (worker.ended or self._closed or worker.jobs >= self._jobs_a_worker)
            if keep:
                self._idle.append(worker)
        if not keep:
            worker.end()
