"""The invariants of RELIABILITY 5 (I1-I8) on a simulated machine's database, as `netwatch db verify` checks them."""

from __future__ import annotations

from pathlib import Path

from netwatch.casework.world import load_world
from netwatch.settings import load_settings
from netwatch.store import Store


def violations(machine: Path) -> list[str]:
    """Return every violation as text."""
    from netwatch.store.verify import verify

    settings = load_settings(machine / "netwatch.yaml", environ={})
    load_world(settings)
    store = Store.open(settings.database, state_directory=settings.state_directory)
    try:
        return [str(violation) for violation in verify(store)]
    finally:
        store.close()
