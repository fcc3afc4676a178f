"""SIGTERM and SIGSTOP in the middle of things: what was begun is whole, what was not measured is nobody's outage."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime

import pytest

from tests.process.station import KEC_RTR, KEC_SW, Station, moment
from tests.process.wire import Wire

PAUSE_S = 9.0  # more than two intervals of 2 s and the confirmation window of 4 s together

pytestmark = pytest.mark.slow


def test_sigterm_in_an_outage_leaves_nothing_half_done_and_a_restart_goes_on(quiet: Station, wire: Wire) -> None:
    first = quiet.up()
    wire.silence(KEC_RTR, KEC_SW)
    quiet.wait(lambda: quiet.states()["kec-rtr"] == "down", "down")
    assert quiet.stop(first) == 0
    assert not (quiet.state / "monitor.sock").exists()
    assert '"everything_written": true' in quiet.said()
    incidents = quiet.rows("SELECT id, key, began_at FROM incidents")
    quiet.verify()

    second = quiet.start()
    (ticket,) = quiet.wait(quiet.tickets, "the ticket of the outage that goes on")
    assert quiet.states()["kec-rtr"] == "down"
    wire.heal()
    quiet.wait(lambda: set(quiet.states().values()) == {"up"}, "everything is up again")
    quiet.wait(lambda: quiet.rows("SELECT 1 FROM incidents WHERE state = 'recovered'"), "recovered")
    assert quiet.stop(second) == 0
    assert quiet.rows("SELECT id, key, began_at FROM incidents") == incidents
    assert quiet.tickets() == [(ticket[0], "open", incidents[0][0])], "the network's recovery closes no ticket"
    quiet.verify()


def test_a_paused_daemon_blames_nobody_and_records_the_gap(quiet: Station, wire: Wire) -> None:
    """SIGSTOP, as a hypervisor does: what was down stays down, nothing else becomes so, the time counts as not measured."""
    process = quiet.up()
    wire.silence(KEC_SW)
    quiet.wait(lambda: quiet.states()["kec-sw"] == "down", "one is down")
    quiet.wait(quiet.tickets, "its ticket")
    stopped_at = datetime.now(UTC)
    process.send_signal(signal.SIGSTOP)
    time.sleep(PAUSE_S)  # the length of the pause is the subject
    woken_at = datetime.now(UTC)
    process.send_signal(signal.SIGCONT)

    quiet.wait(lambda: quiet.rows("SELECT 1 FROM blind_periods WHERE reason = 'paused'"), "the gap is recorded")
    before = quiet.probes()
    quiet.wait(lambda: quiet.probes() > before + 12, "three more rounds")
    ((began, ended),) = quiet.rows("SELECT began_at, ended_at FROM blind_periods WHERE reason = 'paused'")
    assert abs((moment(began) - stopped_at).total_seconds()) < 2
    assert abs((moment(ended) - woken_at).total_seconds()) < 5
    assert quiet.states() == {"core": "up", "kec-rtr": "up", "kec-sw": "down", "kel-rtr": "up"}
    fallen = {row[0] for row in quiet.rows("SELECT device FROM transitions WHERE to_state IN ('down', 'unreachable')")}
    assert fallen == {"kec-sw"}
    assert quiet.metrics()['netwatch_blind_seconds_total{reason="paused"}'] > PAUSE_S - 2
    assert len(quiet.tickets()) == 1
