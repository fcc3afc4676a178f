"""One file per revision. A migration never touches `journal.body`."""
