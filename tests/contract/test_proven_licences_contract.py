"""What every store of the licences on which people were hired does."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from adapters.memory.proven_licences import MemoryProvenLicences
from adapters.postgres.proven_licences import PostgresProvenLicences
from domain.hire import LicenceClaim
from domain.ports.credentials import ProvenLicences
from tests.fixtures.hire_stores import hire_case


@pytest.fixture(params=["memory", "postgres"])
def proven(request: pytest.FixtureRequest) -> ProvenLicences:
    if request.param == "memory":
        return MemoryProvenLicences()
    return PostgresProvenLicences(request.getfixturevalue("hires_pool"))


def claim(kind: str = "rn", **over: Any) -> LicenceClaim:
    given = {"kind": kind, "state": "NY", "number": f"{kind}-1", "board": "Board", "expires_on": date(2027, 1, 1)}
    return LicenceClaim.model_validate({**given, **over})


async def test_they_are_kept_by_case_in_order(proven: ProvenLicences) -> None:
    await proven.note(hire_case(1), "rn", (claim(state="TX"), claim()))
    await proven.note(hire_case(1), "cpr", (claim("cpr"),))
    await proven.note(hire_case(2), "rn", (claim(number="\u2019;--"),))
    found = await proven.of([hire_case(1), hire_case(2), hire_case(3)])
    assert dict(found) == {
        hire_case(1): (claim("cpr"), claim(), claim(state="TX")),
        hire_case(2): (claim(number="\u2019;--"),),
    }
    assert await proven.of([]) == {}


async def test_what_is_noted_again_replaces_its_kind_alone(proven: ProvenLicences) -> None:
    await proven.note(hire_case(1), "rn", (claim(), claim(state="TX")))
    await proven.note(hire_case(1), "md", (claim("md"),))
    for _ in range(2):
        await proven.note(hire_case(1), "rn", (claim(expires_on=None), claim(expires_on=None)))
    assert await proven.of([hire_case(1)]) == {hire_case(1): (claim("md"), claim(expires_on=None))}
    await proven.note(hire_case(1), "rn", ())
    await proven.note(hire_case(1), "md", ())
    assert await proven.of([hire_case(1)]) == {}
