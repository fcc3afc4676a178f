"""What an SNMP engine must offer, in plain values: numbers, octets, object identifiers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from netwatch.settings import Secret

Oid = tuple[int, ...]
Value = int | bytes | Oid | None  # None: noSuchObject, noSuchInstance or Null: the agent has no value there


@dataclass(frozen=True, slots=True)
class Agent:
    """One SNMP agent and how to talk to it. `address` is numeric. Times are seconds."""

    device: str
    address: str
    community: Secret | None = None  # v1, v2c
    port: int = 161
    version: str = "2c"  # 1 | 2c | 3
    timeout: float = 2.0
    retries: int = 2
    bulk: bool = True
    engine: str = "auto"  # auto | pysnmp | gufo
    username: str | None = None  # v3, as everything below
    auth_protocol: str | None = None  # md5 | sha | sha224 | sha256 | sha384 | sha512
    auth_key: Secret | None = None
    privacy_protocol: str | None = None  # des | aes | aes192 | aes256 | aes192c | aes256c
    privacy_key: Secret | None = None
    context: str = ""

    @property
    def patience(self) -> float:
        """Return how long one request may take, retries included."""
        return self.timeout * (self.retries + 1) + 0.5


class SnmpError(Exception):
    """An exchange that brought no value. `key` is stable: timeout, malformed, refused, credential, version, local."""

    def __init__(self, key: str, detail: str = "", *, status: str | None = None, index: int = 0) -> None:
        self.key = key
        self.status = status  # of a refusal: tooBig, noSuchName, genErr, ...
        self.index = index  # of a refusal: which OID, counted from 1; 0: none in particular
        super().__init__(f"{key}: {detail}" if detail else key)


class SnmpClient(Protocol):
    """One engine, or a choice of them. Every call ends within `agent.patience`, with a value or with an SnmpError."""

    def engine_of(self, agent: Agent) -> str:
        """Return which engine speaks to this agent."""

    def notes(self, agent: Agent) -> tuple[str, ...]:
        """Return what is odd about how an agent answers, as codes: `answers_from:ADDRESS`."""

    async def get(self, agent: Agent, oids: Sequence[Oid]) -> Mapping[Oid, Value]:
        """Return the values of these objects, None where the agent has none."""

    async def following(self, agent: Agent, oid: Oid, repetitions: int, *, under: Oid) -> Sequence[tuple[Oid, Value]]:
        """Return what follows `oid`: one object (GETNEXT) or up to `repetitions` (GETBULK).

        `under` is the subtree that is being walked: behind it there may be fewer objects or none, as at the end of the view.
        """

    def forget(self, device: str) -> None:
        """Forget what was learned about a device: it moved, was replaced or left."""

    def close(self) -> None:
        """Close the sockets."""
