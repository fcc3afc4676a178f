"""`kill -9` of a writing process: what was acknowledged is there, what was not is there wholly or not at all (P1, P2)."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from netwatch.store import Store
from netwatch.store.verify import verify

WRITER = """
import sys, itertools
from netwatch.store import Store
from tests.unit.store.examples import open_ticket, act
store = Store.open(sys.argv[1], state_directory=sys.argv[2])
for number in itertools.count():
    with store.begin(f"{sys.argv[3]}-{number}") as tx:
        ticket = act(tx, open_ticket(tx), "submit", "disposition")
        tx.outbox.put(f"{ticket.id}/opened", "log", {}, tx.now)
    print(ticket.id, flush=True)
"""
ROOT = Path(__file__).parents[3]


def test_what_was_acknowledged_survives_kill_9(store: Store) -> None:
    url, chance = store.url.set(drivername=store.url.get_backend_name()).render_as_string(hide_password=False), random.Random(7)
    acknowledged: list[str] = []
    for life in range(3):
        command = [sys.executable, "-c", WRITER, url, store.state_directory, f"life-{life}"]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randint(1, 15)):
                acknowledged.append(writer.stdout.readline().strip())  # noqa: PERF401 - as they come
            writer.kill()
            acknowledged += writer.stdout.read().split()
    assert verify(store) == []
    with store.read() as tx:
        tickets = tx.tickets.list()
        messages = {message.key for message in tx.outbox.list()}
    assert set(acknowledged) <= {ticket.id for ticket in tickets}
    assert all(ticket.version == 2 for ticket in tickets), "both halves of every act"
    assert messages == {f"{ticket.id}/opened" for ticket in tickets}
    assert len(tickets) - len(acknowledged) <= 3, "at most one unacknowledged act for each life"
