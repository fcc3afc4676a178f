"""Crash at every commit point (RELIABILITY 5): whatever instant the process dies at, the end is the one without a crash.

A story is played once to count its points, then once for each point. Afterwards: the same tickets in the same steps, the same
incidents, no message twice, and the invariants I1-I8. `NETWATCH_CAMPAIGN=1` tries every point; otherwise a spread of them.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from netwatch.simulate.run import Result
from tests.stories.crashes import Crashes
from tests.stories.stage import Played, Stage

CAMPAIGN = bool(os.environ.get("NETWATCH_CAMPAIGN"))
POINTS_EACH = 24  # of each story in the normal tests

STORIES = {
    "a site is cut": """
        seed: 1
        duration: 130
        events: [{at: 20, fail: {link: dc-dist-1/kel-001-rtr}}]
        tickets: {open_after: 60}
    """,
    "a site is cut, heals and is cut again": """
        seed: 2
        duration: 260
        events:
          - {at: 20, fail: {link: dc-dist-1/kel-001-rtr, for: 90}}
          - {at: 180, fail: {link: dc-dist-1/kel-001-rtr}}
        tickets: {open_after: 60}
    """,
    "the core returns and one site stays dark": """
        seed: 3
        duration: 560
        events:
          - {at: 20, fail: {link: dc-core/dc-dist-1, for: 180}}
          - {at: 60, fail: {link: dc-dist-1/kel-002-rtr}}
        tickets: {open_after: 60}
    """,
    "people work on the ticket": """
        seed: 4
        duration: 420
        events: [{at: 20, fail: {link: dc-dist-1/kel-001-rtr, for: 120}}]
        people: {auto: repair, delay: 20}
        tickets: {open_after: 60, stable_before_close: 30}
    """,
    "the monitor is cut off during an outage": """
        seed: 5
        duration: 300
        events:
          - {at: 20, fail: {link: dc-dist-1/kel-001-rtr}}
          - {at: 120, fail: {monitor: carrier, for: 60}}
        tickets: {open_after: 60}
    """,
}


def play(stage: Stage, story: str, crashes: Crashes) -> Played:
    """Play a story in which the process dies where `crashes` says, and starts again from the database five seconds later."""
    simulation = stage.prepare(story, offices=4)
    machine: Any = simulation.machine
    boot = machine.boot

    def start() -> None:
        crashes.restart()
        boot()

    machine.boot = start
    try:
        with crashes.installed():
            for _ in simulation.steps():
                pass
        result = simulation.result()
    finally:
        machine.close()
    return Played(result, Path(stage.folder) / f"play-{stage.plays}" / "machine")


def ending(result: Result) -> dict[str, Any]:
    """Say how a story ended, apart from the times."""
    return {
        "tickets": [
            (
                ticket["id"],
                ticket["site"],
                ticket["state"],
                ticket["step"]["key"],
                sorted(entry["device"] for entry in ticket["affected"]),
            )
            for ticket in result.tickets
        ],
        "incidents": sorted(
            (incident["locus"], incident["state"], incident["cause"]["side"], incident["ticket"] or "")
            for incident in result.incidents
            if incident["cause"]["side"] != "monitor"
        ),
    }


@pytest.mark.timeout(3600 if CAMPAIGN else 600)
@pytest.mark.parametrize("name", STORIES)
def test_a_crash_at_any_commit_point_ends_like_no_crash(stage: Stage, name: str) -> None:
    """Exactly once, at every instant between two instructions to the database."""
    counting = Crashes()
    calm = play(stage, STORIES[name], counting)
    calm.agree()
    wanted = ending(calm.result)
    assert wanted["tickets"]
    points = counting.worth_dying_at()
    assert len(points) > 50
    chosen = points if CAMPAIGN else points[:: max(1, len(points) // POINTS_EACH)]
    wrong: list[str] = []
    for point in chosen:
        crashes = Crashes(frozenset({point}))
        played = play(stage, STORIES[name], crashes)
        where = f"died at {counting.points[point]}"
        assert crashes.died == 1
        if ending(played.result) != wanted:
            wrong.append(f"{where}: ended {ending(played.result)}, without a crash {wanted}")
        twice = [key for key, times in Counter(played.messages()).items() if times > 1]
        if twice:
            wrong.append(f"{where}: messages twice: {twice}")
        try:
            played.agree()
        except AssertionError as error:
            wrong.append(f"{where}: {error}")
        stage.forget(played)
    assert not wrong, f"{len(wrong)} of {len(chosen)}:\n" + "\n".join(wrong[:5])
