"""What is done to the stack, and in which sequence: the same for the same seed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

Blow = Literal["kill", "freeze", "disconnect"]
Fault = Literal["cut-request", "cut-answer", "stall"]
T = TypeVar("T")

KILLED: Mapping[str, int] = {
    "worker": 4,
    "gateway": 3,
    "postgres": 3,
    "temporal": 3,
    "identity": 3,
    "bank": 3,
    "mail": 3,
}
"""How often each is killed in one round of blows."""
FROZEN: Mapping[str, int] = {"worker": 2, "gateway": 1, "postgres": 1, "temporal": 1, "identity": 1, "bank": 1}
DISCONNECTED: Mapping[str, int] = {"erp": 3, "hris": 2, "corridor": 1}
"""Databases of which all connections are ended: the reference ERP and HRIS are nothing else to those who use them."""
FAULTY: Mapping[str, int] = {"gateway": 3, "temporal": 2, "corridor": 2, "erp": 5, "hris": 3, "identity": 4, "mail": 3}
"""Proxies, by how often the traffic of each is cut in one round of faults."""
_FAULTS: tuple[Fault, ...] = ("cut-request", "cut-answer", "cut-answer", "stall")
_FIRST: tuple[tuple[Blow, str], ...] = (("kill", "worker"), ("kill", "gateway"))
"""Also a short drill hits what every case needs."""


@dataclass(frozen=True)
class Strike:
    """One blow against a part, `pause_seconds` after the one before is over. It lies for `lasts_seconds`."""

    pause_seconds: float
    blow: Blow
    target: str
    lasts_seconds: float


@dataclass(frozen=True)
class Cut:
    """A fault of one proxy, `pause_seconds` after the last one was set; the next traffic there meets it. With `effects`
    it waits for traffic that changes something. A stall lasts for `lasts_seconds`."""

    pause_seconds: float
    fault: Fault
    proxy: str
    effects: bool
    lasts_seconds: float


def strikes(seed: int, pause_seconds: float, lasts_seconds: float, asleep_seconds: float = 0.0) -> Iterator[Strike]:
    """Blows without end: in each round everybody gets their share, in an order of chance. The pauses are
    `pause_seconds` on average, and what is struck down lies for at most `lasts_seconds`. Every second worker that
    stands still does so for at least `asleep_seconds`: longer than a step may take, so that another one has it by then.
    """
    chance = random.Random(f"{seed}/strikes")
    blows: list[tuple[Blow, str]] = [
        *(("kill", name) for name in _each(KILLED)),
        *(("freeze", name) for name in _each(FROZEN)),
        *(("disconnect", name) for name in _each(DISCONNECTED)),
    ]
    sleepers = itertools.count(1)
    for blow, target in itertools.chain(_FIRST, _rounds(blows, chance)):
        sleeps = (blow, target) == ("freeze", "worker") and next(sleepers) % 2 == 0
        yield Strike(
            pause_seconds=pause_seconds * chance.uniform(0.5, 1.5),
            blow=blow,
            target=target,
            lasts_seconds=lasts_seconds * chance.random() + asleep_seconds * sleeps,
        )


def cuts(seed: int, pause_seconds: float) -> Iterator[Cut]:
    """Faults without end, as above."""
    chance = random.Random(f"{seed}/cuts")
    for proxy in _rounds(list(_each(FAULTY)), chance):
        yield Cut(
            pause_seconds=pause_seconds * chance.uniform(0.5, 1.5),
            fault=chance.choice(_FAULTS),
            proxy=proxy,
            effects=chance.random() < 0.6,
            lasts_seconds=chance.uniform(1, 6),
        )


def _each(shares: Mapping[str, int]) -> Iterator[str]:
    for name, times in shares.items():
        yield from (name for _ in range(times))


def _rounds(everybody: Sequence[T], chance: random.Random) -> Iterator[T]:
    while True:
        yield from chance.sample(everybody, len(everybody))
