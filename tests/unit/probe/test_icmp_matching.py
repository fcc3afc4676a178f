"""An answer counts only for the echo that asked for it."""

from __future__ import annotations

import pytest

from netwatch.probe.icmp.packets import checksum
from tests.unit.probe.fakes import Bench, error_v4, ipv4, reply

SILENT = "192.0.2.1"
OTHER = "192.0.2.2"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_an_answer_from_the_asked_address_is_an_answer(bench):
    target = bench.engine.add("a", SILENT, owner="mine")
    bench.engine.send(target)
    bench.clock.time += 0.25
    bench.deliver(ipv4(SILENT, reply(bench.request())))
    assert bench.results.all == [("answered", "a", 1000.0, 0.25, True)]
    assert target.owner == "mine"
    assert bench.engine.in_flight == 0


@pytest.mark.parametrize("begin", [0, 30_000, 65_400, 65_536, 131_000])
def test_every_request_carries_a_valid_checksum(bench, begin):
    """RFC 1624: the checksum is adjusted for the sequence alone; a new lap is a new payload."""
    target = bench.engine.add("a", SILENT)
    channel = next(iter(bench.engine.channels.values()))
    channel.head = channel.tail = begin
    for _ in range(300):
        bench.engine.send(target)
    assert all(checksum(packet) == 0 for packet, _ in bench.socket.sent)
    assert len({packet for packet, _ in bench.socket.sent}) == 300


def test_silence_is_a_loss_after_the_timeout_and_not_before(bench):
    bench.engine.send(bench.engine.add("a", SILENT), scheduled=False)
    bench.later(0.99)
    assert bench.results.all == []
    bench.later(0.02)
    assert bench.results.all == [("lost", "a", 1000.0, None, False)]


def test_several_echoes_of_one_target_are_told_apart(bench):
    """One-second confirmations with a timeout of one second overlap."""
    target = bench.engine.add("a", SILENT)
    bench.engine.send(target)
    bench.later(0.6)
    bench.engine.send(target)
    bench.clock.time += 0.1
    bench.deliver(ipv4(SILENT, reply(bench.request(1))))
    bench.later(0.5)
    assert [(kind, round(sent - 1000, 1)) for kind, _, sent, *_ in bench.results.all] == [("answered", 0.6), ("lost", 0.0)]


@pytest.mark.parametrize(
    ("forge", "counter"),
    [
        (lambda request: ipv4(OTHER, reply(request)), "wrong_source"),
        (lambda request: ipv4(SILENT, reply(request[:8] + b"otherone" + request[16:])), "wrong_nonce"),
        (lambda request: ipv4(SILENT, reply(request[:12])), "wrong_nonce"),
        (lambda request: ipv4(SILENT, reply(request[:4] + b"\x00\x01" + request[6:])), "foreign"),
        (lambda request: ipv4(SILENT, reply(request[:6] + b"\x00\x09" + request[8:])), "late"),  # a sequence not in use
        (lambda request: ipv4(SILENT, reply(request[:16] + b"\x00\x00\x00\x01")), "late"),  # another lap
        (lambda request: ipv4(SILENT, reply(request), words=15)[:30], "malformed"),
        (lambda request: b"\x45\x00", "malformed"),
        (lambda request: b"", "malformed"),
        (lambda request: b"\x60" + ipv4(SILENT, reply(request))[1:], "malformed"),
        (lambda request: b"\x41" + ipv4(SILENT, reply(request))[1:], "malformed"),
        (lambda request: ipv4(SILENT, b"\x0d" + reply(request)[1:]), "malformed"),
    ],
)
def test_a_forged_answer_is_counted_and_changes_nothing(bench, forge, counter):
    """RELIABILITY row 29: right id and sequence, wrong nonce, wrong source, truncated, IHL 15."""
    bench.engine.send(bench.engine.add("a", SILENT))
    bench.deliver(forge(bench.request()))
    assert bench.results.all == []
    assert getattr(bench.engine.counters, counter) == 1
    bench.later(1.1)
    assert bench.results.kinds() == [("lost", "a")]


def test_ip_options_and_a_longer_payload_do_not_hide_an_answer(bench):
    target = bench.engine.add("a", SILENT)
    bench.engine.send(target)
    bench.deliver(ipv4(SILENT, reply(bench.request()), words=15))
    bench.engine.send(target)
    bench.deliver(ipv4(SILENT, reply(bench.request() + b"padding of a switch")))
    assert bench.results.kinds() == [("answered", "a")] * 2


def test_a_second_answer_and_a_late_answer_are_counted_apart(bench):
    target = bench.engine.add("a", SILENT)
    bench.engine.send(target)
    bench.deliver(ipv4(SILENT, reply(bench.request())))
    bench.deliver(ipv4(SILENT, reply(bench.request())))
    bench.engine.send(target)
    bench.later(1.1)
    bench.deliver(ipv4(SILENT, reply(bench.request())))
    assert bench.results.kinds() == [("answered", "a"), ("lost", "a")]
    assert (bench.engine.counters.duplicate, bench.engine.counters.late) == (1, 1)


def test_an_answer_that_waited_in_the_buffer_while_the_loop_was_busy_is_no_loss(bench):
    """The tick reads before it judges."""
    bench.engine.send(bench.engine.add("a", SILENT))
    bench.socket.inbox.append((ipv4(SILENT, reply(bench.request())), ("", 0)))
    bench.later(5.0)
    assert bench.results.kinds() == [("answered", "a")]


def test_an_answer_of_the_last_lap_is_not_taken_for_one_of_this_lap(bench):
    """The sequence goes round every 65,536 echoes, at a thousand a second in about a minute: the lap in the payload tells."""
    target = bench.engine.add("a", SILENT)
    bench.engine.send(target)
    old = bench.request()
    bench.later(1.1)
    channel = next(iter(bench.engine.channels.values()))
    channel.head = channel.tail = 65_536
    bench.engine.send(target)
    assert bench.request()[4:8] == old[4:8]  # the same id and sequence
    bench.deliver(ipv4(SILENT, reply(old)))
    assert (bench.results.kinds(), bench.engine.counters.late) == ([("lost", "a")], 1)
    bench.deliver(ipv4(SILENT, reply(bench.request())))
    assert bench.results.kinds()[-1] == ("answered", "a")


def test_two_devices_with_one_address_do_not_share_answers(bench):
    first, second = bench.engine.add("a", SILENT), bench.engine.add("b", SILENT)
    bench.engine.send_many([first, second])
    bench.deliver(ipv4(SILENT, reply(bench.request(1))))
    bench.later(1.1)
    assert bench.results.kinds() == [("answered", "b"), ("lost", "a")]


def test_a_removed_target_is_never_heard_of_again(bench):
    first, second = bench.engine.add("a", SILENT), bench.engine.add("b", OTHER)
    bench.engine.send_many([first, second])
    bench.engine.remove(first)
    bench.engine.remove(second)
    bench.deliver(ipv4(SILENT, reply(bench.request(0))))
    bench.later(1.1)
    assert bench.results.all == []
    assert bench.engine.in_flight == 0


def test_a_result_may_send_again_from_inside(bench):
    """The pipeline answers a loss with re-probes at once, from inside the callback."""

    class Again(type(bench.results)):
        def lost(self, target, sent_at, refused_by, scheduled):
            super().lost(target, sent_at, refused_by, scheduled)
            if scheduled:
                bench.engine.send_many([target] * 3, scheduled=False)

        def answered(self, target, sent_at, rtt, scheduled):
            super().answered(target, sent_at, rtt, scheduled)
            if len(self.all) < 4:
                bench.engine.send(target)

    again = Again()
    for channel in bench.engine.channels.values():
        channel.sink = again
    bench.engine.sink = again
    target = bench.engine.add("a", SILENT)
    bench.engine.send(target)
    bench.later(1.1)
    assert bench.engine.in_flight == 3
    bench.later(1.1)
    assert [entry[0] for entry in again.all] == ["lost"] * 4
    bench.engine.send(target)
    bench.deliver(ipv4(SILENT, reply(bench.request())))
    assert bench.engine.in_flight == 0
    assert bench.engine.counters.sent == 5


def test_the_router_that_refused_is_named_when_the_loss_is_reported(bench):
    """RFC 792 promises eight octets of the quoted echo: id and sequence, no nonce."""
    bench.engine.send(bench.engine.add("a", SILENT))
    bench.deliver(error_v4("198.51.100.7", SILENT, bench.request(), quoted=8))
    assert bench.results.all == []  # an error does not end the echo: an answer may still come
    bench.later(1.1)
    assert bench.results.all == [("lost", "a", 1000.0, "198.51.100.7", True)]
    assert bench.engine.counters.refusals == 1


def test_a_refusal_after_the_timeout_explains_the_next_loss_and_is_no_second_loss(bench):
    """A neighbour that does not answer ARP is reported after three seconds, from our own address."""
    target = bench.engine.add("a", SILENT)
    bench.engine.send(target)
    bench.later(1.1)
    bench.deliver(error_v4("192.0.2.200", SILENT, bench.request()))
    bench.engine.send(target)
    bench.later(1.1)
    assert [entry[3] for entry in bench.results.all] == [None, "192.0.2.200"]
    assert target.refusal is not None
    assert (target.refusal.type, target.refusal.code) == (3, 1)


def test_an_answer_ends_what_a_router_said_before(bench):
    target = bench.engine.add("a", SILENT)
    bench.engine.send(target)
    bench.deliver(error_v4("198.51.100.7", SILENT, bench.request()))
    bench.deliver(ipv4(SILENT, reply(bench.request())))
    bench.engine.send(target)
    bench.later(1.1)
    assert bench.results.all[-1][3] is None


def test_an_old_refusal_explains_nothing(bench):
    target = bench.engine.add("a", SILENT)
    bench.engine.send(target)
    bench.deliver(error_v4("198.51.100.7", SILENT, bench.request()))
    bench.later(60)
    bench.engine.send(target)
    bench.later(1.1)
    assert [entry[3] for entry in bench.results.all] == ["198.51.100.7", None]


@pytest.mark.parametrize(
    ("forge", "counter"),
    [
        (lambda request: error_v4("198.51.100.7", OTHER, request), "foreign"),
        (lambda request: error_v4("198.51.100.7", SILENT, request[:4] + b"\0\0" + request[6:]), "foreign"),
        (lambda request: error_v4("198.51.100.7", SILENT, request, quoted=7), "malformed"),
        (lambda request: error_v4("198.51.100.7", SILENT, request, quoted=0), "malformed"),
        (lambda request: error_v4("198.51.100.7", SILENT, b"\0" + request[1:]), "foreign"),
        (lambda request: error_v4("198.51.100.7", SILENT, request).replace(b"\x40\x01", b"\x40\x11"), "foreign"),  # about UDP
        (lambda request: ipv4("198.51.100.7", bytes([3, 1, 0, 0, 0, 0, 0, 0]) + b"\x4f" * 24), "malformed"),
    ],
)
def test_an_error_about_something_else_refuses_nothing(bench, forge, counter):
    bench.engine.send(bench.engine.add("a", SILENT))
    bench.deliver(forge(bench.request()))
    bench.later(1.1)
    assert bench.results.all[-1][3] is None
    assert getattr(bench.engine.counters, counter) == 1


@pytest.mark.parametrize("address", ["gedung-a", "10.1", "", "300.1.1.1", "::gg", "10.0.0.1 ", "fe80::1%none-such"])
def test_a_name_is_not_an_address(bench, address):
    """`10.1` would be read as 10.0.0.1 by the resolver: refused."""
    with pytest.raises(ValueError, match="not a numeric address"):
        bench.engine.add("a", address)
