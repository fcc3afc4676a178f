"""No octets make the receiver raise, wake somebody or keep memory (RELIABILITY P10). `NETWATCH_CAMPAIGN=1`: a million inputs."""

from __future__ import annotations

import os
import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netwatch.probe.snmp.traps.engine import LocalEngine
from netwatch.probe.snmp.traps.receiver import RESULTS, Receiver, Sender
from netwatch.settings import Secret
from tests.unit.probe.trap_messages import (
    COMMUNITY,
    V1_APC,
    V1_LINK_DOWN,
    V2_INFORM,
    V2_TRAP,
    V3_DISCOVERY,
    V3_SECRET,
    V3_SIGNED,
    user,
)

CAMPAIGN = bool(os.environ.get("NETWATCH_CAMPAIGN"))
INPUTS = 1_000_000 if CAMPAIGN else 40_000
SEEDS = (V1_LINK_DOWN, V1_APC, V2_TRAP, V2_INFORM, V3_SIGNED, V3_SECRET, V3_DISCOVERY)
SENDERS = (Sender("kec-sw", Secret(COMMUNITY), None), Sender("kel-sw", None, user()))


def receiver() -> Receiver:
    return Receiver(LocalEngine(bytes.fromhex("80001f88056e657477617463682d31"), 1, 0.0), lambda: 100.0)


@settings(max_examples=3000, deadline=None)
@given(st.binary(max_size=400))
def test_random_octets_are_malformed_or_refused(data: bytes):
    assert receiver().take(data, SENDERS).result in ("malformed", "refused")


@settings(max_examples=1000, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 3))
def test_random_octets_in_a_sound_frame_are_no_notification_by_chance(data: bytes, version: int):
    """The frame is right and the community too; what is inside is anything."""
    inside = bytes((2, 1, version, 4, len(COMMUNITY))) + COMMUNITY.encode() + data
    framed = b"\x30\x82" + len(inside).to_bytes(2, "big") + inside
    assert receiver().take(framed, SENDERS).result in RESULTS


def mutated(draw: random.Random) -> bytes:
    """Return a real message with octets flipped, lengths changed, pieces cut out, doubled or taken from another one."""
    data = bytearray(draw.choice(SEEDS))
    for _ in range(draw.randrange(1, 5)):
        at = draw.randrange(len(data) or 1)
        match draw.randrange(6):
            case 0:
                data[at : at + 1] = bytes((draw.randrange(256),))
            case 1:
                del data[at : at + draw.randrange(1, 20)]
            case 2:
                data[at:at] = data[at : at + draw.randrange(1, 40)]
            case 3:
                other = draw.choice(SEEDS)
                data[at:] = other[draw.randrange(len(other)) :]
            case 4:
                data[at:at] = bytes((draw.choice((0x30, 0x02, 0x04, 0x06, 0xA6)), draw.choice((0, 1, 0x7F, 0x80, 0x84, 0xFF))))
            case _:
                data[at:at] = draw.randbytes(draw.randrange(1, 12))
    return bytes(data)


@pytest.mark.timeout(1800)
def test_mutated_messages_never_raise_and_a_signed_one_never_wakes():
    """A v3 message wakes only when its signature is right: no mutation of ours can make one that was not there before."""
    draw, hearing = random.Random(11), receiver()
    signed = (Sender("kel-sw", None, user()),)
    seen = dict.fromkeys(RESULTS, 0)
    tracemalloc.start()
    for number in range(INPUTS):
        data = mutated(draw)
        seen[hearing.take(data, SENDERS).result] += 1
        if number % 7 == 0 and data not in (V3_SIGNED, V3_SECRET):
            alone = hearing.take(data, signed)
            genuine = data.startswith((V3_SIGNED, V3_SECRET))  # octets after the end of a sound message are not read
            assert alone.result != "woke" or genuine, data.hex()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert min(seen["malformed"], seen["refused"], seen["woke"]) > 0, f"the mutations reach every way out: {seen}"
    assert peak < 10 * 2**20
