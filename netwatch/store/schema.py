"""Every table netwatch has, the same on SQLite and PostgreSQL. Changed only together with a migration.

Times are RFC 3339 UTC text with 6 digits (`canonical.instant`): the same octets in both databases, and they sort as time does.
A record of another room is its JSON in `body`; the columns beside it are copies for searching and for unique indexes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from netwatch.store.canonical import instant, parse_instant

REVISION = "0001"  # the newest migration; a test compares it with Alembic's head

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Write a time as text."""
        return None if value is None else instant(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read a time back, aware and UTC."""
        return None if value is None else parse_instant(value)


def _number() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


installation = Table("installation", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

transactions = Table(
    "transactions", metadata, Column("id", Text, primary_key=True), Column("at", Instant, nullable=False, index=True)
)

# --- devices -----------------------------------------------------------------------------------------------------------------

device_states = Table(
    "device_states",
    metadata,
    Column("device", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("explained_by", Text),
    Column("loss_ratio", Float, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

transitions = Table(
    "transitions",
    metadata,
    _number(),
    Column("device", Text, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("from_state", Text),
    Column("to_state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_transitions_device_at", "device", "at"),
    sqlite_autoincrement=True,  # a number on paper must not come back as another one
)

blind_periods = Table(
    "blind_periods",
    metadata,
    _number(),
    Column("device", Text),  # NULL: the whole monitor was blind
    Column("began_at", Instant, nullable=False, index=True),
    Column("ended_at", Instant),
    Column("reason", Text, nullable=False),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("process", Text, primary_key=True),
    Column("last_cycle_at", Instant, nullable=False),
    Column("isolated", Integer, nullable=False),
    Column("version", Text, nullable=False),
)

inventory_snapshots = Table(
    "inventory_snapshots",
    metadata,
    _number(),
    Column("digest", Text, nullable=False),
    Column("loaded_at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("text", Text, nullable=False),
    sqlite_autoincrement=True,  # a number on paper must not come back as another one
)

maintenance_windows = Table(
    "maintenance_windows",
    metadata,
    Column("id", Text, primary_key=True),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),  # ended early, by a person
    Column("body", Text, nullable=False),
)

# --- incidents ---------------------------------------------------------------------------------------------------------------

incidents = Table(
    "incidents",
    metadata,
    _number(),
    Column("key", Text, nullable=False, unique=True),
    Column("locus", Text, nullable=False),  # sorted device ids, joined by a blank
    Column("state", Text, nullable=False),
    Column("began_at", Instant, nullable=False, index=True),
    Column("ended_at", Instant, index=True),
    Column("kind", Text, nullable=False),
    Column("element", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("ticket", Text),
    Column("updated_at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    sqlite_autoincrement=True,  # a number on paper must not come back as another one
)
Index(
    "uq_incidents_open_locus",
    incidents.c.locus,
    unique=True,
    sqlite_where=incidents.c.state == "open",
    postgresql_where=incidents.c.state == "open",
)

# The locus of two open incidents may not even overlap: one row per entry device of an open incident (P4).
open_locus = Table(
    "open_locus",
    metadata,
    Column("device", Text, primary_key=True),
    Column("incident", Integer, ForeignKey("incidents.id"), nullable=False, index=True),
)

evidence = Table(
    "evidence",
    metadata,
    _number(),
    Column("incident", Integer, ForeignKey("incidents.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("incident", "kind", "sha256"),
)

acknowledgements = Table(
    "acknowledgements",
    metadata,
    _number(),
    Column("incident", Integer, ForeignKey("incidents.id"), nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("expires_at", Instant),
    Column("ended_at", Instant),
)

# --- tickets -----------------------------------------------------------------------------------------------------------------

tickets = Table(
    "tickets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False, index=True),
    Column("origin", Text, nullable=False),
    Column("site", Text, nullable=False, index=True),
    Column("opd", Text),
    Column("step", Text, nullable=False),
    Column("due_at", Instant),
    Column("held", Integer, nullable=False),
    Column("incident", Integer, ForeignKey("incidents.id"), index=True),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
)
Index(
    "uq_tickets_open_incident",
    tickets.c.incident,
    unique=True,
    sqlite_where=(tickets.c.state == "open") & tickets.c.incident.is_not(None),
    postgresql_where=(tickets.c.state == "open") & tickets.c.incident.is_not(None),
)

ticket_counters = Table(
    "ticket_counters",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

attachments = Table(
    "attachments",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("stored_at", Instant, nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("caller", Text, nullable=False),
    Column("tx", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of what was asked: the same id for another act is refused
    Column("result", Text, nullable=False),
)

# --- journal -----------------------------------------------------------------------------------------------------------------

journal = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("tx", Text, nullable=False),
    Column("part", Integer, nullable=False),  # 0, 1, ... within one transaction
    Column("recorded_at", Instant, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("ticket", Text, index=True),
    Column("incident", Integer, index=True),
    Column("action", Text),
    Column("performed_by", Text),
    Column("recorded_by", Text),
    Column("body", Text, nullable=False),
    UniqueConstraint("tx", "part"),
)

journal_head = Table(
    "journal_head",
    metadata,
    Column("one", Integer, CheckConstraint("one = 1", name="one"), primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("hash", Text, nullable=False),
)

journal_checkpoints = Table(
    "journal_checkpoints",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
)

private_texts = Table(
    "private_texts",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of salt + text; the journal carries only this
    Column("salt", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("ticket", Text, index=True),
)

# --- messages ----------------------------------------------------------------------------------------------------------------

outbox = Table(
    "outbox",
    metadata,
    _number(),
    Column("key", Text, nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", Text, CheckConstraint("state IN ('waiting', 'sent', 'dead')", name="state"), nullable=False),
    Column("ended_at", Instant),  # sent, or given up
    Column("error", Text),
    Index("ix_outbox_state_not_before", "state", "not_before"),
)
