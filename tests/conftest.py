"""Which tests stay on one worker: those that share one expensive thing, such as the city.

`pytest-xdist` 3.8 gives a group to its tests by a private name that pytest 9.2 does not read any more: `--dist loadgroup` then
spreads them silently, and two cities were built at a time. Remove this when `xdist_group` works again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    "tests/lab/test_city.py": "city",
    "tests/lab/test_watch.py": "city",
    "tests/process/test_reload.py": "process-reload",
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Return a scheduler that keeps the tests of a group on one worker, and spreads all others."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return TOGETHER.get(nodeid.split("::", 1)[0], nodeid)

    return Together(config, log)
