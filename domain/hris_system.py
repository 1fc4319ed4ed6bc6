"""Everything that an HRIS must hold before the first hire: the shape of the reference health system's data."""

from __future__ import annotations

from domain.model import Value
from domain.worker import Position, WorkerRecord


class Department(Value):
    """A department of one facility; `cost_centre` is the one that its people are charged to as a rule."""

    facility: str
    code: str
    name: str
    cost_centre: str


class KnownWorker(Value):
    """A worker whom the HRIS has had before. `person` is the id under which the people directory knows them, empty
    when it does not. One who works here and has a position holds it."""

    record: WorkerRecord
    person: str = ""


class HrisSystem(Value):
    """New worker numbers are `number_prefix` and the next number, from `first_number` on and above every known one;
    they are unique in the whole system. Positions are open unless a worker holds them or `open` is false."""

    departments: tuple[Department, ...] = ()
    positions: tuple[Position, ...] = ()
    workers: tuple[KnownWorker, ...] = ()
    number_prefix: str = "W-"
    first_number: int = 100001
