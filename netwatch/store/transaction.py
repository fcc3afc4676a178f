"""What can be done inside one transaction: every table module, bound to one connection."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection, delete, select

from netwatch.errors import StoreBroken
from netwatch.store import schema
from netwatch.store.attachments import Attachments
from netwatch.store.incidents import Acknowledgements, Incidents
from netwatch.store.journal import Journal
from netwatch.store.maintenance import Heartbeats, InventorySnapshots, Maintenance
from netwatch.store.outbox import Outbox
from netwatch.store.states import Blind, States, upsert
from netwatch.store.tickets import Requests, Tickets


class Transaction:
    """One transaction: all of it or nothing. `id` is None for a reader; `now` is the wall clock at its beginning."""

    def __init__(self, connection: Connection, *, tx_id: str | None, now: datetime) -> None:
        self.connection = connection
        self.id = tx_id
        self.now = now
        self._installation: dict[str, str] = {}

    @property
    def writes(self) -> bool:
        """Say whether it may write."""
        return self.id is not None

    @cached_property
    def states(self) -> States:
        """Device states and their history."""
        return States(self)

    @cached_property
    def blind(self) -> Blind:
        """Periods in which nothing was measured."""
        return Blind(self)

    @cached_property
    def incidents(self) -> Incidents:
        """Incidents and their evidence."""
        return Incidents(self)

    @cached_property
    def acknowledgements(self) -> Acknowledgements:
        """Who saw an incident."""
        return Acknowledgements(self)

    @cached_property
    def tickets(self) -> Tickets:
        """Tickets and their numbers."""
        return Tickets(self)

    @cached_property
    def requests(self) -> Requests:
        """Answers already given."""
        return Requests(self)

    @cached_property
    def attachments(self) -> Attachments:
        """Files named by tickets."""
        return Attachments(self)

    @cached_property
    def journal(self) -> Journal:
        """The chain."""
        return Journal(self)

    @cached_property
    def outbox(self) -> Outbox:
        """Messages decided."""
        return Outbox(self)

    @cached_property
    def maintenance(self) -> Maintenance:
        """Planned work from the command line."""
        return Maintenance(self)

    @cached_property
    def heartbeat(self) -> Heartbeats:
        """Signs of life of the processes."""
        return Heartbeats(self)

    @cached_property
    def inventories(self) -> InventorySnapshots:
        """Every inventory that was loaded."""
        return InventorySnapshots(self)

    def installation(self, name: str) -> str:
        """Return a fact of this installation that never changes, such as the id of its chain."""
        if name not in self._installation:
            value = self.setting(name)
            if value is None:
                raise StoreBroken(f"the database does not know its {name}; it was not made by `netwatch db upgrade`")
            self._installation[name] = value
        return self._installation[name]

    def setting(self, name: str) -> str | None:
        """Return a small fact of the database, None when it is not set."""
        table = schema.installation
        found: str | None = self.connection.scalar(select(table.c.value).where(table.c.name == name))
        return found

    def set_setting(self, name: str, value: str | None) -> None:
        """Set a small fact, or (None) take it away."""
        if value is None:
            self.connection.execute(delete(schema.installation).where(schema.installation.c.name == name))
        else:
            upsert(self, schema.installation, [{"name": name, "value": value}])

    def forget_before(self, moment: datetime) -> dict[str, int]:
        """Delete what is only needed for a while: ids of transactions, answers to requests, ended messages. Return the counts.

        History, journal, incidents and tickets stay. Thirty days are plenty: nobody repeats a request after a month.
        """
        tables = {
            "transactions": delete(schema.transactions).where(schema.transactions.c.at < moment),
            "requests": delete(schema.requests).where(schema.requests.c.at < moment),
            "outbox": delete(schema.outbox).where(schema.outbox.c.state != "waiting", schema.outbox.c.ended_at < moment),
        }
        return {name: self.connection.execute(statement).rowcount for name, statement in tables.items()}
