"""The wall clock jumps under the running daemon (libfaketime): rounds go on, nobody falls, what is stored stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.process.station import KEC_RTR, KEC_SW, Station
from tests.process.wire import Wire

LIBRARY = "faketime/libfaketimeMT.so.1"

pytestmark = pytest.mark.slow


@pytest.fixture
def fake_time(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Return the file that moves the wall clock, and the environment that makes a process look at it. CLOCK_MONOTONIC is real."""
    found = [path for place in ("/usr/lib", "/usr/lib64", "/usr/local/lib") for path in sorted(Path(place).glob(f"*/{LIBRARY}"))]
    found += [path for path in (Path("/usr/lib") / LIBRARY, Path("/usr/lib64") / LIBRARY) if path.exists()]
    if not found:
        pytest.skip("libfaketime is missing (Debian package libfaketime)")
    file = tmp_path / "clock"
    file.write_text("+0\n")
    return file, {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_TIMESTAMP_FILE": str(file),
    }


def test_jumps_of_the_wall_clock_in_an_outage(quiet: Station, wire: Wire, fake_time: tuple[Path, dict[str, str]]) -> None:
    """Back a day, then from there forward a month: at each the outage, its ticket and its deadline stay what they were."""
    clock, environment = fake_time
    process = quiet.up(more=environment)
    wire.silence(KEC_RTR, KEC_SW)
    (ticket,) = quiet.wait(quiet.tickets, "the ticket")
    quiet.wait(lambda: "unreachable" in quiet.states().values(), "the switch behind it is unreachable")
    quiet.wait(lambda: quiet.rows("SELECT 1 FROM transitions WHERE to_state = 'unreachable'"), "and that is written")
    believed = quiet.states()
    fallen = quiet.rows("SELECT device, to_state FROM transitions ORDER BY id")
    deadline = quiet.rows("SELECT due_at, step, opened_at FROM tickets")
    assert deadline[0][0] is not None

    for number, (jump, direction) in enumerate((("-1d", "back"), ("+30d", "forward")), start=1):
        clock.write_text(f"{jump}\n")
        stepped = f'netwatch_clock_steps_total{{direction="{direction}"}}'
        quiet.wait(lambda: quiet.metrics()[stepped] == 1, "the jump is noticed", within_s=15)  # noqa: B023 - called at once
        noted = "SELECT count(*) FROM journal WHERE action = 'clock_stepped'"
        quiet.wait(lambda: quiet.rows(noted)[0][0] == number, "and journalled", within_s=30)  # noqa: B023
        before = quiet.probes()
        quiet.wait(lambda: quiet.probes() >= before + 16, "rounds go on as before", within_s=30)  # noqa: B023
        assert quiet.states() == believed
        assert quiet.rows("SELECT device, to_state FROM transitions ORDER BY id") == fallen
        assert quiet.rows("SELECT due_at, step, opened_at FROM tickets") == deadline
        assert quiet.ready()[0] == 200
        assert not quiet.rows("SELECT 1 FROM blind_periods"), "a jump is no gap: everything was measured"

    wire.heal()
    quiet.wait(lambda: set(quiet.states().values()) == {"up"}, "recovery is seen after the jumps as before")
    assert quiet.stop(process) == 0
    assert quiet.tickets() == [ticket]
    quiet.verify()
