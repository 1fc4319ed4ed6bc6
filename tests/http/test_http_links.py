"""Every link of the OpenAPI is followed, from a request that needs no other before it; each leads to what it says."""

from __future__ import annotations

from collections import deque

import pytest

from tests.http.described import Link
from tests.http.walking import LINKS, PEOPLE, STARTS, Walk


def way_to(link: Link) -> tuple[Link, ...]:
    """The fewest links to be followed from a start, up to and with this one."""
    waiting: deque[tuple[tuple[Link, ...], str]] = deque(((), start) for start in STARTS)
    reached = set(STARTS)
    while waiting:
        links, at = waiting.popleft()
        if at == link.source:
            return (*links, link)
        for each in LINKS:
            if each.source == at and each.target not in reached:
                reached.add(each.target)
                waiting.append(((*links, each), each.target))
    raise AssertionError(f"nothing leads to {link.source}")


@pytest.mark.parametrize("link", LINKS, ids=str)
def test_every_link_leads_on(link: Link) -> None:
    walk, links = Walk(), way_to(link)
    walk.ask(walk.good_request(links[0].source, {}))
    for each in links:
        way = next((way for way in walk.ways if way.link == each), None)
        assert way is not None, f"no answer has what is needed for {each}"
        answers = (walk.ask(walk.good_request(each.target, way.values), person) for person in PEOPLE)
        assert any(status < 300 for status in answers), f"{each} leads to nothing, whoever follows it"
