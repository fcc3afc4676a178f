"""The process that talks to devices: jobs come in on standard input, one line each, and parts go out on standard output.

paramiko leaks in long runs and its threads can hang, so none of it lives in the daemon: a worker is ended at its deadline or
after a number of jobs, and everything it held goes with it. It makes no core file and ends with its parent.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
from typing import TextIO

from netwatch.probe.ssh.commands import PLATFORMS, listed
from netwatch.probe.ssh.errors import SshError
from netwatch.probe.ssh.reading import read_part
from netwatch.probe.ssh.session import Session
from netwatch.probe.ssh.wire import Job

GRACE_S = 5  # after a session's limit the kernel ends a worker whose parent has not


def main() -> None:
    """Do jobs until standard input ends."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold a password
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())  # whatever a library prints must not be taken for an answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    for line in sys.stdin:
        signal.alarm(0)
        try:
            job = Job.from_line(line)
            signal.alarm(int(job.limits.session) + GRACE_S)
            do(job, answers)
            _say(answers, {"done": True})
        except SshError as error:
            _say(answers, {"error": [error.key, error.detail]})
        except BrokenPipeError:
            return
        except Exception as error:  # noqa: BLE001 - a fault in netwatch or a library costs one reading, and says where it was
            at = error.__traceback__
            while at is not None and at.tb_next is not None:
                at = at.tb_next
            place = f" in {os.path.basename(at.tb_frame.f_code.co_filename)}:{at.tb_lineno}" if at is not None else ""  # noqa: PTH119
            _say(answers, {"error": ["failed", f"{type(error).__name__}{place}"]})


def do(job: Job, answers: TextIO) -> None:
    """Make one session; every part goes out as soon as it is there. Raises SshError when the session brings nothing more."""
    asks = [ask for ask in PLATFORMS[job.login.platform or ""] if ask.kind in job.wanted]
    with Session(job.login, job.state_directory, limits=job.limits, commands=listed(job.login.platform or "")) as session:
        _say(answers, {"in": True})
        for ask in asks:
            answers.write(read_part(ask, session.ask).to_line() + "\n")
            answers.flush()


def _say(answers: TextIO, word: object) -> None:
    with contextlib.suppress(ValueError):
        answers.write(json.dumps(word) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
