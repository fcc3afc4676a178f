"""One datagram from a known address: read, authorised, named; and what the sender of an inform is owed.

Who may not call gets no answer at all. Of SNMPv3 two answers go out before anybody has proved who he is or that he is on time,
because without them no inform can be made: our engine id, and, signed, our clock (RFC 3414 3.2.3, 3.2.7).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from netwatch.observation import TrapKind
from netwatch.probe.snmp import ber
from netwatch.probe.snmp.ber import BerError
from netwatch.probe.snmp.client import Oid
from netwatch.probe.snmp.traps import ciphers
from netwatch.probe.snmp.traps.engine import LocalEngine
from netwatch.probe.snmp.traps.message import (
    AUTHENTICATED,
    ENCRYPTED,
    REPORTABLE,
    Open,
    Secured,
    made_secured,
    read_message,
)
from netwatch.probe.snmp.traps.pdu import Notification, read_pdu
from netwatch.probe.snmp.traps.usm import Timeliness, User
from netwatch.settings import Secret

LARGEST = 8192  # octets of a datagram that is read; a notification has a few hundred
REPORT = 0xA8
COUNTER32 = 0x41
UNKNOWN_ENGINE_IDS: Oid = (1, 3, 6, 1, 6, 3, 15, 1, 1, 4, 0)  # usmStatsUnknownEngineIDs.0
NOT_IN_TIME_WINDOWS: Oid = (1, 3, 6, 1, 6, 3, 15, 1, 1, 2, 0)  # usmStatsNotInTimeWindows.0

WOKE, OTHER, REFUSED, LATE, MALFORMED, DISCOVERY = "woke", "other", "refused", "late", "malformed", "discovery"
RESULTS = (WOKE, OTHER, REFUSED, LATE, MALFORMED, DISCOVERY)


@dataclass(frozen=True, slots=True)
class Sender:
    """A device that may call from an address, and what proves it: the community of v1 and v2c, or the user of v3."""

    device: str
    community: Secret | None
    user: User | None


class Outcome(NamedTuple):
    """What one datagram was. `devices` are set when it was authorised."""

    result: str
    kind: TrapKind | None = None
    devices: tuple[str, ...] = ()
    answer: bytes | None = None


class Receiver:
    """Takes datagrams. Keeps nothing of them but the clocks of the engines that sent them."""

    def __init__(self, engine: LocalEngine, monotonic: Callable[[], float]) -> None:
        self._engine = engine
        self._monotonic = monotonic
        self._timeliness = Timeliness()
        self._unknown_engine_ids = self._not_in_time_windows = 0

    def take(self, datagram: bytes, senders: Sequence[Sender]) -> Outcome:
        """Say what this datagram from the address of these devices is. Whatever its octets: never raises."""
        try:
            if len(datagram) > LARGEST:
                return Outcome(MALFORMED)
            message = read_message(datagram)
            if isinstance(message, Open):
                return self._open(message, senders)
            return self._secured(message, senders)
        except BerError:
            return Outcome(MALFORMED)

    def _open(self, message: Open, senders: Sequence[Sender]) -> Outcome:
        devices = tuple(
            one.device for one in senders if one.community is not None and _is_community(one.community, message.community)
        )
        if not devices:
            return Outcome(REFUSED)
        note = read_pdu(message.data, message.at, message.end, version=message.version)
        answer = None
        if note.response is not None:
            version, community = ber.made_integer(message.version), ber.made(ber.OCTETS, message.community)
            answer = ber.made(ber.SEQUENCE, version, community, note.response)
        return _noted(note, devices, answer)

    def _secured(self, message: Secured, senders: Sequence[Sender]) -> Outcome:
        if not message.engine_id:  # who are you, and what time is it there?
            usable = message.flags & REPORTABLE and any(one.user is not None for one in senders)
            return Outcome(DISCOVERY, answer=self._unknown_engine_id(message)) if usable else Outcome(REFUSED)
        found = [(one.device, one.user) for one in senders if one.user is not None and _is(one.user, message)]
        if not found:
            return Outcome(REFUSED)
        devices, user = tuple(device for device, _ in found), found[0][1]
        now = self._monotonic()
        to_us = message.engine_id == self._engine.id
        if user.authenticates:
            if to_us and not self._engine.in_window(message.boots, message.time, now):
                if not message.flags & REPORTABLE:
                    return Outcome(LATE)
                return Outcome(DISCOVERY, answer=self._not_in_time(message, user))
            if not to_us and not self._timeliness.fresh(message.engine_id, message.boots, message.time, now):
                return Outcome(LATE)
        opened = _opened(message, user)
        if opened is None:
            return Outcome(REFUSED)
        scope, key = opened
        note, context = _scoped(scope)
        if note.response is None:
            return _noted(note, devices, None)
        if not to_us:  # an inform for an engine that we are not (any more): told so, its sender asks who we are
            return Outcome(DISCOVERY, answer=self._unknown_engine_id(message) if message.flags & REPORTABLE else None)
        return _noted(note, devices, self._signed(message.number, user, context + note.response, now, key=key))

    # Answers

    def _unknown_engine_id(self, message: Secured) -> bytes:
        self._unknown_engine_ids += 1
        report = self._report(UNKNOWN_ENGINE_IDS, self._unknown_engine_ids)
        engine = self._engine
        made, _ = made_secured(
            message.number,
            0,
            engine_id=engine.id,
            boots=engine.boots,
            time=engine.time(self._monotonic()),
            user=b"",
            payload=ber.made(ber.SEQUENCE, report),
            largest=LARGEST,
        )
        return made

    def _not_in_time(self, message: Secured, user: User) -> bytes:
        self._not_in_time_windows += 1
        return self._signed(
            message.number, user, self._report(NOT_IN_TIME_WINDOWS, self._not_in_time_windows), self._monotonic(), key=None
        )

    def _report(self, counter: Oid, value: int) -> bytes:
        """Return our engine id, no context name and a Report with one counter: the inside of a scoped PDU."""
        zero = ber.made_integer(0)
        one = ber.made(ber.SEQUENCE, ber.made_oid(counter), ber.made_integer(value & 0xFFFFFFFF, COUNTER32))
        report = ber.made(REPORT, zero, zero, zero, ber.made(ber.SEQUENCE, one))
        return ber.made(ber.OCTETS, self._engine.id) + ber.made(ber.OCTETS) + report

    def _signed(self, number: int, user: User, scope: bytes, now: float, *, key: bytes | None) -> bytes:
        """Return a message of ours for a user, signed if he signs, enciphered if `key` is given."""
        engine = self._engine
        time, salt, flags = engine.time(now), b"", 0
        payload = ber.made(ber.SEQUENCE, scope)
        if key is not None:
            assert user.privacy is not None
            secret, salt = ciphers.encrypted(user.privacy, key, boots=engine.boots, time=time, data=payload)
            payload = ber.made(ber.OCTETS, secret)
            flags |= ENCRYPTED
        size = 0
        if user.authenticates:
            size = user.digest_octets
            flags |= AUTHENTICATED
        made, digest_at = made_secured(
            number,
            flags,
            engine_id=engine.id,
            boots=engine.boots,
            time=time,
            user=user.name,
            digest=bytes(size),
            salt=salt,
            payload=payload,
            largest=LARGEST,
        )
        if not size:
            return made
        return made[:digest_at] + user.digest(made, digest_at, engine.id) + made[digest_at + size :]


def _is_community(secret: Secret, given: bytes) -> bool:
    return hmac.compare_digest(secret.reveal().encode(), given)


def _is(user: User, message: Secured) -> bool:
    """Tell whether a message comes from this user: by his name, and by his signature if he has a key."""
    if not hmac.compare_digest(user.name, message.user):
        return False
    if not user.authenticates:
        return not message.flags & (AUTHENTICATED | ENCRYPTED)
    return bool(message.flags & AUTHENTICATED) and user.signed(message)


def _opened(message: Secured, user: User) -> tuple[bytes, bytes | None] | None:
    """Return the scoped PDU in the clear and the key it was enciphered with; None when it cannot be read."""
    if not message.flags & ENCRYPTED:
        return message.data[message.at : message.end], None
    if user.privacy is None:
        return None
    secret, _ = ber.octets(message.data, message.at, message.end)
    for key in user.privacy_keys(message.engine_id):
        plain = ciphers.decrypted(user.privacy, key, boots=message.boots, time=message.time, salt=message.salt, data=secret)
        if plain is not None and plain[0] == ber.SEQUENCE and _is_scope(plain):
            return plain, key
    return None


def _is_scope(plain: bytes) -> bool:
    try:
        _scoped(plain)
    except BerError:
        return False
    return True


def _scoped(scope: bytes) -> tuple[Notification, bytes]:
    """Return the notification in a scoped PDU, and its context (engine id and name) as it stood there."""
    start, end = ber.inside(scope, 0, len(scope), ber.SEQUENCE)
    _, at = ber.octets(scope, start, end)
    _, at = ber.octets(scope, at, end)
    return read_pdu(scope, at, end, version=3), scope[start:at]


def _noted(note: Notification, devices: tuple[str, ...], answer: bytes | None) -> Outcome:
    return Outcome(OTHER if note.kind is None else WOKE, note.kind, devices, answer)
