"""Play a scenario and look at what people would have seen."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netwatch.simulate.run import Result, Simulation
from netwatch.simulate.scenario import load_scenario
from netwatch.store import Store
from tests.stories.city import write_story
from tests.stories.invariants import violations


@dataclass(frozen=True)
class Played:
    """A scenario that was played to its end."""

    result: Result
    machine: Path  # the folder of the simulated machine

    @property
    def tickets(self) -> list[dict[str, Any]]:
        """All tickets, oldest first."""
        return self.result.tickets

    @property
    def incidents(self) -> list[dict[str, Any]]:
        """All incidents, oldest first."""
        return self.result.incidents

    @property
    def open_tickets(self) -> list[dict[str, Any]]:
        """The tickets that still wait for somebody."""
        return [ticket for ticket in self.tickets if ticket["state"] == "open"]

    def events(self, *names: str, **details: Any) -> list[dict[str, Any]]:
        """The lines of the timeline with one of these names and all of these details."""
        return [
            event
            for event in self.result.timeline
            if event["event"] in names and all(event.get(key) == value for key, value in details.items())
        ]

    def first(self, name: str, **details: Any) -> dict[str, Any]:
        """The first such line; fails with the whole timeline when there is none."""
        found = self.events(name, **details)
        assert found, f"no {name} {details} in:\n" + self.told()
        return found[0]

    def told(self) -> str:
        """The timeline as text, for failures."""
        return "\n".join(str(event) for event in self.result.timeline)

    def ticket(self) -> dict[str, Any]:
        """The one ticket of the story."""
        assert len(self.tickets) == 1, f"{len(self.tickets)} tickets in:\n{self.told()}"
        return self.tickets[0]

    def store(self) -> Store:
        """Open the machine's database."""
        return Store.open(f"sqlite:///{self.machine / 'netwatch.db'}", state_directory=self.machine / "state")

    def messages(self) -> list[str]:
        """The keys of all messages that were ever decided."""
        store = self.store()
        try:
            with store.read() as tx:
                return [str(row[0]) for row in tx.connection.exec_driver_sql("SELECT key FROM outbox ORDER BY key")]
        finally:
            store.close()

    def agree(self) -> None:
        """Check the invariants I1-I8 on the database as it was left."""
        assert violations(self.machine) == []


class Stage:
    """A folder in which scenarios are played, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plays = 0

    def prepare(self, scenario: str, *, offices: int = 8, inventory: str | None = None) -> Simulation:
        """Write and load a scenario without running it."""
        self.plays += 1
        folder = self.folder / f"play-{self.plays}"
        folder.mkdir()
        path = write_story(folder, scenario, offices=offices, inventory=inventory)
        loaded, city = load_scenario(path)
        return Simulation(loaded, city, folder, folder / "machine")

    def play(self, scenario: str, *, offices: int = 8, inventory: str | None = None, check: bool = True) -> Played:
        """Play a scenario to its end; the invariants must hold in what it leaves behind."""
        simulation = self.prepare(scenario, offices=offices, inventory=inventory)
        played = Played(simulation.run(), self.folder / f"play-{self.plays}" / "machine")
        if check:
            played.agree()
        return played

    def forget(self, played: Played) -> None:
        """Free the memory of a play that nobody will look at again."""
        shutil.rmtree(played.machine.parent, ignore_errors=True)

    def check_and_forget(self) -> None:
        """Check the invariants of the last play and free its memory."""
        folder = self.folder / f"play-{self.plays}"
        assert violations(folder / "machine") == []
        shutil.rmtree(folder)
