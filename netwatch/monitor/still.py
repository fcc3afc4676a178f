"""All watches as they were at one instant: a few copies made in milliseconds, for a thread to read while they move on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netwatch.monitor.watch import Watch


class Still(Mapping[str, Watch]):
    """Gives each watch as it was: state, window, grace and refusal, which is what a verdict reads."""

    def __init__(self, watches: Mapping[str, Watch]) -> None:
        self._states = {name: watch.state for name, watch in watches.items()}
        self._covered = {name for name, watch in watches.items() if watch.covered}
        self._grace = {name: watch.grace_until for name, watch in watches.items() if watch.grace_until}
        self._refused = {name: watch.refused_by for name, watch in watches.items() if watch.refused_by is not None}

    def __getitem__(self, name: str) -> Watch:
        """Return a watch as it was."""
        watch = Watch(name, 0.0)
        watch.state = self._states[name]
        watch.covered = name in self._covered
        watch.grace_until = self._grace.get(name, 0.0)
        watch.refused_by = self._refused.get(name)
        return watch

    def __contains__(self, name: object) -> bool:
        """Tell whether there was one."""
        return name in self._states

    def __iter__(self) -> Iterator[str]:
        """Walk their names."""
        return iter(self._states)

    def __len__(self) -> int:
        """Count them."""
        return len(self._states)
