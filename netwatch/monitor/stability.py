"""Which devices change too often to be believed: the flapping windows of the few that ever changed (DIAGNOSIS 1.6)."""

from __future__ import annotations

from collections import deque

from netwatch.detect.flapping import FlapEvent, Flapping

AT_ONCE = 500  # windows looked at in one go: after an outage of a whole city every device has one


class Stability:
    """Flapping windows by device. A device without changes has none."""

    def __init__(self) -> None:
        self._windows: dict[str, Flapping] = {}
        self._turn: deque[str] = deque()  # whose window is looked at next; those that changed go first

    def changed(self, device: str, now: float, *, counts: bool) -> None:
        """Note that the settled state moved between up and down; `counts` False: an ancestor was not up."""
        self._turn.appendleft(device)
        self._windows[device] = self._windows.get(device, Flapping()).record(now, now, counts=counts)

    def is_flapping(self, device: str) -> bool:
        """Tell whether this device is flapping now."""
        window = self._windows.get(device)
        return window is not None and window.is_flapping

    def flapping(self) -> frozenset[str]:
        """Return the devices that are flapping now."""
        return frozenset(device for device, window in self._windows.items() if window.is_flapping)

    def judge(self, now: float) -> list[tuple[str, bool]]:
        """Return the devices that began (True) or stopped (False) flapping; forget windows that have emptied.

        Called every second, each window has its turn many times in a slot of a minute, whatever the size of the city.
        """
        moved = []
        looked: set[str] = set()
        for _ in range(min(AT_ONCE, len(self._turn))):
            device = self._turn.popleft()
            window = self._windows.get(device)
            if window is None or device in looked:
                continue
            looked.add(device)
            judged, event = window.judge(now)
            if event is not None:
                moved.append((device, event is FlapEvent.BEGAN))
            if judged.changed or judged.is_flapping:
                self._windows[device] = judged
                self._turn.append(device)
            else:
                del self._windows[device]
        return moved

    def forget(self, device: str) -> None:
        """Drop a device that left the inventory."""
        self._windows.pop(device, None)
