"""Which devices change too often to be believed: the flapping windows of the few that ever changed (DIAGNOSIS 1.6)."""

from __future__ import annotations

from netwatch.detect.flapping import FlapEvent, Flapping


class Stability:
    """Flapping windows by device. A device without changes has none."""

    def __init__(self) -> None:
        self._windows: dict[str, Flapping] = {}

    def changed(self, device: str, now: float, *, counts: bool) -> None:
        """Note that the settled state moved between up and down; `counts` False: an ancestor was not up."""
        self._windows[device] = self._windows.get(device, Flapping()).record(now, now, counts=counts)

    def is_flapping(self, device: str) -> bool:
        """Tell whether this device is flapping now."""
        window = self._windows.get(device)
        return window is not None and window.is_flapping

    def judge(self, now: float) -> list[tuple[str, bool]]:
        """Return the devices that began (True) or stopped (False) flapping; forget windows that have emptied."""
        moved = []
        for device, window in list(self._windows.items()):
            judged, event = window.judge(now)
            if event is not None:
                moved.append((device, event is FlapEvent.BEGAN))
            if judged.changed or judged.is_flapping:
                self._windows[device] = judged
            else:
                del self._windows[device]
        return moved

    def forget(self, device: str) -> None:
        """Drop a device that left the inventory."""
        self._windows.pop(device, None)
