"""What a datagram is: read, authorised, named, answered. One rule a test."""

from __future__ import annotations

import pytest

from netwatch.observation import TrapKind
from netwatch.probe.snmp import ber
from netwatch.probe.snmp.traps.engine import LocalEngine
from netwatch.probe.snmp.traps.kinds import UPS_ALARM_DESCR, UPS_ALARM_ON_BATTERY
from netwatch.probe.snmp.traps.receiver import Outcome, Receiver, Sender
from netwatch.settings import Secret
from tests.unit.probe.trap_messages import COMMUNITY, V1_APC, V1_LINK_DOWN, V2_INFORM, V2_TRAP, V3_SIGNED, notification, user

SWITCH = Sender("kec-sw", Secret(COMMUNITY), None)
COLD_START = (1, 3, 6, 1, 6, 3, 1, 1, 5, 1)


def take(datagram: bytes, *senders: Sender) -> Outcome:
    return Receiver(LocalEngine(b"\x80\x00\x1f\x88\x05netwatch", 1, 0.0), lambda: 100.0).take(datagram, senders or (SWITCH,))


def test_a_trap_with_the_devices_community_wakes_it():
    assert take(V2_TRAP) == Outcome("woke", TrapKind.LINK_DOWN, ("kec-sw",))


def test_a_trap_of_v1_means_the_same_as_its_name_in_v2():
    assert take(V1_LINK_DOWN) == Outcome("woke", TrapKind.LINK_DOWN, ("kec-sw",))
    assert take(V1_APC) == Outcome("woke", TrapKind.ON_BATTERY, ("kec-sw",))


def test_an_inform_is_answered_with_what_it_said():
    """RFC 3416 4.2.7: the Response carries the request id and the objects of the Inform, without an error."""
    found = take(V2_INFORM)
    assert (found.result, found.kind) == ("woke", TrapKind.LINK_UP)
    assert found.answer == V2_INFORM.replace(b"\xa6\x48\x02", b"\xa2\x48\x02")


@pytest.mark.parametrize("datagram", [V2_TRAP, V2_INFORM, V1_LINK_DOWN])
def test_another_community_is_refused_and_gets_no_answer(datagram: bytes):
    assert take(datagram, Sender("kec-sw", Secret("lain"), None)) == Outcome("refused")


@pytest.mark.parametrize("datagram", [V2_TRAP, V2_INFORM, V3_SIGNED])
def test_a_device_without_a_log_in_is_refused_whatever_it_says(datagram: bytes):
    assert take(datagram, Sender("kec-sw", None, None)) == Outcome("refused")


def test_a_device_of_v3_is_not_believed_on_a_community():
    assert take(V2_TRAP, Sender("kec-sw", None, user())) == Outcome("refused")
    assert take(V3_SIGNED, SWITCH) == Outcome("refused")


def test_of_two_devices_behind_one_address_those_with_that_community_are_woken():
    behind = (Sender("a", Secret(COMMUNITY), None), Sender("b", Secret("lain"), None), Sender("c", Secret(COMMUNITY), None))
    assert take(V2_TRAP, *behind).devices == ("a", "c")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ((1, 3, 6, 1, 6, 3, 1, 1, 5, 1), TrapKind.COLD_START),
        ((1, 3, 6, 1, 6, 3, 1, 1, 5, 2), TrapKind.WARM_START),
        ((1, 3, 6, 1, 6, 3, 1, 1, 5, 3), TrapKind.LINK_DOWN),
        ((1, 3, 6, 1, 6, 3, 1, 1, 5, 4), TrapKind.LINK_UP),
        ((1, 3, 6, 1, 2, 1, 33, 2, 1), TrapKind.ON_BATTERY),
        ((1, 3, 6, 1, 2, 1, 33, 2, 0, 1), TrapKind.ON_BATTERY),
        ((1, 3, 6, 1, 4, 1, 318, 0, 5), TrapKind.ON_BATTERY),
        ((1, 3, 6, 1, 4, 1, 318, 0, 9), TrapKind.ON_MAINS),
    ],
)
def test_the_kinds_that_wake(name: tuple[int, ...], kind: TrapKind):
    assert take(notification(name)).kind is kind


@pytest.mark.parametrize(
    "name", [(1, 3, 6, 1, 6, 3, 1, 1, 5, 5), (1, 3, 6, 1, 4, 1, 99999, 0, 1), (1, 3, 6, 1, 4, 1, 318, 0, 10)]
)
def test_another_notification_of_a_known_device_is_counted_and_wakes_nobody(name: tuple[int, ...]):
    assert take(notification(name)) == Outcome("other", None, ("kec-sw",))
    assert take(notification(name, inform=True)).answer is not None, "its sender must not repeat it for ever"


def test_a_ups_alarm_speaks_of_power_only_when_it_is_the_one_for_the_battery():
    """upsTrapAlarmEntryRemoved comes for every alarm; only that of upsAlarmOnBattery says that mains are back (RFC 1628)."""
    removed, added = (1, 3, 6, 1, 2, 1, 33, 2, 4), (1, 3, 6, 1, 2, 1, 33, 2, 3)
    battery = ((*UPS_ALARM_DESCR, 7), ber.made_oid(UPS_ALARM_ON_BATTERY))
    hot = ((*UPS_ALARM_DESCR, 7), ber.made_oid((*UPS_ALARM_ON_BATTERY[:-1], 5)))
    assert take(notification(removed, battery)).kind is TrapKind.ON_MAINS
    assert take(notification(added, battery)).kind is TrapKind.ON_BATTERY
    assert take(notification(removed, hot)).kind is None
    assert take(notification(removed)).kind is None


def test_a_notification_with_a_thousand_objects_is_read_as_far_as_its_name():
    many = [((1, 3, 6, 1, 4, 1, 99999, number), ber.made_integer(number)) for number in range(300)]
    assert take(notification(COLD_START, *many)).kind is TrapKind.COLD_START


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\x30",
        V2_TRAP[:-1],
        V2_TRAP[:20],
        V2_TRAP.replace(b"\xa7", b"\xa0", 1),  # a GET: we are no agent
        V2_TRAP.replace(b"\x02\x01\x01", b"\x02\x01\x02", 1),  # SNMPv2p
        b"\x30\x80" + V2_TRAP[2:] + b"\x00\x00",  # indefinite length
        b"\x30\x84\xff\xff\xff\xff",
        notification(COLD_START) + b"\x00" * 9000,
    ],
    ids=["nothing", "one octet", "cut", "cut early", "get", "version", "indefinite", "4 GB", "too long"],
)
def test_octets_that_are_no_notification_are_malformed(datagram: bytes):
    assert take(datagram).result == "malformed"


def test_a_number_that_needs_more_than_eight_octets_is_malformed():
    long = V2_TRAP.replace(bytes.fromhex("020428d3c609"), bytes.fromhex("020a") + b"\x01" * 10)
    assert take(bytes((long[0], long[1] + 6)) + long[2:]).result == "malformed"


@pytest.mark.parametrize("arcs", [(1, 3, 6, 1), (2, 999, 3), (0, 39, 2**32 - 1), (1, 3, 127, 128, 16_383, 16_384)])
def test_object_identifiers_survive_the_way_there_and_back(arcs: tuple[int, ...]):
    made = ber.made_oid(arcs)
    assert ber.oid(made, 0, len(made)) == (arcs, len(made))


@pytest.mark.parametrize("number", [0, 1, 127, 128, 255, 256, 2**31 - 1, 2**31, 2**63, -1, -128, -129])
def test_numbers_survive_the_way_there_and_back(number: int):
    made = ber.made_integer(number)
    assert ber.integer(made, 0, len(made)) == (number, len(made))
