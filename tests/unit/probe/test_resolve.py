"""A name that does not resolve is not a device that does not answer."""

from __future__ import annotations

import socket
import threading

import pytest

from netwatch.probe.resolve import Resolution, Resolver, is_numeric


@pytest.mark.asyncio
async def test_numeric_addresses_ask_nobody():
    asked = []
    found = await Resolver(asked.append).resolve(["10.0.0.1", "2001:db8::1", "10.0.0.1"])
    assert found == {"10.0.0.1": Resolution("10.0.0.1", "10.0.0.1"), "2001:db8::1": Resolution("2001:db8::1", "2001:db8::1")}
    assert asked == []


@pytest.mark.asyncio
async def test_the_last_good_address_is_kept_while_the_name_service_is_away():
    answers = ["10.0.0.7", socket.gaierror(-3, "Temporary failure in name resolution")]

    def look_up(name: str) -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    resolver = Resolver(look_up)
    assert (await resolver.resolve(["sw"]))["sw"] == Resolution("sw", "10.0.0.7")
    assert (await resolver.resolve(["sw"]))["sw"] == Resolution("sw", "10.0.0.7", "Temporary failure in name resolution")


@pytest.mark.asyncio
async def test_a_name_that_was_never_known_has_no_address_and_a_reason():
    def look_up(name: str) -> str:
        raise socket.gaierror(-2, "Name or service not known")

    found = (await Resolver(look_up).resolve(["sw"]))["sw"]
    assert found.address is None
    assert found.error == "Name or service not known"


@pytest.mark.asyncio
async def test_a_name_service_that_hangs_delays_nobody_else():
    release = threading.Event()

    def look_up(name: str) -> str:
        if name == "slow":
            release.wait(5)
        return "10.0.0.1"

    try:
        found = await Resolver(look_up, patience=0.1).resolve(["slow", "quick"])
    finally:
        release.set()
    assert found["quick"].address == "10.0.0.1"
    assert found["slow"].address is None
    assert "within 0.1 s" in (found["slow"].error or "")


@pytest.mark.parametrize("text", ["10.1", "010.0.0.1", "sw.kota.invalid", "", "fe80::1%", "1"])
def test_what_may_be_read_in_two_ways_is_a_name(text):
    assert not is_numeric(text)
