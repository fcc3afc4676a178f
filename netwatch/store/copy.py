"""Copy everything from one database to another: how PostgreSQL is backed up, and how one database becomes the other."""

from __future__ import annotations

from sqlalchemy import Connection, Table, func, insert, select, text

from netwatch.store import schema

PIECE = 500  # rows at once


def copy_rows(source: Connection, target: Connection) -> dict[str, int]:
    """Copy all rows of all tables into an empty database of the same schema; return the counts. Bodies keep every octet."""
    return {table.name: _copy_table(table, source, target) for table in schema.metadata.sorted_tables}


def counts(connection: Connection) -> dict[str, int]:
    """Return the number of rows of every table."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in schema.metadata.sorted_tables
    }


def _copy_table(table: Table, source: Connection, target: Connection) -> int:
    done = 0
    rows = source.execution_options(yield_per=PIECE).execute(select(table).order_by(*table.primary_key.columns))
    for part in rows.mappings().partitions(PIECE):
        target.execute(insert(table), [dict(row) for row in part])
        done += len(part)
    if target.dialect.name == "postgresql" and "id" in table.c and table.c.id.autoincrement is True:
        name, last = table.name, f"(SELECT coalesce(max(id), 0) + 1 FROM {table.name})"  # noqa: S608 - our own table names
        target.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {last}, false)"))
    return done
