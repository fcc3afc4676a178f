"""SNMPv3: keys by the vectors of the RFC, messages of net-snmp, a dialogue with pysnmp, and everything that must be refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pysnmp.hlapi.v3arch import asyncio as pysnmp

from netwatch.observation import TrapKind
from netwatch.probe.snmp.traps.engine import LocalEngine, started
from netwatch.probe.snmp.traps.receiver import Outcome, Receiver, Sender
from netwatch.probe.snmp.traps.usm import ENGINES_KNOWN, Timeliness, User, key_of, localised
from netwatch.settings import Credential, Secret
from tests.unit.probe.trap_messages import AUTH_KEY, ENGINE_ID, PRIVACY_KEY, USER, V3_DISCOVERY, V3_SECRET, V3_SIGNED, user

OURS = LocalEngine(bytes.fromhex("80001f88056e657477617463682d31"), boots=7, started_at=0.0)
WOKE = Outcome("woke", TrapKind.COLD_START, ("kec-sw",))


class Desk:
    """A receiver and a clock."""

    def __init__(self, **log_in: str | None) -> None:
        self.now = 100.0
        self.receiver = Receiver(OURS, lambda: self.now)
        self.sender = Sender("kec-sw", None, user(**log_in))  # type: ignore[arg-type]

    def take(self, datagram: bytes) -> Outcome:
        return self.receiver.take(datagram, (self.sender,))


@pytest.mark.parametrize(
    ("protocol", "key"),
    [("md5", "526f5eed9fcce26f8964c2930787d82b"), ("sha", "6695febc9288e36282235fc7151f128497b38f3f")],
)
def test_a_password_becomes_the_key_of_an_engine_as_in_rfc_3414_a_3(protocol: str, key: str):
    engine = bytes.fromhex("000000000000000000000002")
    assert localised(key_of("maplesyrup", protocol), engine, protocol).hex() == key


@pytest.mark.parametrize("message", [V3_SIGNED, V3_SECRET], ids=["signed", "enciphered"])
def test_a_trap_of_the_devices_user_wakes_it(message: bytes):
    assert Desk().take(message) == WOKE


@pytest.mark.parametrize(
    "log_in",
    [{"auth_key": "kunci-yang-lain"}, {"auth": "sha"}, {"auth": "sha512"}, {"name": "orang-lain"}],
    ids=["key", "protocol", "longer protocol", "name"],
)
@pytest.mark.parametrize("message", [V3_SIGNED, V3_SECRET], ids=["signed", "enciphered"])
def test_another_key_protocol_or_name_is_refused_without_an_answer(message: bytes, log_in: dict[str, str]):
    assert Desk(**log_in).take(message) == Outcome("refused")


def test_a_message_that_was_changed_under_way_is_refused():
    """Every octet but one of the digest: whatever of the message is flipped, it wakes nobody."""
    for at in range(len(V3_SIGNED)):
        changed = bytearray(V3_SIGNED)
        changed[at] ^= 1
        assert Desk().take(bytes(changed)).result in ("refused", "malformed"), at


def test_an_enciphered_trap_for_a_user_without_a_privacy_key_is_refused():
    assert Desk(privacy=None).take(V3_SECRET) == Outcome("refused")
    assert Desk(privacy="des").take(V3_SECRET) == Outcome("refused")


def test_a_replayed_message_is_late_once_its_engine_has_moved_on():
    """RFC 3414 3.2.7: 150 seconds; the clock of the engine is what it has told, and time goes on here as well."""
    desk = Desk()
    assert desk.take(V3_SIGNED) == WOKE
    desk.now += 149
    assert desk.take(V3_SIGNED) == WOKE
    desk.now += 3
    assert desk.take(V3_SIGNED) == Outcome("late")


def test_the_clock_of_an_engine():
    known = Timeliness()
    assert known.fresh(ENGINE_ID, 3, 1000, 0.0)
    assert not known.fresh(ENGINE_ID, 2, 5000, 1.0), "boots never go back"
    assert known.fresh(ENGINE_ID, 4, 0, 2.0), "it has restarted"
    assert not known.fresh(ENGINE_ID, 3, 1002, 3.0), "what it sent before it restarted"
    assert known.fresh(b"another engine", 1, 1, 3.0)


def test_the_clocks_of_engines_are_bounded():
    """Only who has a key can add one; even so there is an end."""
    known = Timeliness()
    for number in range(ENGINES_KNOWN + 10):
        known.fresh(number.to_bytes(5, "big"), 1, 1, 0.0)
    assert len(known._engines) == ENGINES_KNOWN


def test_who_asks_for_our_engine_id_gets_it_if_a_user_may_call_from_there():
    desk = Desk()
    found = desk.take(V3_DISCOVERY)
    assert found.result == "discovery"
    assert found.answer is not None
    assert OURS.id in found.answer
    assert len(found.answer) < 2 * len(V3_DISCOVERY), "nothing to multiply a flood with"
    assert desk.receiver.take(V3_DISCOVERY, (Sender("kec-sw", Secret("komunitas"), None),)) == Outcome("refused")


# Dialogues with pysnmp, which is somebody else's implementation.

AUTH = {
    "md5": pysnmp.usmHMACMD5AuthProtocol,
    "sha": pysnmp.usmHMACSHAAuthProtocol,
    "sha224": pysnmp.usmHMAC128SHA224AuthProtocol,
    "sha256": pysnmp.usmHMAC192SHA256AuthProtocol,
    "sha384": pysnmp.usmHMAC256SHA384AuthProtocol,
    "sha512": pysnmp.usmHMAC384SHA512AuthProtocol,
}
PRIVACY = {
    None: pysnmp.usmNoPrivProtocol,
    "des": pysnmp.usmDESPrivProtocol,
    "aes": pysnmp.usmAesCfb128Protocol,
    "aes192": pysnmp.usmAesBlumenthalCfb192Protocol,
    "aes256": pysnmp.usmAesBlumenthalCfb256Protocol,
}


class Line(asyncio.DatagramProtocol):
    """A receiver on a real socket."""

    def __init__(self, receiver: Receiver, sender: Sender) -> None:
        self.receiver = receiver
        self.sender = sender
        self.seen: list[Outcome] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        found = self.receiver.take(data, (self.sender,))
        self.seen.append(found)
        if found.answer is not None:
            self.transport.sendto(found.answer, addr)  # type: ignore[attr-defined]


async def inform(receiver: Receiver, log_in: User, how: pysnmp.UsmUserData) -> tuple[str | None, list[str]]:
    """Send one coldStart inform with pysnmp; return its error and what the receiver saw."""
    loop = asyncio.get_running_loop()
    transport, line = await loop.create_datagram_endpoint(
        lambda: Line(receiver, Sender("kec-sw", None, log_in)), local_addr=("127.0.0.1", 0)
    )
    engine = pysnmp.SnmpEngine()
    try:
        target = await pysnmp.UdpTransportTarget.create(transport.get_extra_info("sockname"), timeout=2, retries=0)
        error, status, _, _ = await asyncio.wait_for(
            pysnmp.send_notification(
                engine,
                how,
                target,
                pysnmp.ContextData(),
                "inform",
                pysnmp.NotificationType(pysnmp.ObjectIdentity("1.3.6.1.6.3.1.1.5.1")),
            ),
            20,
        )
    finally:
        engine.close_dispatcher()
        transport.close()
    assert not status
    return (str(error) if error else None), [one.result for one in line.seen]


def told(auth: str, privacy: str | None, key: str = AUTH_KEY) -> pysnmp.UsmUserData:
    return pysnmp.UsmUserData(USER, key, PRIVACY_KEY if privacy else None, AUTH[auth], PRIVACY[privacy])


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("auth", "privacy"),
    [("md5", "des"), ("sha", "aes"), ("sha224", None), ("sha", "aes256"), ("sha384", "aes192"), ("sha512", "aes256")],
)
async def test_an_inform_of_pysnmp_is_acknowledged(auth: str, privacy: str | None):
    receiver = Receiver(OURS, lambda: 100.0)
    error, seen = await inform(receiver, user(auth=auth, privacy=privacy), told(auth, privacy))
    assert error is None
    assert seen[0] == "discovery"
    assert seen[-1] == "woke"


@pytest.mark.asyncio
async def test_an_inform_enciphered_the_way_of_cisco_is_acknowledged():
    """SHA-1 is too short for a key of AES-256; makers lengthen it in two ways."""
    how = pysnmp.UsmUserData(USER, AUTH_KEY, PRIVACY_KEY, AUTH["sha"], pysnmp.usmAesCfb256Protocol)
    error, seen = await inform(Receiver(OURS, lambda: 100.0), user(auth="sha", privacy="aes256"), how)
    assert (error, seen[-1]) == (None, "woke")


@pytest.mark.asyncio
async def test_an_inform_of_a_user_without_keys_is_acknowledged_and_a_signed_one_of_that_name_is_not():
    """Such a user is a community by another name; who signs is somebody else."""
    bare = User(Credential("v3", username=USER))
    error, seen = await inform(Receiver(OURS, lambda: 100.0), bare, pysnmp.UsmUserData(USER))
    assert (error, seen) == (None, ["discovery", "woke"])
    error, seen = await inform(Receiver(OURS, lambda: 100.0), bare, told("sha256", None))
    assert error is not None
    assert "woke" not in seen


@pytest.mark.asyncio
async def test_an_inform_with_a_wrong_key_is_never_acknowledged():
    error, seen = await inform(Receiver(OURS, lambda: 100.0), user(), told("sha256", "aes", key="kunci-yang-salah"))
    assert error is not None
    assert set(seen) == {"discovery", "refused"}


# Our engine


def test_the_engine_keeps_its_id_and_counts_its_starts(tmp_path: Path):
    first = started(tmp_path / "engine.json", 0.0)
    second = started(tmp_path / "engine.json", 50.0)
    assert (second.id, first.boots, second.boots) == (first.id, 1, 2)
    assert second.time(61.5) == 11
    assert second.in_window(2, 11, 61.5)
    assert not second.in_window(1, 11, 61.5)
    assert not second.in_window(2, 200, 61.5)


@pytest.mark.parametrize("text", ["", "{", "{}", '{"engine_id": "zz", "boots": 1}', '{"engine_id": "80", "boots": -1}', "[]"])
def test_a_spoilt_file_makes_a_new_engine(tmp_path: Path, text: str):
    (tmp_path / "engine.json").write_text(text, encoding="ascii")
    made = started(tmp_path / "engine.json", 0.0)
    assert made.boots == 1
    assert 5 <= len(made.id) <= 32
    assert made.id[0] & 0x80, "RFC 3411: the enterprise form"


def test_no_secret_is_shown_by_what_holds_it():
    held = repr(Sender("kec-sw", Secret("komunitas-rahasia"), user())) + repr(Credential("x", auth_key=Secret(AUTH_KEY)))
    assert "komunitas-rahasia" not in held
    assert AUTH_KEY not in held
