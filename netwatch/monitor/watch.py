"""What the running monitor keeps of one device: small, because a city has ten thousand of them."""

from __future__ import annotations

from collections import deque
from typing import Any

from netwatch.detect.state import DeviceState, State

TRAIL = 48  # echoes kept of a device in trouble, from its first lost one on: what the evidence is made of
OUTCOMES = 20  # scheduled echoes behind the loss that is shown
CERTAIN_LOSSES = 3
LOST = -1.0  # stands for "no reply" among the round-trip times
_UNKNOWN = DeviceState()  # one for all that were never asked


class Watch:
    """One device under watch. `owner` of the probe engine's target, so that a reply finds it without a look-up."""

    __slots__ = (
        "_trail",
        "covered",
        "device",
        "due",
        "explained_by",
        "grace_until",
        "hot",
        "interval",
        "refused_by",
        "rtt",
        "sent_at",
        "shown",
        "since",
        "state",
        "target",
        "unprobed",
    )

    def __init__(self, device: str, interval: float) -> None:
        self.device = device
        self.interval = interval
        self.state = _UNKNOWN
        self.target: Any = None  # the probe engine's handle
        self.shown = State.UNKNOWN  # what people see; written to the store when it changes
        self.since = 0.0  # of `shown`: seconds since 1970; 0: not yet
        self.explained_by: str | None = None  # the entry behind which this device is unreachable
        self.refused_by: str | None = None  # router that refused the last lost echo
        self.grace_until = 0.0  # no incident of its own before this monotonic time (recovery barrier)
        self.covered = False  # a maintenance window lies over it: no incident
        self.unprobed = False  # and it asks for no probing
        self.hot = False  # probed by its own due time instead of its slot in the round
        self.due = 0.0
        self.sent_at = 0.0  # the newest echo
        self.rtt = LOST
        self._trail: deque[tuple[float, float]] | None = None

    def remember(self, sent_at: float, rtt: float) -> None:
        """Keep one echo (round-trip time in seconds, or `LOST`): the newest of a calm device, more of a troubled one."""
        self.sent_at = sent_at
        self.rtt = rtt
        if self._trail is not None:
            self._trail.append((sent_at, rtt))

    def recent(self) -> list[tuple[float, float | None]]:
        """Return the remembered echoes, oldest first: (sent at, round-trip time in s or None when lost). Any thread may ask."""
        trail = tuple(self._trail) if self._trail is not None else ((self.sent_at, self.rtt),) if self.sent_at else ()
        return [(sent_at, None if rtt == LOST else rtt) for sent_at, rtt in trail]

    def last_rtt(self) -> float | None:
        """Return the newest round-trip time in seconds; None when the newest echo was lost or none was made."""
        return self.rtt if self.sent_at and self.rtt != LOST else None

    def loss(self) -> float:
        """Return the share of the newest 20 scheduled echoes that were lost, 0..1; 1 while every echo is lost."""
        if self.state.losses >= CERTAIN_LOSSES:
            return 1.0
        held = min(OUTCOMES, self.state.recent.bit_length() - 1)
        return (self.state.recent & ((1 << held) - 1)).bit_count() / held if held else 0.0

    def live(self) -> State:
        """Return what is believed now: a device that is silent but not yet judged is suspect, whatever is shown of it."""
        if self.shown in (State.UP, State.DEGRADED) and self.state.state in (State.SUSPECT, State.DOWN):
            return State.SUSPECT
        return self.shown

    def keep_trail(self, *, wanted: bool) -> None:
        """Keep the echoes from now on, the newest included (a device in trouble), or let them go (one that answers)."""
        if not wanted:
            self._trail = None
        elif self._trail is None:
            self._trail = deque(((self.sent_at, self.rtt),) if self.sent_at else (), maxlen=TRAIL)
