"""What the employee records of every ERP behind the port do."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from adapters.erp.reference.adapter import ReferenceErp
from adapters.erp.reference.install import install
from adapters.erp.tryton.adapter import TrytonErp
from domain.outside_errors import RefusedError
from domain.ports.hris import EmployeePort, EmployeeRecord
from tests.fixtures.small_hris import START, employee


def numbered(employees: EmployeePort, count: int, worker_number: str = "W-100008") -> str:
    """The number of the `count`th record. Tryton has none: there the worker number is the employee's."""
    return worker_number if isinstance(employees, TrytonErp) else f"EM-{count:06}"


def record(employees: EmployeePort) -> EmployeeRecord:
    return EmployeeRecord(
        number=numbered(employees, 1),
        external_id="hire.H-1",
        worker_number="W-100008",
        cost_centre="4100",
        start_on=START,
    )


async def refusal(call: Any) -> str:
    with pytest.raises(RefusedError) as refused:
        await call
    assert refused.value.system == "erp"
    return refused.value.code


async def test_records_an_employee_once(employees: EmployeePort) -> None:
    assert await employees.find_employee("W-100008") is None
    assert await employees.record_employee(employee()) == record(employees)
    assert await employees.record_employee(employee()) == record(employees)
    assert await employees.find_employee("W-100008") == record(employees)
    second = await employees.record_employee(employee("hire.H-2", worker_number="W-100009"))
    assert second.number == numbered(employees, 2, "W-100009")


async def test_six_at_once_make_one_record(employees: EmployeePort) -> None:
    made = await asyncio.gather(*(employees.record_employee(employee()) for _ in range(6)))
    assert made == [record(employees)] * 6


async def test_hires_of_one_worker_at_once_share_the_record(employees: EmployeePort) -> None:
    made = await asyncio.gather(*(employees.record_employee(employee(f"h.{n}")) for n in range(6)))
    assert {each.number for each in made} == {numbered(employees, 1)}


async def test_a_correction_changes_the_record(employees: EmployeePort) -> None:
    await employees.record_employee(employee())
    later = START + timedelta(days=7)
    changed = await employees.record_employee(employee(cost_centre="4200", start_on=later, end_on=date(2027, 1, 31)))
    assert (changed.number, changed.cost_centre, changed.start_on) == (numbered(employees, 1), "4200", later)
    assert changed.end_on == date(2027, 1, 31)


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"cost_centre": "4900"}, "cost-centre-closed"),
        ({"cost_centre": "9999"}, "cost-centre-closed"),
        ({"end_on": START - timedelta(days=1)}, "data-invalid"),
    ],
)
async def test_refuses_what_cannot_be_charged(employees: EmployeePort, over: dict[str, Any], code: str) -> None:
    assert await refusal(employees.record_employee(employee(**over))) == code
    assert await employees.find_employee("W-100008") is None
    await employees.record_employee(employee())
    assert await refusal(employees.record_employee(employee(**over))) == code
    assert await employees.find_employee("W-100008") == record(employees)


async def test_one_hire_is_of_one_worker(employees: EmployeePort) -> None:
    await employees.record_employee(employee())
    assert await refusal(employees.record_employee(employee(worker_number="W-100009"))) == "external-id-taken"


async def test_taken_back_it_ends_on_its_first_day(employees: EmployeePort) -> None:
    await employees.record_employee(employee(end_on=date(2027, 1, 31)))
    ended = await employees.end_employee("hire.H-1", "offer withdrawn")
    assert ended == record(employees).model_copy(update={"active": False, "end_on": START})
    assert await employees.end_employee("hire.H-1", "again") == ended
    assert await employees.record_employee(employee()) == ended
    assert await employees.find_employee("W-100008") == ended


async def test_a_rehire_has_the_same_record(employees: EmployeePort) -> None:
    await employees.record_employee(employee())
    await employees.end_employee("hire.H-1", "offer withdrawn")
    again = await employees.record_employee(employee("hire.H-2", start_on=date(2027, 2, 1)))
    assert (again.number, again.external_id, again.active) == (numbered(employees, 1), "hire.H-2", True)
    assert (again.start_on, again.end_on) == (date(2027, 2, 1), None)


async def test_an_earlier_hire_does_not_touch_the_record_of_a_later_one(employees: EmployeePort) -> None:
    await employees.record_employee(employee())
    later = await employees.record_employee(employee("hire.H-2", start_on=date(2027, 2, 1)))
    assert await employees.record_employee(employee(cost_centre="4200")) == later
    assert await employees.end_employee("hire.H-1", "late") == later
    assert await employees.find_employee("W-100008") == later


async def test_taken_back_before_it_was_recorded_it_is_not_recorded_later(employees: EmployeePort) -> None:
    assert await employees.end_employee("hire.H-1", "offer withdrawn") is None
    assert await employees.end_employee("hire.H-1", "offer withdrawn") is None
    assert await refusal(employees.record_employee(employee())) == "employee-ended"
    assert await employees.find_employee("W-100008") is None


async def test_recorded_and_taken_back_at_once_nobody_is_left_active(employees: EmployeePort) -> None:
    await asyncio.gather(
        employees.record_employee(employee()),
        *(employees.end_employee("hire.H-1", "no") for _ in range(3)),
        return_exceptions=True,
    )
    left = await employees.find_employee("W-100008")
    assert left is None or not left.active


async def test_every_state_of_a_record_stays_in_the_history(reference_erp_dsn: str) -> None:
    async with ReferenceErp.connect(reference_erp_dsn) as erp:
        await erp.record_employee(employee())
        await erp.record_employee(employee())
        await erp.record_employee(employee(cost_centre="4200"))
        await erp.end_employee("hire.H-1", "offer withdrawn")
    await install(reference_erp_dsn)
    connection = await asyncpg.connect(reference_erp_dsn)
    try:
        rows = await connection.fetch("SELECT kept ->> 'cost_centre', kept ->> 'active' FROM erp.employee_history")
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == [("4100", "true"), ("4200", "true"), ("4200", "false")]
