"""From datagrams to wakes: strangers, log-ins, storms; everything is counted once. Time is moved by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from netwatch.observation import TrapKind
from netwatch.probe.snmp.traps.engine import LocalEngine
from netwatch.probe.snmp.traps.receiver import Receiver, Sender
from netwatch.settings import Secret
from netwatch.trapd.counts import Counts
from netwatch.trapd.door import BATCH, STRANGERS_TOLD, Door
from netwatch.trapd.ear import Heard
from tests.unit.monitor.desk import HandClock
from tests.unit.probe.trap_messages import COMMUNITY, V2_INFORM, V2_TRAP, notification

SWITCH, OTHER, STRANGER = "192.0.2.7", "192.0.2.8", "203.0.113.9"
BATTERY = notification((1, 3, 6, 1, 2, 1, 33, 2, 1))


class Mouth:
    """An ear without a socket: what is put in is heard, what is answered is kept."""

    def __init__(self) -> None:
        self.arrived: list[Heard] = []
        self.answered: list[tuple[str, bytes]] = []

    def read(self, most: int) -> Iterator[Heard]:
        for _ in range(min(most, len(self.arrived))):
            yield self.arrived.pop(0)

    def answer(self, heard: Heard, octets: bytes) -> None:
        self.answered.append((heard.source, octets))


class Hall:
    """A door with everything around it."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.counts = Counts()
        self.wakes: list[tuple[str, TrapKind]] = []
        self.mouth = Mouth()
        engine = LocalEngine(b"\x80\x00\x1f\x88\x05netwatch", 1, 0.0)
        receiver = Receiver(engine, self.clock.monotonic)
        self.door = Door(receiver, lambda device, kind: self.wakes.append((device, kind)), self.counts, clock=self.clock)
        self.door.adopt({SWITCH: (Sender("kec-sw", Secret(COMMUNITY), None),), OTHER: (Sender("kel-sw", Secret("lain"), None),)})

    def hear(self, source: str, *datagrams: bytes) -> None:
        self.mouth.arrived += [Heard(datagram, source, (source, 40_000), None) for datagram in datagrams]
        while self.mouth.arrived:
            self.door.readable(self.mouth)  # type: ignore[arg-type]

    def wait(self, seconds: float) -> None:
        self.clock.mono += seconds
        self.door.tick(self.clock.mono)

    def counted(self) -> int:
        return sum(self.counts.results.values()) + self.door.admission.replaced + self.door.admission.overflowed


@pytest.fixture
def hall() -> Hall:
    return Hall()


@pytest.fixture
def told() -> Iterator[Callable[[], list[str]]]:
    """Return a function that says what was written into the log: event and device."""
    with capture_logs() as entries:
        yield lambda: [f"{entry['event']} {entry.get('device', '')}".strip() for entry in entries]


def test_a_trap_of_a_device_wakes_it_at_once(hall: Hall):
    hall.hear(SWITCH, V2_TRAP)
    assert hall.wakes == [("kec-sw", TrapKind.LINK_DOWN)]
    assert hall.counts.results["woke"] == 1
    assert hall.counts.heard_at == hall.clock.now().timestamp()


def test_an_inform_of_a_device_is_answered_to_where_it_came_from(hall: Hall):
    hall.hear(SWITCH, V2_INFORM)
    ((source, answer),) = hall.mouth.answered
    assert source == SWITCH
    assert answer[:1] == b"\x30"


def test_a_stranger_is_counted_and_gets_no_answer(hall: Hall):
    hall.hear(STRANGER, V2_INFORM, V2_TRAP, b"\x00")
    assert hall.counts.results["unknown_source"] == 3
    assert (hall.wakes, hall.mouth.answered, hall.counts.heard_at) == ([], [], None)


def test_a_flood_of_strangers_leaves_nothing_in_memory(hall: Hall):
    for number in range(20_000):
        hall.hear(f"198.51.{number // 250}.{number % 250}", V2_TRAP)
    assert hall.counts.results["unknown_source"] == 20_000
    assert len(hall.door._strangers) == STRANGERS_TOLD
    assert hall.door.admission.waiting() == 0
    assert not hall.door.admission._sources


def test_a_device_with_another_community_is_refused_and_gets_no_answer(hall: Hall):
    hall.hear(OTHER, V2_INFORM)
    assert hall.counts.results["refused"] == 1
    assert (hall.wakes, hall.mouth.answered) == ([], [])


def test_a_storm_is_counted_to_the_last_datagram_and_wakes_seldom(hall: Hall):
    """Ten seconds at 5,000 a second from one device."""
    for _ in range(100):
        hall.hear(SWITCH, *[V2_TRAP] * 500)
        hall.wait(0.1)
    hall.wait(1.0)
    assert hall.counted() == 50_000
    assert 20 < len(hall.wakes) < 100
    assert hall.counts.results["woke"] == len(hall.wakes)


def test_what_was_said_last_in_a_storm_is_heard(hall: Hall):
    hall.hear(SWITCH, *[V2_TRAP] * 5000, BATTERY)
    assert ("kec-sw", TrapKind.ON_BATTERY) not in hall.wakes
    hall.wait(0.6)
    assert hall.wakes[-1] == ("kec-sw", TrapKind.ON_BATTERY)


def test_a_storm_of_one_device_does_not_hide_another(hall: Hall):
    hall.door.adopt({**hall.door.sources, OTHER: (Sender("kel-sw", Secret(COMMUNITY), None),)})
    hall.hear(SWITCH, *[V2_TRAP] * 5000)
    hall.hear(OTHER, V2_TRAP)
    assert hall.wakes[-1] == ("kel-sw", TrapKind.LINK_DOWN)


def test_one_call_of_the_loop_takes_no_more_than_a_batch(hall: Hall):
    hall.mouth.arrived = [Heard(V2_TRAP, SWITCH, (SWITCH, 1), None)] * (2 * BATCH)
    hall.door.readable(hall.mouth)  # type: ignore[arg-type]
    assert len(hall.mouth.arrived) == BATCH


def test_what_waits_of_a_device_that_has_left_wakes_nobody(hall: Hall):
    hall.hear(SWITCH, *[V2_TRAP] * 50)
    wakes = len(hall.wakes)
    hall.door.adopt({})
    hall.wait(10)
    hall.hear(SWITCH, V2_TRAP)
    assert len(hall.wakes) == wakes
    assert hall.counts.results["unknown_source"] == 1


def test_a_device_that_calls_with_a_wrong_log_in_is_named_once_until_it_calls_rightly(hall: Hall, told: Callable[[], list[str]]):
    wrong = notification((1, 3, 6, 1, 6, 3, 1, 1, 5, 3), community="salah")
    hall.hear(SWITCH, wrong, wrong, wrong)
    assert told() == ["trap_refused kec-sw"]
    hall.hear(SWITCH, V2_TRAP, wrong)
    assert told() == ["trap_refused kec-sw", "trap_refused kec-sw"]


def test_a_storm_is_told_when_it_begins_and_when_it_has_ended(hall: Hall, told: Callable[[], list[str]]):
    for _ in range(20):
        hall.hear(SWITCH, *[V2_TRAP] * 100)
        hall.wait(0.5)
    assert told() == ["trap_storm_began"]
    for _ in range(30):
        hall.wait(0.5)
    assert told() == ["trap_storm_began", "trap_storm_ended"]
