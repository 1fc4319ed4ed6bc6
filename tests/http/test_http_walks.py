"""Long walks along the links of the OpenAPI: begin something, go where its answer leads, and on from there.

Schemathesis makes the odd requests and checks the answers. Its own state machine takes no part: most of its steps begin
something new, few follow a link, and almost none comes from a case by its task to a decision.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.fixtures.fuzzing import EXAMPLES, fuzzed
from tests.http.described import Link
from tests.http.walking import ACTIONS, OPERATIONS, PEOPLE, STARTS, Walk, Way

WALKS, STEPS = 6, 15
"""So many walks from each start, of so many steps. Of `EXAMPLES` walks each start gets its part."""
LATEST = 8
"""Ways not gone before, of which every other step takes one; the others take any so far."""
SOMEBODY = st.sampled_from(["carla", "carla", "carla", *PEOPLE])
SOMETIMES = st.integers(0, 5).map(lambda number: number == 5)


class Walks(RuleBasedStateMachine):
    """As different people, mostly with good requests, now and then with an odd one or with the same one twice."""

    def __init__(self, start: str, followed: Counter[Link]) -> None:
        super().__init__()
        self.walk, self.gone = Walk(), set[Link]()
        self.start, self.followed = start, followed

    @initialize(other=st.sampled_from(STARTS))
    def begin(self, other: str) -> None:
        for start in (other, self.start):
            self.walk.ask(self.walk.good_request(start, {}))

    @rule(data=st.data(), person=SOMEBODY, action=st.sampled_from(ACTIONS), odd=SOMETIMES, twice=SOMETIMES)
    def go_on(self, data: st.DataObject, person: str, action: str, odd: bool, twice: bool) -> None:
        way = data.draw(self._ways(), label="way")
        request = self.walk.good_request(way.link.target, way.values, action)
        if odd:
            path = {name: value for name, value in way.values.items() if name in request.path_parameters}
            request = data.draw(OPERATIONS[way.link.target].as_strategy(path_parameters=path))
        for _ in range(1 + twice):
            if self.walk.ask(request, person) < 300:
                self.followed[way.link] += 1
                self.gone.add(way.link)

    def _ways(self) -> st.SearchStrategy[Way]:
        new = [way for way in self.walk.ways if way.link not in self.gone]
        return st.sampled_from(new[:LATEST] or self.walk.ways) | st.sampled_from(self.walk.ways)


@pytest.mark.parametrize("start", STARTS)
def test_wherever_links_lead_the_gateway_does_as_it_says(start: str) -> None:
    number, followed = EXAMPLES // len(STARTS) or WALKS, Counter[Link]()
    walks = settings(fuzzed(WALKS), max_examples=number, stateful_step_count=STEPS, phases=[Phase.generate])

    class WalksFrom(Walks):
        def __init__(self) -> None:
            super().__init__(start, followed)

    run_state_machine_as_test(WalksFrom, settings=walks)
    assert followed.total() >= 3 * number, "hardly any link was followed"
    assert len(followed) >= 5, "the same few links were followed all the time"
