"""Everything casework decides with besides the ticket: loaded at start, swapped as a whole at a reload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from netwatch.errors import Fault, InvalidFile
from netwatch.inventory.document import load_inventory
from netwatch.inventory.graph import Graph
from netwatch.inventory.model import Inventory
from netwatch.settings import Settings
from netwatch.sop.people import People, load_people
from netwatch.sop.procedure import Procedure, load_procedure
from netwatch.sop.working_time import Calendar, load_calendar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class World:
    """One consistent set of configuration files."""

    settings: Settings
    procedure: Procedure
    calendar: Calendar
    people: People
    inventory: Inventory
    graph: Graph


def load_world(settings: Settings) -> World:
    """Load the files that netwatch.yaml names. Raises `InvalidFile` with every fault of every file."""
    faults: list[Fault] = []

    def attempt(load: Callable[[], T]) -> T | None:
        try:
            return load()
        except InvalidFile as error:
            faults.extend(error.faults)
            return None

    inventory = attempt(lambda: load_inventory(settings.inventory))
    procedure = attempt(lambda: load_procedure(settings.procedure))
    people = attempt(lambda: load_people(settings.people, procedure)) if procedure else None
    calendar = attempt(lambda: load_calendar(settings.holidays, procedure)) if procedure else None
    if faults or inventory is None or procedure is None or people is None or calendar is None:
        raise InvalidFile(faults)
    return World(
        settings=settings,
        procedure=procedure,
        calendar=calendar,
        people=people,
        inventory=inventory,
        graph=Graph.of(inventory),
    )
