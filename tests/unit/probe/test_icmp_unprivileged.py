"""Datagram sockets and IPv6: the id is the kernel's, errors wait in a queue, and there is no IP header."""

from __future__ import annotations

import errno
import socket
import struct

import pytest

from tests.unit.probe.fakes import Bench, error_v6, packed, reply

A, B, ROUTER = "192.0.2.1", "192.0.2.2", "198.51.100.7"
SIX, SIX_OTHER = "2001:db8::1", "2001:db8::2"


def queued(request: bytes, asked: str, router: str, *, origin: int = 2) -> tuple[bytes, list, int, tuple]:
    """Build an entry of the error queue as Linux hands it out."""
    offender = struct.pack("=HH4s8x", socket.AF_INET, 0, packed(router))
    extended = struct.pack("=IBBBBII", errno.EHOSTUNREACH, origin, 3, 1, 0, 0, 0) + offender
    return (request, [(socket.IPPROTO_IP, 11, extended)], 0, (asked, 0))


def rewritten(request: bytes) -> bytes:
    """The kernel's own id in place of ours."""
    return request[:4] + b"\xaa\xbb" + request[6:]


def test_a_datagram_answer_is_matched_without_the_id():
    bench = Bench(privileged=False)
    bench.engine.send(bench.engine.add("a", A))
    bench.deliver(reply(rewritten(bench.request())), (A, 0))
    assert bench.results.kinds() == [("answered", "a")]


@pytest.mark.parametrize(("sender", "change", "counter"), [(B, b"", "wrong_source"), (A, b"xxxxxxxx", "wrong_nonce")])
def test_a_forged_datagram_answer_is_counted(sender, change, counter):
    bench = Bench(privileged=False)
    bench.engine.send(bench.engine.add("a", A))
    request = bench.request()
    bench.deliver(reply(request[:8] + (change or request[8:16]) + request[16:]), (sender, 0))
    assert bench.results.all == []
    assert getattr(bench.engine.counters, counter) == 1


def test_a_pending_error_of_one_target_is_never_charged_to_another():
    """DEPENDENCIES 2.8: drain the error queue, send to B again."""
    bench = Bench(privileged=False)
    first, second = bench.engine.add("a", A), bench.engine.add("b", B)
    bench.engine.send(first)
    bench.socket.errors.append(queued(rewritten(bench.request()), A, ROUTER))
    bench.socket.pending = errno.EHOSTUNREACH
    bench.engine.send(second)
    assert bench.socket.sent[-1][1] == (B, 0)
    bench.deliver(reply(rewritten(bench.request())), (B, 0))
    bench.later(1.1)
    assert bench.results.all == [("answered", "b", 1000.0, 0.0, True), ("lost", "a", 1000.0, ROUTER, True)]


def test_a_pending_error_does_not_stop_reading():
    bench = Bench(privileged=False)
    first, second = bench.engine.add("a", A), bench.engine.add("b", B)
    bench.engine.send_many([first, second])
    bench.socket.pending = errno.ECONNREFUSED
    bench.deliver(reply(rewritten(bench.request())), (B, 0))
    assert bench.results.kinds() == [("answered", "b")]


def test_a_real_local_error_of_a_datagram_send_is_not_probed():
    bench = Bench(privileged=False)
    bench.socket.refuse[A] = errno.ENETUNREACH
    bench.engine.send(bench.engine.add("a", A))
    assert bench.results.all == [("not_probed", "a", 1000.0, "enetunreach")]


def test_an_error_that_this_machine_queued_itself_is_no_router():
    bench = Bench(privileged=False)
    bench.engine.send(bench.engine.add("a", A))
    bench.socket.errors.append(queued(bench.request(), A, ROUTER, origin=1))
    bench.later(1.1)
    assert bench.results.all == [("lost", "a", 1000.0, None, True)]


def test_an_ipv6_answer_and_an_ipv6_refusal():
    bench = Bench(families=(socket.AF_INET6,))
    first, second = bench.engine.add("a", SIX), bench.engine.add("b", SIX_OTHER)
    bench.engine.send_many([first, second])
    bench.deliver(reply(bench.request(0), 129), (SIX, 0, 0, 0))
    bench.deliver(error_v6(SIX_OTHER, bench.request(1)), ("2001:db8::7", 0, 0, 0))
    bench.later(1.1)
    assert bench.results.all == [("answered", "a", 1000.0, 0.0, True), ("lost", "b", 1000.0, "2001:db8::7", True)]


def test_an_ipv6_answer_ends_what_a_router_said_before():
    bench = Bench(families=(socket.AF_INET6,))
    target = bench.engine.add("a", SIX)
    bench.engine.send(target)
    bench.deliver(error_v6(SIX, bench.request()), ("2001:db8::7", 0, 0, 0))
    assert target.refusal is not None
    bench.deliver(reply(bench.request(), 129), (SIX, 0, 0, 0))
    assert target.refusal is None


@pytest.mark.parametrize(
    ("data", "counter"),
    [
        (lambda request: reply(request, 129), "wrong_source"),
        (lambda request: reply(request[:4] + b"\0\0" + request[6:], 129), "foreign"),
        (lambda request: reply(request, 129)[:12], "wrong_nonce"),
        (lambda request: b"\x81\0", "malformed"),
        (lambda request: b"\x01" + bytes(30), "malformed"),
        (lambda request: error_v6(SIX, request[:4] + b"\0\0" + request[6:]), "foreign"),
        (lambda request: error_v6(SIX_OTHER, request), "foreign"),
        (lambda request: error_v6(SIX, b"\x81" + request[1:]), "foreign"),
        (lambda request: error_v6(SIX, request, kind=2), "foreign"),  # packet too big: our packets are 60 octets
    ],
)
def test_a_forged_ipv6_answer_is_counted(data, counter):
    bench = Bench(families=(socket.AF_INET6,))
    bench.engine.send(bench.engine.add("a", SIX))
    bench.deliver(data(bench.request()), (SIX_OTHER, 0, 0, 0))
    bench.later(1.1)
    assert bench.results.all == [("lost", "a", 1000.0, None, True)]
    assert getattr(bench.engine.counters, counter) == 1


def test_a_link_local_answer_must_come_through_the_asked_interface():
    bench = Bench(families=(socket.AF_INET6,))
    bench.engine.send(bench.engine.add("a", "fe80::1%lo"))
    zone = socket.if_nametoindex("lo")
    bench.deliver(reply(bench.request(), 129), ("fe80::1", 0, 0, zone + 1))
    assert bench.engine.counters.wrong_source == 1
    bench.deliver(reply(bench.request(), 129), ("fe80::1", 0, 0, zone))
    assert bench.results.kinds() == [("answered", "a")]
