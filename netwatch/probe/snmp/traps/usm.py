"""The user-based security model for a receiver (RFC 3414, RFC 7860): keys of a log-in, digests, and how old a message may be.

A password becomes a key once, by hashing a mebibyte; making it the key of one engine is a single short hash, so that a sender who
invents engine ids costs us next to nothing and no memory.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from netwatch.probe.snmp.traps.ciphers import KEY_SIZES
from netwatch.probe.snmp.traps.message import Secured
from netwatch.settings import Credential

EXPANDED = 2**20  # octets of repeated password that are hashed (RFC 3414 A.2)
DIGEST_OCTETS = {"md5": 12, "sha": 12, "sha224": 16, "sha256": 24, "sha384": 32, "sha512": 48}  # RFC 3414 6, 7; RFC 7860 4.2
WINDOW_S = 150  # how old a message may be (RFC 3414 2.2.3)
ENGINES_KNOWN = 20_000


def hash_name(protocol: str) -> str:
    """Return hashlib's name of an authentication protocol."""
    return "sha1" if protocol == "sha" else protocol


def key_of(password: str, protocol: str) -> bytes:
    """Return the key a password stands for, not yet that of an engine (RFC 3414 A.2)."""
    return expanded(password.encode(), protocol)


def expanded(octets: bytes, protocol: str) -> bytes:
    """Return the hash of a mebibyte of these octets, one after the other."""
    return hashlib.new(hash_name(protocol), (octets * (EXPANDED // len(octets) + 1))[:EXPANDED]).digest()


def localised(key: bytes, engine_id: bytes, protocol: str) -> bytes:
    """Return a key as that of one engine (RFC 3414 2.6)."""
    return hashlib.new(hash_name(protocol), key + engine_id + key).digest()


class User:
    """One SNMPv3 log-in of credentials.yaml, as keys."""

    def __init__(self, credential: Credential) -> None:
        assert credential.username is not None
        self.name = credential.username.encode()
        self.authenticates = credential.auth_key is not None
        self.privacy = (credential.privacy_protocol or "").removesuffix("c") or None  # both ways to lengthen a key are tried
        self._protocol = credential.auth_protocol or ""
        self._credential = credential
        self._lengthened: dict[bytes, bytes] = {}  # engine id -> second half of a key

    @cached_property
    def _auth_key(self) -> bytes:
        assert self._credential.auth_key is not None
        return key_of(self._credential.auth_key.reveal(), self._protocol)

    @cached_property
    def _privacy_key(self) -> bytes:
        assert self._credential.privacy_key is not None
        return key_of(self._credential.privacy_key.reveal(), self._protocol)

    def prepare(self) -> None:
        """Hash the passwords now: some milliseconds that no trap has to wait for."""
        if self.authenticates:
            _ = self._auth_key
        if self.privacy is not None:
            _ = self._privacy_key

    @property
    def digest_octets(self) -> int:
        """Return how long this user's digests are."""
        return DIGEST_OCTETS[self._protocol]

    def digest(self, message: bytes, digest_at: int, engine_id: bytes) -> bytes:
        """Return the digest of a message whose digest, lying at `digest_at`, counts as zeros."""
        size = self.digest_octets
        blank = message[:digest_at] + bytes(size) + message[digest_at + size :]
        key = localised(self._auth_key, engine_id, self._protocol)
        return hmac.digest(key, blank, hash_name(self._protocol))[:size]

    def signed(self, message: Secured) -> bool:
        """Tell whether this user made the message."""
        if len(message.digest) != self.digest_octets:
            return False
        return hmac.compare_digest(self.digest(message.data, message.digest_at, message.engine_id), message.digest)

    def privacy_keys(self, engine_id: bytes) -> Iterator[bytes]:
        """Yield the keys with which this user may have enciphered for an engine: one, or two where makers disagree.

        Where the hash is shorter than the key, some lengthen it by hashing it again (draft-blumenthal-aes-usm-04), others by
        turning it into a key once more (draft-reeder-snmpv3-usm-3desede; Cisco and those who follow it). The latter takes two
        milliseconds, so it is remembered; ask only for messages that are signed.
        """
        assert self.privacy is not None
        size = KEY_SIZES[self.privacy]
        key = localised(self._privacy_key, engine_id, self._protocol)
        if len(key) >= size:
            yield key[:size]
            return
        yield (key + hashlib.new(hash_name(self._protocol), key).digest())[:size]
        again = self._lengthened.get(engine_id)
        if again is None:
            if len(self._lengthened) >= ENGINES_KNOWN:
                self._lengthened.clear()
            again = self._lengthened[engine_id] = localised(expanded(key, self._protocol), engine_id, self._protocol)
        yield (key + again)[:size]


@dataclass(slots=True)
class _Known:
    boots: int
    time: int  # the newest the engine has told, seconds
    at: float  # our monotonic clock when it told


class Timeliness:
    """What time it is in the engines that send traps, by their own authenticated word (RFC 3414 3.2.7 b). Bounded."""

    def __init__(self) -> None:
        self._engines: OrderedDict[bytes, _Known] = OrderedDict()

    def fresh(self, engine_id: bytes, boots: int, time: int, now: float) -> bool:
        """Tell whether an authenticated message is new enough, and learn from it. The first of an engine is believed."""
        known = self._engines.get(engine_id)
        if known is None:
            if len(self._engines) >= ENGINES_KNOWN:
                self._engines.popitem(last=False)
            self._engines[engine_id] = _Known(boots, time, now)
            return True
        expected = known.time + (now - known.at)
        if boots < known.boots or (boots == known.boots and time < expected - WINDOW_S):
            return False
        if boots > known.boots or time > known.time:
            self._engines[engine_id] = _Known(boots, time, now)
            self._engines.move_to_end(engine_id)
        return True
