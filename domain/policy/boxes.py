"""What is left of a set of requests once others are taken away, without trying the requests one by one.

A box is a set of requests that is described by one set of values for each condition; a row of a decision table
describes one. Taking a box away from another leaves at most one box for each condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

Box = tuple[frozenset[str], ...]


def meet(one: Box, other: Box) -> bool:
    """Whether some request lies in both."""
    return all(a & b for a, b in zip(one, other, strict=True))


def left_over(box: Box, taken: Iterable[Box]) -> list[Box]:
    """Boxes that together hold exactly what is in `box` and in none of `taken`; empty when nothing is."""
    rest = [box] if all(box) else []
    for other in taken:
        rest = [piece for each in rest for piece in _without(each, other)]
    return rest


def _without(box: Box, other: Box) -> list[Box]:
    if not meet(box, other):
        return [box]
    pieces = []
    for place, (have, take) in enumerate(zip(box, other, strict=True)):
        if have - take:
            shared = tuple(a & b for a, b in zip(box[:place], other[:place], strict=True))
            pieces.append((*shared, have - take, *box[place + 1 :]))
    return pieces


def from_on(amount: Decimal, bounds: Sequence[Decimal]) -> frozenset[str]:
    """Amounts from a bound on, as the bands that begin at `bounds`: between two of them every row says the same."""
    return frozenset(f"{bound:f}" for bound in bounds if bound >= amount)
