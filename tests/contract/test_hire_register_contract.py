"""What every register of running hires does, wherever it keeps its entries."""

from __future__ import annotations

import asyncio

import pytest

from domain.outside_errors import RefusedError
from domain.ports.hire_register import HireRegister
from tests.fixtures.hire_stores import HireStores, a_hire_entry, hire_case


@pytest.fixture
def register(hire_stores: HireStores) -> HireRegister:
    return hire_stores.register


class TestEntering:
    async def test_the_later_one_is_told_of_the_earlier_one(self, register: HireRegister) -> None:
        assert await register.enter(a_hire_entry(1, "npi", "name")) == ()
        assert await register.enter(a_hire_entry(2, "mail", "name")) == (a_hire_entry(1, "npi", "name"),)
        assert await register.enter(a_hire_entry(3, "other")) == ()

    async def test_entering_again_tells_the_same(self, register: HireRegister) -> None:
        await register.enter(a_hire_entry(1, "k"))
        for _ in range(2):
            assert await register.enter(a_hire_entry(2, "k")) == (a_hire_entry(1, "k"),)
            assert await register.enter(a_hire_entry(1, "k")) == ()

    async def test_a_correction_is_told_of_those_whom_it_now_resembles(self, register: HireRegister) -> None:
        await register.enter(a_hire_entry(1, "a"))
        await register.enter(a_hire_entry(2, "b"))
        assert await register.enter(a_hire_entry(1, "a", "b")) == (a_hire_entry(2, "b"),)
        assert await register.enter(a_hire_entry(2, "b")) == ()
        assert await register.enter(a_hire_entry(1, "c")) == ()
        assert await register.enter(a_hire_entry(3, "a", "b")) == (a_hire_entry(2, "b"),)

    async def test_of_two_at_once_exactly_one_is_told(self, register: HireRegister) -> None:
        for number in range(20):
            keys = (f"x{number}", f"y{number}")
            one, two = a_hire_entry(f"{number}a", *keys), a_hire_entry(f"{number}b", *reversed(keys))
            answers = await asyncio.gather(register.enter(one), register.enter(two))
            assert sorted(answers, key=len) in ([(), (one,)], [(), (two,)])

    async def test_of_a_hundred_at_once_each_pair_is_known_to_one_of_the_two(self, register: HireRegister) -> None:
        entries = [a_hire_entry(number, "k", f"own{number}") for number in range(100)]
        answers = await asyncio.gather(*map(register.enter, entries))
        assert sorted(map(len, answers)) == list(range(100))

    async def test_whoever_left_is_told_to_nobody(self, register: HireRegister) -> None:
        await register.enter(a_hire_entry(1, "k"))
        for _ in range(2):
            await register.leave(hire_case(1), "closed")
        await register.leave(hire_case(9), "closed")
        assert await register.enter(a_hire_entry(2, "k")) == ()
        assert await register.enter(a_hire_entry(1, "k")) == (a_hire_entry(2, "k"),)

    async def test_the_worker_stays_known(self, register: HireRegister) -> None:
        await register.enter(a_hire_entry(1, "k", worker_id="W-1"))
        await register.enter(a_hire_entry(1, "k"))
        assert await register.enter(a_hire_entry(2, "k")) == (a_hire_entry(1, "k", worker_id="W-1"),)

    async def test_nobody_resembles_who_has_no_keys(self, register: HireRegister) -> None:
        assert await register.enter(a_hire_entry(1)) == ()
        assert await register.enter(a_hire_entry(2)) == ()


class TestWriting:
    async def test_the_first_running_case_writes(self, register: HireRegister) -> None:
        for number in (1, 2):
            await register.enter(a_hire_entry(number))
        for _ in range(2):
            assert await register.claim_worker(hire_case(1), "W-1") == hire_case(1)
            assert await register.claim_worker(hire_case(2), "W-1") == hire_case(1)
        await register.leave(hire_case(1), "closed")
        assert await register.claim_worker(hire_case(2), "W-1") == hire_case(2)

    async def test_the_claim_outlives_entering_again(self, register: HireRegister) -> None:
        await register.enter(a_hire_entry(1, "a"))
        await register.enter(a_hire_entry(2))
        await register.claim_worker(hire_case(1), "W-1")
        await register.enter(a_hire_entry(1, "b"))
        assert await register.claim_worker(hire_case(2), "W-1") == hire_case(1)
        assert await register.enter(a_hire_entry(3, "b")) == (a_hire_entry(1, "b", worker_id="W-1"),)

    async def test_a_case_that_turns_to_another_worker_frees_the_first(self, register: HireRegister) -> None:
        for number in (1, 2):
            await register.enter(a_hire_entry(number))
        await register.claim_worker(hire_case(1), "W-1")
        assert await register.claim_worker(hire_case(1), "W-2") == hire_case(1)
        assert await register.claim_worker(hire_case(2), "W-1") == hire_case(2)

    async def test_of_a_hundred_at_once_all_are_told_of_the_same_writer(self, register: HireRegister) -> None:
        cases = [hire_case(number) for number in range(100)]
        for number in range(100):
            await register.enter(a_hire_entry(number))
        answers = await asyncio.gather(*(register.claim_worker(case, "W-1") for case in cases))
        assert len(set(answers)) == 1

    @pytest.mark.parametrize("left", [False, True])
    async def test_who_is_not_in_the_register_writes_for_nobody(self, register: HireRegister, left: bool) -> None:
        if left:
            await register.enter(a_hire_entry(1))
            await register.leave(hire_case(1), "closed")
        with pytest.raises(RefusedError) as refused:
            await register.claim_worker(hire_case(1), "W-1")
        assert refused.value.code == "not-entered"
