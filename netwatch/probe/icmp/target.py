"""Who is asked, who is told, and what is counted."""

from __future__ import annotations

import socket
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from netwatch.probe.icmp.channel import Channel

Destination = tuple[str, int] | tuple[str, int, int, int]


class Refusal(NamedTuple):
    """An ICMP error that quoted one of our echoes: a fact about the way, never an answer."""

    sent_at: float  # monotonic seconds: when the quoted echo left
    by: str  # address of the router (or of this host) that sent the error
    type: int
    code: int


class Target:
    """One address to ask. `owner` belongs to the caller: what he hangs there comes back with every result, without a look-up.

    Compared by identity: two devices may share an address without sharing answers.
    """

    __slots__ = ("active", "address", "channel", "device", "owner", "packed", "refusal", "source", "zone")

    def __init__(self, device: str, address: str, owner: Any = None) -> None:
        """Parse a numeric IPv4 or IPv6 address (with a zone for link-local ones). Raises ValueError for anything else."""
        self.source = address  # as the kernel writes the sender of an answer
        self.zone = 0  # interface index of a link-local address
        try:
            if ":" in address:
                found: Any = socket.getaddrinfo(address, None, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST)[0][4]
                self.source, self.zone = str(found[0]).split("%", maxsplit=1)[0], int(found[3])
            self.packed = int.from_bytes(socket.inet_pton(self.family, self.source), "big")
        except (OSError, ValueError) as error:
            raise ValueError(f"device {device!r}: {address!r} is not a numeric address; resolve names first") from error
        self.device = device
        self.address = address
        self.owner = owner
        self.active = True
        self.refusal: Refusal | None = None  # the newest ICMP error since the last answer
        self.channel: Channel | None = None

    @property
    def family(self) -> int:
        """Return the address family."""
        return int(socket.AF_INET6 if ":" in self.source else socket.AF_INET)

    @property
    def destination(self) -> Destination:
        """Return what `sendto` wants. Made anew each time: a tuple kept for each of 100,000 targets costs more than making it."""
        return (self.source, 0, 0, self.zone) if ":" in self.source else (self.source, 0)

    def __repr__(self) -> str:
        """Show device and address."""
        return f"Target({self.device!r}, {self.address!r})"


class Sink(Protocol):
    """Where results go. Called from inside the engine: may call `send` and `send_many`, must not raise.

    Do not send again from inside `not_probed`: what this machine refuses now it refuses at once again.
    """

    def answered(self, target: Target, sent_at: float, rtt: float, scheduled: bool) -> None:  # noqa: FBT001 - positional: called a thousand times a second
        """Take an answer, read `rtt` seconds after the request left at `sent_at` (monotonic).

        More than the timeout when this process was late to read: alive all the same, but the time says more of us than of it.
        """

    def lost(self, target: Target, sent_at: float, refused_by: str | None, scheduled: bool) -> None:  # noqa: FBT001
        """Take a silence: no answer within the timeout; `refused_by` is the router that sent an ICMP error, if one did."""

    def not_probed(self, target: Target, at: float, reason: str) -> None:
        """Take a probe that was not made, or cannot be judged.

        Reasons: an errno name (`enetunreach`), `socket_drop`, `in_flight`, `no_socket`.
        """


@dataclass(slots=True)
class Counters:
    """What the engine counted since it was made. Plain integers; read them whenever you like."""

    sent: int = 0
    answered: int = 0
    lost: int = 0
    not_probed: int = 0
    late: int = 0  # an answer after its echo was reported lost
    duplicate: int = 0  # a second answer to one echo
    wrong_source: int = 0  # our echo, answered from an address we did not ask
    wrong_nonce: int = 0  # our id and sequence, somebody else's payload
    foreign: int = 0  # answers to, and errors about, other programs' echoes
    malformed: int = 0  # too short to be what it says it is
    refusals: int = 0  # ICMP errors about our echoes
    drops: int = 0  # datagrams the kernel threw away because our receive buffer was full
    local_errors: Counter[str] = field(default_factory=Counter)  # reason -> probes not made

    def ignored(self) -> int:
        """Return how many packets were read and belonged to no echo of ours that still waited."""
        return self.late + self.duplicate + self.wrong_source + self.wrong_nonce + self.foreign + self.malformed
