"""Verdicts: when, on what, and what becomes of one that the world has overtaken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from netwatch.detect.state import State
from netwatch.diagnose.cause import Side
from netwatch.incident import IncidentState
from netwatch.inventory.model import Device, Role, Uplink, Window, WindowMode
from netwatch.monitor import judge as rules
from netwatch.monitor.question import Answer, Question
from netwatch.monitor.records import Moment
from netwatch.monitor.thinking import Aside
from tests.unit.monitor.desk import OFFICES, Desk, city

HIT = {"kel1-rtr", "kel1-sw"}


class Slow:
    """Thinks until it is told to answer."""

    def __init__(self) -> None:
        self.question: Question | None = None
        self.asked = 0
        self.ready = False

    def begin(self, question: Question) -> None:
        self.question = question
        self.asked += 1

    def answer(self) -> Answer | None:
        if not self.ready or self.question is None:
            return None
        question, self.question = self.question, None
        return question.answer()


def settled(**changes: object) -> Desk:
    desk = Desk(city(*OFFICES, **changes))
    desk.run(30)
    return desk


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> tuple[Desk, Slow]:
    """A city that thinks about everything aside, and slowly."""
    monkeypatch.setattr(rules, "ASIDE_FROM", 1)
    desk, thinking = settled(), Slow()
    desk.judge._aside = thinking
    return desk, thinking


def fall(desk: Desk, thinking: Slow) -> None:
    """Let an office fall silent; the question about it, now certain, is being thought about."""
    desk.air.silent = set(HIT)
    thinking.ready = True
    desk.run(18)
    thinking.ready = False
    desk.run(22)
    assert thinking.question is not None
    assert desk.states("kel1-rtr")[-1] == "up"


def told(desk: Desk) -> list[tuple[list[tuple[str, str]], list[tuple[str, frozenset[str]]]]]:
    """What was written, but for its times."""
    moments: list[Moment] = desk.written(Moment)
    return [
        ([(each.device, each.after.value) for each in one.states], [(each.verb, each.incident.locus) for each in one.changes])
        for one in moments
    ]


def test_a_verdict_made_in_a_thread_says_what_one_made_at_once_says(monkeypatch: pytest.MonkeyPatch):
    stories = []
    for aside in (None, Aside()):
        desk = settled()
        if aside is not None:
            monkeypatch.setattr(rules, "ASIDE_FROM", 1)
            desk.judge._aside = aside
            begin = aside.begin

            def waiting(question: Question, begin=begin, aside=aside) -> None:
                begin(question)
                aside._answer.exception()  # the desk's clock stands still while the thread thinks

            monkeypatch.setattr(aside, "begin", waiting)
        desk.air.silent = {"dist"} | {name for name in desk.fleet.watches if name.startswith("kel")}
        desk.run(300)
        desk.air.silent = set(HIT)
        desk.run(300)
        desk.air.silent = set()
        desk.run(120)
        stories.append(told(desk))
    assert stories[0] == stories[1]
    assert any(changes for _, changes in stories[0])


def test_what_fails_in_the_thread_is_said_and_the_next_verdict_is_made(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rules, "ASIDE_FROM", 1)
    desk = settled()
    desk.judge._aside = aside = Aside()
    desk.air.silent = set(HIT)
    begin = aside.begin

    def failing(question: Question) -> None:
        begin(replace(question, trails=None, known=None))  # type: ignore[arg-type]
        aside._answer.exception()

    monkeypatch.setattr(aside, "begin", failing)
    with pytest.raises(AttributeError):
        desk.run(60)
    monkeypatch.setattr(aside, "begin", lambda question: (begin(question), aside._answer.exception()))
    desk.run(60)
    assert desk.states("kel1-rtr")[-1] == "down"


def test_probing_goes_on_while_a_verdict_is_thought_about(slow):
    desk, thinking = slow
    fall(desk, thinking)
    before = len(desk.air.sent)
    desk.run(20)
    assert len(desk.air.sent) - before >= 2 * len(desk.fleet)
    assert desk.states("kel1-rtr")[-1] == "up"
    thinking.ready = True
    desk.run(12)
    assert desk.states("kel1-rtr")[-1] == "down"
    assert desk.states("kel1-sw")[-1] == "unreachable"


def test_a_question_does_not_see_what_happens_after_it_was_posed(slow):
    desk, thinking = slow
    fall(desk, thinking)
    desk.air.silent = set()
    desk.run(60)
    assert desk.fleet.watches["kel1-rtr"].state.state is State.UP
    assert thinking.question is not None
    assert thinking.question.fleet.watches["kel1-rtr"].state.state in (State.SUSPECT, State.DOWN)
    assert "kel1-rtr" in thinking.question.fleet.troubled
    thinking.ready = True
    desk.run(60)
    assert desk.states("kel1-rtr")[-1] == "up"
    assert {one.state for one in desk.cases.known.values()} <= {IncidentState.RECOVERED}


def window(desk: Desk, *devices: str, mode: WindowMode = WindowMode.SILENT) -> Window:
    at = desk.clock.now()
    return Window("w", "ganti UPS", at, at + timedelta(seconds=600), devices=devices, mode=mode)


@pytest.mark.parametrize("what", ["window", "blind", "clock", "isolation"])
def test_a_verdict_that_the_world_overtook_is_dropped_and_made_anew(slow, what):
    desk, thinking = slow
    fall(desk, thinking)
    asked = thinking.asked
    if what == "window":
        desk.judge.windows = (window(desk, *HIT),)
    elif what == "blind":
        desk.pipeline.blind(desk.now, 60.0, "suspended")
    elif what == "clock":
        desk.clock.offset += timedelta(days=1)
        desk.pipeline.clock_stepped(86_400.0)
    else:
        desk.air.unroutable = set(desk.fleet.watches)
        desk.run(15)
        assert desk.judge.frozen
        desk.air.unroutable = set()
    desk.run(1)
    thinking.ready = True
    desk.run(90)
    assert thinking.asked > asked
    opened = [change for one in desk.written(Moment) for change in one.changes if change.verb == "opened"]
    sites = [change for change in opened if change.incident.cause.side is not Side.MONITOR]
    assert len(sites) == (0 if what == "window" else 1)
    if what == "clock":
        assert sites[0].incident.began_at > desk.clock.now() - timedelta(hours=1)


def test_a_ticket_that_was_written_while_a_verdict_was_thought_about_is_not_forgotten(slow):
    desk, thinking = slow
    thinking.ready = True
    desk.air.silent = set(HIT)
    desk.run(60)
    thinking.ready = False
    desk.air.silent |= {"kel2-rtr", "kel2-sw"}
    desk.run(60)
    key = next(one.key for one in desk.cases.open() if "kel1-rtr" in one.locus)
    assert thinking.question is not None
    desk.cases.written(key, "NW-2026-000001")
    desk.air.silent = set()
    desk.run(30)
    thinking.ready = True
    desk.run(120)
    assert desk.cases.known[key].state is IncidentState.RECOVERED
    assert desk.cases.known[key].ticket == "NW-2026-000001"


def test_a_verdict_waits_for_a_fresh_look_at_what_is_above():
    """The router answered before its switch fell silent: nobody is down before the router was asked again."""
    desk = settled()
    desk.air.silent = {"kel1-sw"}
    desk.air.unroutable = {"kel1-rtr"}
    desk.run(31)
    assert desk.states("kel1-sw")[-1] == "up"
    assert desk.fleet.watches["kel1-sw"].state.state is State.DOWN
    desk.air.unroutable = set()
    desk.run(30)
    assert desk.states("kel1-sw")[-1] == "down"


def without_vantage() -> Desk:
    """A city whose core is not asked by ICMP; a server beside it is."""
    inventory = city(*OFFICES)
    core = replace(inventory.devices["core"], monitor=frozenset({"snmp"}))
    server = Device("server", "dc", Role.SERVER, "192.0.2.9", (Uplink("core/server", "server", "core"),))
    desk = Desk(replace(inventory, devices={**inventory.devices, "core": core, "server": server}))
    desk.run(30)
    return desk


def test_a_vantage_that_is_not_probed_changes_nothing_about_who_is_to_blame():
    """The host behind the monitor's own port need not answer pings: it is no ancestor that anybody waits for."""
    desk = without_vantage()
    assert "core" not in desk.fleet.watches
    desk.air.silent = set(HIT)
    desk.run(250)
    assert desk.states("kel1-rtr")[-1] == "down"
    assert desk.states("kel1-sw")[-1] == "unreachable"
    assert len(desk.tickets()) == 1
    desk.air.silent = {"dist"} | {name for name in desk.fleet.watches if name.startswith("kel")}
    desk.run(120)
    assert desk.states("dist")[-1] == "down"
    assert desk.states("kel2-rtr")[-1] == "unreachable"


def test_a_vantage_that_is_not_probed_does_not_keep_the_monitor_from_seeing_that_it_is_cut_off():
    desk = without_vantage()
    desk.air.silent = set(desk.fleet.watches)
    desk.seat.plugged = False
    desk.run(60)
    assert desk.judge.frozen
    assert desk.incident().cause.side is Side.MONITOR
    desk.air.silent = set()
    desk.seat.plugged = True
    desk.run(60)
    assert desk.cases.open() == []
    assert desk.tickets() == []
