"""Quantities in packs, and from one pack into another."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.quantity import UNITS, Quantity, UnitMismatchError

packs = st.builds(
    Quantity,
    value=st.decimals(min_value=0, max_value=10**6, places=3),
    unit=st.sampled_from(sorted(UNITS)),
    pack_size=st.integers(1, 5000),
)


def q(value: str | int, unit: str = "EA", pack_size: int = 1) -> Quantity:
    return Quantity(value=Decimal(value), unit=unit, pack_size=pack_size)


@pytest.mark.parametrize(
    ("asked", "unit", "bought"),
    [
        (q(250), q(1, "BX", 100), q(3, "BX", 100)),
        (q(300), q(1, "BX", 100), q(3, "BX", 100)),
        (q(2, "CS", 500), q(1, "BX", 100), q(10, "BX", 100)),
        (q(3, "BX", 50), q(1, "BX", 100), q(2, "BX", 100)),
        (q(2, "BX", 100), q(1), q(200)),
        (q(2, "BX"), q(1, "BX", 100), q(2, "BX", 100)),
        (q("2.5", "HUR"), q(1, "HUR"), q("2.5", "HUR")),
        (q("0.5", "LTR", 5), q(1, "LTR", 5), q("0.5", "LTR", 5)),
    ],
)
def test_conversion(asked: Quantity, unit: Quantity, bought: Quantity) -> None:
    assert asked.converted(unit) == bought


@pytest.mark.parametrize(
    ("asked", "unit"),
    [
        (q(3, "HUR"), q(1)),
        (q(3), q(1, "LTR")),
        (q(3, "BX"), q(1)),
        (q(3), q(1, "CS")),
        (q(3, "LTR", 5), q(1, "LTR", 10)),
    ],
)
def test_what_does_not_convert(asked: Quantity, unit: Quantity) -> None:
    with pytest.raises(UnitMismatchError, match="does not convert"):
        asked.converted(unit)


@given(packs, packs)
def test_a_conversion_never_buys_less_nor_a_whole_pack_more(asked: Quantity, unit: Quantity) -> None:
    try:
        bought = asked.converted(unit)
    except UnitMismatchError:
        return
    assert (bought.unit, bought.pack_size) == (unit.unit, unit.pack_size)
    assert bought.converted(unit) == bought
    if asked.unit == unit.unit and asked.pack_size in (1, unit.pack_size):
        assert bought.value == asked.value
    else:
        assert asked.base_units <= bought.base_units < asked.base_units + unit.pack_size


@given(packs)
def test_quantities_survive_the_wire(quantity: Quantity) -> None:
    assert Quantity.model_validate_json(quantity.model_dump_json()) == quantity
    assert quantity.of(quantity.value) == quantity


@pytest.mark.parametrize(
    "body",
    [
        {"value": 1.5},
        {"value": True},
        {"value": "NaN"},
        {"value": "1", "unit": "each"},
        {"value": "1", "pack_size": 0},
        {"value": "1", "pack_size": 1_000_001},
    ],
)
def test_no_quantity_at_all(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Quantity.model_validate(body)


def test_quantities_read_as_people_write_them() -> None:
    assert [str(each) for each in (q("10.00"), q(100), q("2.50", "BX", 12))] == ["10 EA", "100 EA", "2.5 BX of 12"]
