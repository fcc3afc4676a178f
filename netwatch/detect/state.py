"""The state of one device: `advance` moves it by one echo (DIAGNOSIS 1.1, 1.2, 1.4, 1.5). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from netwatch.detect.loss import LOSS_WEIGHT, WINDOW_ECHOES, bad_window, losses_needed, update, update_baseline
from netwatch.observation import Echo


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


class Event(StrEnum):
    """What changed. Most echoes change nothing."""

    BECAME_SUSPECT = "became_suspect"
    CLEARED = "cleared"  # suspect -> up: the suspicion was wrong, or not proven
    BECAME_DOWN = "became_down"
    BECAME_UP = "became_up"  # from unknown or down
    BECAME_DEGRADED = "became_degraded"
    LEFT_DEGRADED = "left_degraded"


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


class Reach(StrEnum):
    """What the echoes of one device say at this instant (DIAGNOSIS 2.1)."""

    ANSWERING = "answering"  # one of its last three echoes was answered
    SILENT = "silent"  # everything lost since its first lost echo, at least three echoes
    UNSETTLED = "unsettled"  # neither yet


class DeviceState(NamedTuple):
    """What `advance` remembers of one device. All times are monotonic seconds of sending."""

    state: State = State.UNKNOWN  # only UNKNOWN, UP, SUSPECT, DOWN here; degraded and flapping are flags
    since: float = 0.0  # suspect, down: the first lost echo of the outage; up: the first answer
    first_lost_at: float | None = None  # the first lost echo of the present run of losses (t0); a stray answer ends the run
    losses: int = 0  # consecutive lost echoes
    answers: int = 0  # consecutive answers since the last loss, counted while down
    first_answer_at: float | None = None  # the first of those
    last_answer_at: float | None = None
    last_echo_at: float | None = None
    loss_ratio: float = 0.01  # exponential average over scheduled echoes while up
    recent: int = 1  # scheduled echoes while up: a leading 1, then one bit each, lowest the newest, 1 = lost
    degraded: bool = False
    baseline: float = 0.01  # loss that is normal here: the seven-day average behind k of DIAGNOSIS 1.5


class Transition(NamedTuple):
    """One step of one device: the new state, what changed (mostly nothing), and why as `code name=value ...`."""

    state: DeviceState
    event: Event | None
    reason: str


AGENT_SILENT = "agent_silent"  # why a device is shown as degraded when only its SNMP agent is silent: it does its work
ANSWERS_FOR_UP = 3
FAST_LANE_LOSSES = 3
FAST_LANE_READINGS_APART_S = 2.0
FAST_LANE_LOSS_RATIO = 0.10
SLOWEST_WHILE_DOWN_S = 10.0  # recovery is the product
_NEWEST = (1 << WINDOW_ECHOES) - 1
_TWO_WINDOWS_FULL = 1 << (2 * WINDOW_ECHOES)
_TOO_MANY = 1 << (4 * WINDOW_ECHOES)
_EPSILON = 1e-6  # ten additions of 0.1 are not 1.0
_UP = State.UP
_new_state = tuple.__new__  # half the price of calling the class; only where thousands are made at once


def advance(state: DeviceState, echo: Echo, policy: Policy) -> Transition:
    """Move one device's state by one echo. Reads no clock, sends nothing.

    The first rung is the quiet path that a thousand echoes a second take; everything else is a ladder in `_answered` and `_lost`.
    """
    _, sent_at, rtt, _, scheduled = echo
    if rtt is None:
        return _lost(state, echo, policy)
    now, since, _, _, _, _, last_answer_at, last_echo_at, loss_ratio, recent, degraded, baseline = state
    if now is not _UP:
        return _answered(state, echo, policy)
    if not scheduled:
        return Transition(
            state._replace(last_answer_at=sent_at, last_echo_at=sent_at, losses=0, first_lost_at=None), None, "answers"
        )
    if last_echo_at is not None and sent_at < last_echo_at:
        last_answer_at = max(last_answer_at or sent_at, sent_at)
        sent_at = last_echo_at
    else:
        last_answer_at = sent_at
    recent <<= 1
    moved = _new_state(
        DeviceState,
        (
            now,
            since,
            None,
            0,
            0,
            None,
            last_answer_at,
            sent_at,
            loss_ratio - loss_ratio * LOSS_WEIGHT,
            recent,
            degraded,
            baseline,
        ),
    )
    if recent >= _TWO_WINDOWS_FULL:
        return _judge_windows(moved, policy)
    return _new_state(Transition, (moved, None, "answers"))


def _lost(state: DeviceState, echo: Echo, policy: Policy) -> Transition:
    """Take one echo without an answer."""
    # A later echo was already answered: this loss is loss, not silence.
    if state.last_answer_at is not None and echo.sent_at < state.last_answer_at:
        return Transition(_count_loss(state, echo), None, "lost_before_last_answer")
    first_lost_at = echo.sent_at if state.first_lost_at is None else min(state.first_lost_at, echo.sent_at)
    last_echo_at = echo.sent_at if state.last_echo_at is None else max(state.last_echo_at, echo.sent_at)
    silent = _count_loss(state, echo)._replace(
        first_lost_at=first_lost_at, losses=state.losses + 1, answers=0, first_answer_at=None, last_echo_at=last_echo_at
    )
    # Down stays down; `since` keeps the start of the outage.
    if state.state is State.DOWN:
        return Transition(silent, None, "still_silent")
    # The first loss only makes us look closer.
    if state.state is not State.SUSPECT:
        suspect = silent._replace(state=State.SUSPECT, since=first_lost_at)
        return Transition(suspect, Event.BECAME_SUSPECT, f"first_lost_echo loss_ratio={silent.loss_ratio:.3f}")
    # Rule 1.2: enough losses in a row, and spread over the confirm window.
    needed = losses_needed(silent.loss_ratio, policy)
    span = last_echo_at - first_lost_at
    if silent.losses < needed or span < policy.confirm_window - _EPSILON:
        return Transition(silent, None, f"not_certain losses={silent.losses} needed={needed} span_s={span:.1f}")
    reason = f"certain_loss losses={silent.losses} needed={needed} span_s={span:.1f} loss_ratio={silent.loss_ratio:.3f}"
    return Transition(_down(silent), Event.BECAME_DOWN, reason)


def _count_loss(state: DeviceState, echo: Echo) -> DeviceState:
    """Feed the loss estimate: scheduled echoes while up only, re-probes are conditional on a loss."""
    if not echo.scheduled or state.state is not State.UP:
        return state
    recent = (state.recent << 1) | 1
    if recent >= _TOO_MANY:  # a device that answers re-probes only: no window is ever judged
        recent = (_NEWEST + 1) | (recent & _NEWEST)
    return state._replace(loss_ratio=update(state.loss_ratio, lost=True), recent=recent)


def _down(state: DeviceState) -> DeviceState:
    since = state.since if state.first_lost_at is None else state.first_lost_at
    return state._replace(state=State.DOWN, since=since, degraded=False, recent=1, answers=0, first_answer_at=None)


def _answered(state: DeviceState, echo: Echo, policy: Policy) -> Transition:
    """Take one answer of a device that is not up."""
    # Sent before the first loss: says nothing about the silence since then.
    if state.first_lost_at is not None and echo.sent_at < state.first_lost_at:
        return Transition(state, None, "answer_older_than_first_loss")
    last_echo_at = echo.sent_at if state.last_echo_at is None else max(state.last_echo_at, echo.sent_at)
    heard = state._replace(losses=0, first_lost_at=None, last_answer_at=echo.sent_at, last_echo_at=last_echo_at)
    # One answer proves `up`, unless it was certainly down.
    if state.state is State.SUSPECT:
        lasted = echo.sent_at - (echo.sent_at if state.first_lost_at is None else state.first_lost_at)
        up = heard._replace(state=State.UP, since=echo.sent_at, answers=0, first_answer_at=None)
        return Transition(up, Event.CLEARED, f"answered_while_suspect losses={state.losses} lasted_s={lasted:.1f}")
    if state.state is not State.DOWN:
        up = heard._replace(state=State.UP, since=echo.sent_at, answers=0, first_answer_at=None)
        return Transition(up, Event.BECAME_UP, "first_answer")
    # Down: three in a row over `up_after` seconds.
    first = echo.sent_at if state.first_answer_at is None else state.first_answer_at
    answers = state.answers + 1
    span = echo.sent_at - first
    if answers < ANSWERS_FOR_UP or span < policy.up_after - _EPSILON:
        recovering = heard._replace(answers=answers, first_answer_at=first)
        return Transition(recovering, None, f"recovering answers={answers} span_s={span:.1f}")
    up = heard._replace(state=State.UP, since=first, answers=0, first_answer_at=None, recent=1)
    return Transition(up, Event.BECAME_UP, f"answers_again answers={answers} span_s={span:.1f}")


def _judge_windows(state: DeviceState, policy: Policy) -> Transition:
    """Compare the two oldest full windows with the baseline, then forget the older one (DIAGNOSIS 1.5)."""
    held = state.recent.bit_length() - 1
    older = (state.recent >> (held - WINDOW_ECHOES) & _NEWEST).bit_count()
    newer = (state.recent >> (held - 2 * WINDOW_ECHOES) & _NEWEST).bit_count()
    kept = held - WINDOW_ECHOES
    k = bad_window(state.baseline, policy.interval)
    judged = state._replace(
        recent=(1 << kept) | (state.recent & ((1 << kept) - 1)), baseline=update_baseline(state.baseline, older)
    )
    reason = f"windows lost={older},{newer} of={WINDOW_ECHOES} bad_from={k} baseline={state.baseline:.3f}"
    if not state.degraded and older >= k and newer >= k:
        return Transition(judged._replace(degraded=True), Event.BECAME_DEGRADED, reason)
    if state.degraded and 2 * older < k and 2 * newer < k:
        return Transition(judged._replace(degraded=False), Event.LEFT_DEGRADED, reason)
    return Transition(judged, None, "answers")


def next_delay(state: DeviceState, policy: Policy, *, gate_passed: bool) -> float:
    """Return the seconds until the next echo of this device (DIAGNOSIS 1.2, 1.3).

    While a device that was down answers, often enough that the third answer comes `up_after` seconds after the first.
    """
    if state.state is State.SUSPECT:
        return policy.suspect_interval
    if state.state is not State.DOWN:
        return policy.interval
    if state.answers:
        return min(policy.down_interval, max(policy.suspect_interval, policy.up_after / (ANSWERS_FOR_UP - 1)))
    if gate_passed:
        return min(policy.interval, SLOWEST_WHILE_DOWN_S)
    return min(policy.interval, policy.down_interval)


def silent_for(state: DeviceState, now: float) -> float:
    """Return for how many seconds nothing was answered, counted from the first lost echo: what the ticket gate compares.

    0 while the device is not down, and while it answers: a stray answer restarts the gate, not the state (DIAGNOSIS 1.3).
    """
    if state.state is not State.DOWN or state.first_lost_at is None:
        return 0.0
    return max(0.0, now - state.first_lost_at)


def fast_lane(state: DeviceState, port_down_readings: Sequence[float], policy: Policy) -> bool:
    """Tell whether a suspect device may be called down at once (DIAGNOSIS 1.4).

    `port_down_readings`: monotonic times at which its upstream port read oper-down or err-disabled. A reading from before the
    first lost echo does not count, and a trap is no reading. Three echoes in one burst do not count as three.
    """
    if state.state is not State.SUSPECT or state.first_lost_at is None or state.loss_ratio > FAST_LANE_LOSS_RATIO:
        return False
    span = (state.last_echo_at or state.first_lost_at) - state.first_lost_at
    if state.losses < FAST_LANE_LOSSES or span < (FAST_LANE_LOSSES - 1) * policy.suspect_interval - _EPSILON:
        return False
    fresh = [at for at in port_down_readings if at >= state.first_lost_at]
    return len(fresh) >= 2 and max(fresh) - min(fresh) >= FAST_LANE_READINGS_APART_S - _EPSILON


def take_fast_lane(state: DeviceState) -> Transition:
    """Call a suspect device down because `fast_lane` says so."""
    return Transition(_down(state), Event.BECAME_DOWN, f"port_down_twice losses={state.losses}")


def silence_reach(state: DeviceState, since: float | None = None) -> Reach:
    """Classify one device for a snapshot. With `since` (t0 of the circle) only echoes sent then or later count (DIAGNOSIS 2.1).

    A device that was not probed since then is `unsettled`: never judge a device by a neighbour's old sample.
    """
    fresh_from = float("-inf") if since is None else since
    if state.last_echo_at is None or state.last_echo_at < fresh_from:
        return Reach.UNSETTLED
    if state.losses < 3 and state.last_answer_at is not None and state.last_answer_at >= fresh_from:
        return Reach.ANSWERING
    return Reach.SILENT if state.losses >= 3 else Reach.UNSETTLED


def forget(state: DeviceState) -> DeviceState:
    """Return `unknown`, remembering only how lossy the device is: after a freeze, a blind period, or for the recovery barrier."""
    unknown = (State.UNKNOWN, 0.0, None, 0, 0, None, None, None, state.loss_ratio, 1, False, state.baseline)
    return _new_state(DeviceState, unknown)


def drop_suspicion(state: DeviceState) -> DeviceState:
    """Return a suspect as `unknown`: its losses may be those of a monitor that was blind. Anything else stays as it is."""
    return forget(state) if state.state is State.SUSPECT else state
