"""What a database error means for the caller: again, wait, stop, or somebody else was first (RELIABILITY 3)."""

from __future__ import annotations

import re
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from netwatch.errors import Conflict, Reason, StoreAway, StoreBroken, StoreBusy, StoreError


class UnknownOutcome(StoreAway):
    """COMMIT failed and nobody could look whether it happened. Ask again for `tx_id` before repeating anything."""

    def __init__(self, message: str, *, tx_id: str) -> None:
        super().__init__(message)
        self.tx_id = tx_id


class AlreadyCommitted(Conflict):
    """A transaction with this id is in the database: the work was done before."""

    def __init__(self, tx_id: str) -> None:
        super().__init__(f"transaction {tx_id} is already in the database")
        self.tx_id = tx_id


class DiskFull(StoreAway):
    """No space left. Nothing was written; reads go on. `ballast_freed`: there is room again for one more try."""

    ballast_freed = False


class Taken(Conflict):
    """A unique index refused: `constraint` names it."""

    def __init__(self, message: str, *, constraint: str) -> None:
        super().__init__(message)
        self.constraint = constraint


# SQLite names the columns, PostgreSQL the constraint.
_TAKEN = {
    ("incidents.locus", "uq_incidents_open_locus"): "there is already an open incident for this locus",
    ("open_locus.device", "pk_open_locus"): "there is already an open incident for one of these devices",
    ("incidents.key", "uq_incidents_key"): "this incident was already stored",
    ("tickets.incident", "uq_tickets_open_incident"): "there is already an open ticket for this incident",
    ("tickets.id", "pk_tickets"): "this ticket number is taken",
    ("outbox.key", "uq_outbox_key"): "this message was already decided",
    ("journal.tx, journal.part", "uq_journal_tx_part"): "this transaction is already in the journal",
    ("transactions.id", "pk_transactions"): "this transaction is already in the database",
    ("requests.id", "pk_requests"): "this request was already answered",
}
_SENTENCE = {name: sentence for names, sentence in _TAKEN.items() for name in names}
_NAME: dict[str, str] = dict(_TAKEN)

_SQLITE = {
    "SQLITE_BUSY": StoreBusy,
    "SQLITE_LOCKED": StoreBusy,
    "SQLITE_FULL": DiskFull,
    "SQLITE_IOERR": StoreAway,
    "SQLITE_CANTOPEN": StoreAway,
    "SQLITE_READONLY": StoreAway,
    "SQLITE_PERM": StoreAway,
    "SQLITE_CORRUPT": StoreBroken,
    "SQLITE_NOTADB": StoreBroken,
}
_POSTGRESQL = {  # by class or whole SQLSTATE; the longer one wins
    "08": StoreAway,
    "25006": StoreAway,  # read-only transaction: a standby
    "40": StoreBusy,  # serialization failure, deadlock
    "53": StoreAway,
    "53100": DiskFull,
    "55P03": StoreBusy,  # lock_timeout
    "57": StoreAway,  # shutdown, crash, cannot connect now
    "57014": StoreBusy,  # statement_timeout
    "58": StoreAway,
    "XX001": StoreBroken,
    "XX002": StoreBroken,
}
_TEXT: dict[type[StoreError], tuple[str, str, str]] = {
    StoreBusy: (
        "store_busy",
        "basis data sedang dikunci penulis lain; coba lagi",
        "the database is locked by another writer; try again",
    ),
    StoreAway: (
        "store_away",
        "basis data tidak dapat dibaca atau ditulis sekarang; tidak ada yang berubah",
        "the database cannot be read or written now; nothing was changed",
    ),
    DiskFull: (
        "disk_full",
        "disk basis data penuh; kosongkan ruang, lalu ulangi: tidak ada yang berubah",
        "the disk of the database is full; free space, then repeat: nothing was changed",
    ),
    StoreBroken: (
        "store_broken",
        "basis data rusak: hentikan netwatch, simpan berkasnya, jalankan `netwatch db verify`, pulihkan dari cadangan",
        "the database is damaged: stop netwatch, keep the files, run `netwatch db verify`, restore a backup",
    ),
    StoreError: ("store_error", "basis data menolak", "the database refused"),
}


E = TypeVar("E", bound=StoreError)


def told(kind: type[E], key: str, indonesian: str, english: str) -> E:
    """Return an error that carries its sentence in both languages (`reason`), as the command line shows it."""
    error = kind(english)
    error.reason = Reason(key, indonesian, english)
    return error


def translate(error: Exception) -> Exception:
    """Return the netwatch error for one of SQLAlchemy's or of an SQLite driver; anything else comes back unchanged."""
    if isinstance(error, PoolTimeout):
        return StoreBusy("all connections to the database are in use; try again")
    if not isinstance(error, DBAPIError) and not hasattr(error, "sqlite_errorname"):
        return error
    original: BaseException = (error.orig if isinstance(error, DBAPIError) else None) or error
    said = " ".join(str(original).split())
    if isinstance(error, IntegrityError):
        return _conflict(original, said)
    kind = _kind(error, original, said)
    key, indonesian, english = _TEXT[kind]
    return told(kind, key, f"{indonesian} ({said})", f"{english} ({said})")


def _kind(error: Exception, original: BaseException, said: str) -> type[StoreError]:
    name = getattr(original, "sqlite_errorname", None)
    if name is not None:
        family = "_".join(str(name).split("_")[:2])
        return _SQLITE.get(family, StoreError)
    state = getattr(original, "sqlstate", None)
    invalidated = isinstance(error, DBAPIError) and error.connection_invalidated
    if state:
        return _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2]) or (StoreAway if invalidated else StoreError)
    if invalidated or type(original).__name__ in {"OperationalError", "InterfaceError", "ConnectionTimeout"}:
        return StoreAway  # psycopg could not connect, or the connection broke
    return StoreBusy if "locked" in said else StoreError


def _conflict(original: BaseException, said: str) -> Conflict:
    diagnosis = getattr(original, "diag", None)
    name = str(getattr(diagnosis, "constraint_name", None) or "")
    if not name:
        found = re.search(r"constraint failed: (.+?)(?: \(\d+\))?$", said)
        columns = str(found.group(1)) if found else said
        name = _NAME.get(columns, columns)
    return Taken(_SENTENCE.get(name, f"the database refused a second one ({said})"), constraint=name)
