"""Long walks along the links of the OpenAPI: begin something, go where its answer leads, and on from there.

Schemathesis makes the odd requests and checks the answers. Its own state machine takes no part: most of its steps begin
something new, few follow a link, and almost none comes from a case by its task to a decision.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.fixtures.fuzzing import EXAMPLES, fuzzed
from tests.http.described import Link
from tests.http.walking import ACTIONS, LINKS, OPERATIONS, PEOPLE, STARTS, Walk

WALKS, STEPS = 20, 15
LATEST = 8
"""Ways of which every other step takes one; the others go on from any answer so far."""
SOMEBODY = st.sampled_from(["carla", "carla", "carla", *PEOPLE])
SOMETIMES = st.integers(0, 5).map(lambda number: number == 5)
FOLLOWED: Counter[Link] = Counter()


class Walks(RuleBasedStateMachine):
    """As different people, mostly with good requests, now and then with an odd one or with the same one twice."""

    def __init__(self) -> None:
        super().__init__()
        self.walk = Walk()

    @initialize(starts=st.lists(st.sampled_from(STARTS), min_size=1, max_size=3))
    def begin(self, starts: list[str]) -> None:
        for start in starts:
            self.walk.ask(self.walk.good_request(start, {}))

    @precondition(lambda self: self.walk.ways)
    @rule(data=st.data(), person=SOMEBODY, action=st.sampled_from(ACTIONS), odd=SOMETIMES, twice=SOMETIMES)
    def go_on(self, data: st.DataObject, person: str, action: str, odd: bool, twice: bool) -> None:
        ways = self.walk.ways
        way = data.draw(st.sampled_from(ways[:LATEST]) | st.sampled_from(ways), label="way")
        request = self.walk.good_request(way.link.target, way.values, action)
        if odd:
            path = {name: value for name, value in way.values.items() if name in request.path_parameters}
            request = data.draw(OPERATIONS[way.link.target].as_strategy(path_parameters=path))
        for _ in range(1 + twice):
            if self.walk.ask(request, person) < 300:
                FOLLOWED[way.link] += 1


@pytest.mark.timeout(1800)  # three hundred walks of make fuzz, on a busy machine
def test_wherever_links_lead_the_gateway_does_as_it_says() -> None:
    walks = settings(fuzzed(WALKS), stateful_step_count=STEPS, phases=[Phase.generate])
    run_state_machine_as_test(Walks, settings=walks)
    assert FOLLOWED.total() >= 5 * (EXAMPLES or WALKS), "hardly any link was followed"
    assert len(FOLLOWED) >= len(LINKS) // 3, "the same few links were followed all the time"
