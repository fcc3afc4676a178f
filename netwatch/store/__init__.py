"""The only SQL: one transaction for state, incident, ticket, journal entry and outgoing message."""

from netwatch.store.store import Store
from netwatch.store.transaction import Transaction

__all__ = ["Store", "Transaction"]
