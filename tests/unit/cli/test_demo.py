"""`netwatch demo` tells a story and then asks itself whether it was true."""

from __future__ import annotations

from netwatch.cli import demo

CUT = {"at": 120.0, "event": "fault_began", "element": "dc-dist-1/tiban-rtr", "kind": "link"}
DOWN = {"at": 144.0, "event": "device_down", "device": "tiban-rtr", "reason": "certain_loss"}
TICKET = {"site": "kel-tiban", "state": "done", "incident": {"cause": {"side": "site"}}}


def test_a_true_story_is_true() -> None:
    assert demo._all_true([CUT, DOWN], [TICKET])


def test_a_second_ticket_makes_it_false() -> None:
    assert not demo._all_true([CUT, DOWN], [TICKET, TICKET])


def test_a_wrong_side_or_a_late_down_makes_it_false() -> None:
    assert not demo._all_true([CUT, DOWN], [{**TICKET, "incident": {"cause": {"side": "provider"}}}])
    assert not demo._all_true([CUT, {**DOWN, "at": 160.0}], [TICKET])


def test_a_story_without_an_outage_is_false() -> None:
    assert not demo._all_true([], [])


def test_the_story_tells_a_device_once_and_leaves_out_what_nobody_asks_for() -> None:
    told = demo.story([CUT, DOWN, {**DOWN, "at": 200.0}, {"at": 150.0, "event": "incident_opened"}])
    assert len(told) == 2
