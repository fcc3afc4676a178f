"""The series of every device as exposition text: 10,000 devices in the time in which a library writes 500.

Prometheus' text format (0.0.4) and OpenMetrics (1.0) write gauges the same way, so one block serves both; a test reads it back by
the parsers of the library. Everything else on the page is written by prometheus-client (docs/decisions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from netwatch.detect.state import State
from netwatch.inventory.model import Device
from netwatch.monitor.pipeline import Pipeline
from netwatch.monitor.watch import Watch

_VALUE = {State.UP: "1", State.DEGRADED: "1", State.DOWN: "0", State.UNREACHABLE: "0"}


def _up(watch: Watch, _: float) -> str | None:
    return _VALUE.get(watch.shown)


def _rtt(watch: Watch, _: float) -> str | None:
    newest = watch.last_rtt()
    return None if newest is None else f"{newest:.6g}"


def _loss(watch: Watch, _: float) -> str | None:
    return f"{watch.state.loss_ratio:.4g}"


def _last(watch: Watch, offset: float) -> str | None:
    at = watch.state.last_echo_at
    return None if at is None else f"{offset + at:.3f}"


_FAMILIES: tuple[tuple[str, str, Callable[[Watch, float], str | None]], ...] = (
    ("netwatch_device_up", "1 the device answers, 0 it is certainly silent; absent while nothing is known.", _up),
    ("netwatch_device_rtt_seconds", "Round-trip time of the newest answered echo.", _rtt),
    ("netwatch_device_packet_loss_ratio", "Share of echoes lost while up, weighted over about an hour.", _loss),
    ("netwatch_device_last_probe_timestamp_seconds", "When the newest echo was sent.", _last),
)
_INFO = b"# HELP netwatch_device_info What the device is; always 1.\n# TYPE netwatch_device_info gauge\n"
_SLICE = 500  # devices; between slices other threads (the probing) may run


def chunks(pipeline: Pipeline) -> Iterator[bytes]:
    """Yield the block for every watched device piece by piece: whole, it would be the largest thing in the process."""
    devices = pipeline.fleet.graph.inventory.devices
    watches = [(watch, devices[watch.device]) for watch in list(pipeline.fleet) if watch.device in devices]
    offset = pipeline.wall(0.0).timestamp()
    for name, text, value in _FAMILIES:
        yield f"# HELP {name} {text}\n# TYPE {name} gauge\n".encode()
        for begin in range(0, len(watches), _SLICE):
            lines = []
            for watch, device in watches[begin : begin + _SLICE]:
                shown = value(watch, offset)
                if shown is not None:
                    lines.append(f'{name}{{device="{device.id}",site="{device.site}"}} {shown}\n')
            yield "".join(lines).encode()
    yield _INFO
    for begin in range(0, len(watches), _SLICE):
        yield "".join([_info(device) for _, device in watches[begin : begin + _SLICE]]).encode()


def _info(device: Device) -> str:
    """Write one line of labels. Ids and enums need no escaping; the platform is a word of netmiko's, but an engineer typed it."""
    platform = _escaped(device.platform or "")
    vendor = platform.split("_", maxsplit=1)[0]
    place = f'device="{device.id}",site="{device.site}",role="{device.role}"'
    return f'netwatch_device_info{{{place},platform="{platform}",vendor="{vendor}"}} 1\n'


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
