"""What this machine could not do or could not see is never charged to a device."""

from __future__ import annotations

import errno
import socket

import pytest

from netwatch.errors import ProbeUnavailable
from netwatch.probe.icmp import EchoEngine
from netwatch.probe.icmp.sockets import why_forbidden
from tests.unit.probe.fakes import Bench, FakeClock, Results, ipv4, reply

A, B = "192.0.2.1", "192.0.2.2"


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EPERM, errno.EACCES, errno.EHOSTUNREACH, errno.EINVAL])
def test_a_send_that_fails_here_is_not_probed_and_the_next_target_is(number):
    bench = Bench()
    bench.socket.refuse[A] = number
    bench.engine.send_many([bench.engine.add("a", A), bench.engine.add("b", B)])
    name = errno.errorcode[number].lower()
    assert bench.results.all == [("not_probed", "a", 1000.0, name)]
    assert bench.engine.counters.local_errors[name] == 1
    bench.deliver(ipv4(B, reply(bench.request())))
    assert bench.results.kinds()[-1] == ("answered", "b")


def test_a_full_queue_is_tried_again_a_little_later():
    bench = Bench()
    bench.socket.full = 1
    bench.engine.send_many([bench.engine.add(name, A) for name in "abc"])
    assert (bench.results.all, bench.socket.sent, bench.engine.waiting) == ([], [], 3)
    bench.later(0.001)
    assert bench.socket.sent == []
    bench.later(0.01)
    assert (len(bench.socket.sent), bench.engine.waiting) == (3, 0)


def test_a_queue_that_stays_full_is_not_probed():
    bench = Bench()
    bench.socket.full = 10_000
    bench.engine.send(bench.engine.add("a", A))
    for _ in range(120):
        bench.later(0.01)
    assert bench.results.all == [("not_probed", "a", 1000.0, "eagain")]
    assert bench.engine.waiting == 0


def test_the_cap_holds_the_rest_back_and_then_says_so():
    bench = Bench(in_flight_cap=100)
    targets = [bench.engine.add(str(number), A) for number in range(250)]
    bench.engine.send_many(targets)
    assert (bench.engine.in_flight, bench.engine.waiting) == (100, 150)
    bench.later(1.01)
    assert bench.engine.in_flight == 0  # a hundred lost, the rest waited longer than the timeout
    assert sorted(entry[3] or "lost" for entry in bench.results.all) == ["in_flight"] * 150 + ["lost"] * 100


def test_what_waits_goes_out_when_answers_make_room():
    bench = Bench(in_flight_cap=2)
    targets = [bench.engine.add(str(number), A) for number in range(4)]
    bench.engine.send_many(targets)
    for packet, _ in list(bench.socket.sent):
        bench.deliver(ipv4(A, reply(packet)))
    bench.later(0.02)
    assert len(bench.socket.sent) == 4
    assert bench.engine.waiting == 0


def test_at_most_64_leave_before_answers_are_read():
    bench = Bench()
    lengths: list[int] = []
    read = bench.socket.recv_into
    bench.socket.recv_into = lambda buffer: (lengths.append(len(bench.socket.sent)), read(buffer))[1]
    bench.engine.send_many([bench.engine.add(str(number), A) for number in range(200)])
    assert lengths == [64, 128, 192, 200]


def test_echoes_in_flight_while_the_kernel_threw_answers_away_are_not_measured():
    """RELIABILITY row 21: 2,000 answers into a small buffer are no outage."""
    bench = Bench()
    before, during, after = (bench.engine.add(name, A) for name in ("before", "during", "after"))
    bench.engine.send(before)
    bench.later(1.1)
    bench.engine.send(during)
    bench.socket.drops += 7
    bench.later(0.5)
    bench.engine.send(after)
    bench.later(1.1)
    assert [entry[0] for entry in bench.results.all] == ["lost", "not_probed", "lost"]
    assert bench.results.all[1][3] == "socket_drop"
    assert bench.engine.counters.drops == 7
    assert bench.engine.drops() == {"ipv4": 7}


def test_an_answer_that_got_through_counts_in_spite_of_drops():
    bench = Bench()
    bench.engine.send(bench.engine.add("a", A))
    bench.socket.drops += 1
    bench.deliver(ipv4(A, reply(bench.request())))
    bench.later(1.1)
    assert bench.results.kinds() == [("answered", "a")]


def test_a_family_without_a_socket_disables_only_itself():
    bench = Bench()
    bench.engine.send_many([bench.engine.add("six", "2001:db8::1"), bench.engine.add("four", A)])
    assert bench.results.all == [("not_probed", "six", 1000.0, "no_socket")]
    assert len(bench.socket.sent) == 1
    assert bench.engine.families == {socket.AF_INET}


def test_no_socket_at_all_is_said_in_a_sentence():
    with pytest.raises(ProbeUnavailable, match="neither IPv4 nor IPv6"):
        EchoEngine(Results(), clock=FakeClock(), opener=lambda family, **_: None)


def test_a_missing_permission_names_capability_and_sysctl():
    text = why_forbidden(privileged=None)
    assert "CAP_NET_RAW" in text
    assert "net.ipv4.ping_group_range" in text


def test_a_small_receive_buffer_can_be_seen():
    bench = Bench(receive_buffer=4096)
    assert bench.engine.receive_buffer == bench.engine.receive_buffer_wanted == 8192


def test_a_flood_that_never_ends_blinds_but_does_not_hold_the_loop(monkeypatch):
    """More to read than one go may read: what is due meanwhile was not measured."""
    bench = Bench()
    monkeypatch.setattr("netwatch.probe.icmp.engine.READ_LIMIT", 50)
    bench.engine.send(bench.engine.add("a", A))
    bench.clock.time += 1.1
    bench.socket.inbox.extend([(b"\x45" * 60, ("", 0))] * 100)
    bench.engine.tick()
    assert bench.results.all == [("not_probed", "a", 1000.0, "socket_drop")]
    assert len(bench.socket.inbox) == 50
