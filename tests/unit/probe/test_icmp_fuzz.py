"""No octets end the engine or make a dead device look alive (RELIABILITY P10, row 29)."""

from __future__ import annotations

import random
import socket

from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.probe.icmp.packets import checksum, ihl, quote_v4, quote_v6
from tests.unit.probe.fakes import Bench, error_v4, error_v6, ipv4, reply

A = "192.0.2.1"


@settings(max_examples=2000, deadline=None)
@given(st.binary(max_size=120))
def test_the_parsers_return_for_any_octets(data):
    ihl(data)
    quote_v4(data)
    quote_v6(data)
    assert 0 <= checksum(data) <= 0xFFFF


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.binary(max_size=90), max_size=30),
    st.sampled_from([True, False]),
    st.sampled_from([socket.AF_INET, socket.AF_INET6]),
)
def test_nobody_is_answered_by_random_octets(packets, privileged, family):
    bench = Bench(privileged=privileged, families=(family,))
    address = A if family == socket.AF_INET else "2001:db8::1"
    bench.engine.send(bench.engine.add("a", address))
    for data in packets:
        bench.deliver(data, (address, 0, 0, 0))
    bench.later(1.1)
    assert [kind for kind, _ in bench.results.kinds()] == ["lost"]


def test_a_hundred_thousand_mutated_packets_answer_nothing():
    """Real answers and errors with octets flipped, cut and joined; only an untouched answer may count."""
    draw = random.Random(7)
    four, six = Bench(), Bench(families=(socket.AF_INET6,))
    four.engine.send(four.engine.add("a", A))
    six.engine.send(six.engine.add("a", "2001:db8::1"))
    request4, request6 = four.request(), six.request()
    for bench, seeds, sender in (
        (
            four,
            [ipv4(A, reply(request4)), ipv4(A, reply(request4), words=15), error_v4("198.51.100.7", A, request4, quoted=20)],
            ("", 0),
        ),
        (six, [reply(request6, 129), error_v6("2001:db8::1", request6)], ("2001:db8::1", 0, 0, 0)),
    ):
        for _ in range(500):
            for _ in range(100):
                data = bytearray(draw.choice(seeds))
                cut = draw.randrange(len(data))
                echo = (data[0] & 15) * 4 if bench is four else 0
                data[min(len(data) - 1, draw.randrange(echo + 8, echo + 20))] ^= draw.randrange(1, 256)
                if draw.random() < 0.5:
                    data = data[:cut] if draw.random() < 0.5 else data + data[cut:]
                bench.socket.inbox.append((bytes(data), sender))
            bench.engine.receive()
        bench.later(1.1)
        assert [kind for kind, _ in bench.results.kinds()] == ["lost"]
