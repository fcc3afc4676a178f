"""The state of one device: `advance` moves it by one echo (DIAGNOSIS 1.1, 1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """What netwatch believes of a device. `unreachable` and `maintenance` are laid over by the pipeline, never by `advance`."""

    UNKNOWN = "unknown"
    UP = "up"
    SUSPECT = "suspect"
    DOWN = "down"
    UNREACHABLE = "unreachable"
    DEGRADED = "degraded"
    FLAPPING = "flapping"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers behind `down` and `up` (netwatch.yaml, detection): seconds, and alpha, the false `down` per device and year."""

    interval: float = 10.0
    timeout: float = 1.0
    confirm_window: float = 20.0
    false_down_per_device_year: float = 0.001
    up_after: float = 10.0
    suspect_interval: float = 1.0
    down_interval: float = 5.0


class DeviceState(NamedTuple):
    """What `advance` remembers of one device. All times are monotonic seconds of sending."""

    state: State = State.UNKNOWN  # only UNKNOWN, UP, SUSPECT, DOWN here; degraded and flapping are flags below
    since: float = 0.0
    first_lost_at: float | None = None  # the first lost echo of the present run of losses (t0)
    losses: int = 0  # consecutive lost echoes
    answers: int = 0  # consecutive answers since the last loss, counted while down
    first_answer_at: float | None = None
    last_answer_at: float | None = None
    last_echo_at: float | None = None
    loss_ratio: float = 0.01  # exponential average over scheduled echoes while up
    recent: int = 0  # bit field of the last 40 scheduled echoes while up, lowest bit the newest, 1 = lost
    degraded: bool = False
