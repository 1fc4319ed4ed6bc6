"""How far an ERP's changes are known: however it is asked, each change is told once, and none is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.erp_changes import (
    SOMEBODY,
    ChangedLine,
    ErpChange,
    ErpChangesPage,
    SweepPlace,
    begun,
    booked_receipt,
    booked_return,
    in_words,
    news,
    passed,
    person_of,
    since,
    told,
)
from domain.money import Money

START = datetime(2026, 3, 10, 8, tzinfo=UTC)
LONGEST, ASKEW = 10, 5
OVERLAP = timedelta(minutes=LONGEST + ASKEW)


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


def change(name: str, at: datetime, **over: object) -> ErpChange:
    return ErpChange.model_validate({"change_id": name, "kind": "goods-received", "at": at, **over})


def page(*changes: ErpChange, rest: str = "") -> ErpChangesPage:
    return ErpChangesPage(changes=changes, latest=max((each.at for each in changes), default=None), next_page=rest)


def test_a_sweep_begins_where_a_late_change_may_still_appear() -> None:
    place = begun(SweepPlace(until=START), minutes(30))
    after = passed(place, page(change("a", minutes(29))), OVERLAP)
    assert (after.until, after.started_at, after.page) == (minutes(29), None, "")
    assert since(after, OVERLAP) == minutes(29) - OVERLAP


def test_the_start_of_the_sweep_counts_when_the_erp_s_clock_is_ahead() -> None:
    after = passed(begun(SweepPlace(until=START), minutes(30)), page(change("a", minutes(34))), OVERLAP)
    assert after.until == minutes(30)


def test_nothing_moves_before_the_last_page() -> None:
    place = begun(SweepPlace(until=START), minutes(30))
    middle = passed(place, page(change("a", minutes(29)), rest="next"), OVERLAP)
    assert (middle.until, middle.page, since(middle, OVERLAP)) == (START, "next", since(place, OVERLAP))
    assert begun(middle, minutes(60)).started_at == minutes(30)
    assert passed(middle, page(), OVERLAP).until == minutes(29)


def test_an_erp_in_which_nothing_happens_keeps_its_place() -> None:
    place = SweepPlace(until=START)
    assert passed(begun(place, minutes(30)), page(), OVERLAP) == place


def test_what_is_known_is_told_no_more() -> None:
    place = passed(begun(SweepPlace(until=START), minutes(2)), page(change("a", minutes(1))), OVERLAP)
    again, other = change("a", minutes(3)), change("b", minutes(3))
    assert news(place, (again, other, other)) == (other,)
    assert news(told(place, (other,)), (again, other)) == ()


def test_what_can_not_come_again_is_forgotten() -> None:
    place = passed(begun(SweepPlace(until=START), minutes(2)), page(change("a", minutes(1))), OVERLAP)
    later = passed(begun(place, minutes(99)), page(change("b", minutes(90))), OVERLAP)
    assert [each.change_id for each in later.known] == ["b"]


@dataclass(frozen=True)
class Written:
    """A change that the ERP dates `at`, and that others see from `seen` on."""

    name: str
    at: datetime
    seen: datetime


@st.composite
def histories(draw: st.DrawFn) -> list[Written]:
    """With a clock that is off by the same time throughout."""
    askew = draw(st.integers(-ASKEW, ASKEW))
    begins = draw(st.lists(st.integers(0, 200), max_size=12))
    return [
        Written(str(number), minutes(begin + askew), minutes(begin + draw(st.integers(0, LONGEST))))
        for number, begin in enumerate(begins)
    ]


def asked(written: list[Written], now: datetime, from_: datetime, place: str, limit: int) -> ErpChangesPage:
    """What an ERP answers at `now`, in order of its dates."""
    visible = sorted((each.at, each.name) for each in written if each.seen <= now and each.at >= from_)
    rest = [each for each in visible if not place or (each[0].isoformat(), each[1]) > tuple(place.split("|"))]
    found = rest[:limit]
    following = f"{found[-1][0].isoformat()}|{found[-1][1]}" if len(rest) > limit else ""
    return page(*(change(name, at) for at, name in found), rest=following)


class Poller:
    """Asks page by page; each question takes some of its time."""

    def __init__(self, written: list[Written], limit: int) -> None:
        self._written, self._limit = written, limit
        self.place = SweepPlace(until=START)
        self.told: Counter[str] = Counter()

    def ask(self, now: datetime, dies: bool = False) -> bool:
        """One page; False when it was the last. Who `dies` has told the changes, and does not remember it."""
        place = begun(self.place, now)
        found = asked(self._written, now, since(place, OVERLAP), place.page, self._limit)
        self.told.update(each.change_id for each in news(place, found.changes))
        if dies:
            return True
        self.place = passed(place, found, OVERLAP)
        return bool(found.next_page)


@given(histories(), st.lists(st.integers(0, 40), max_size=30), st.integers(1, 4))
def test_each_change_is_told_exactly_once(written: list[Written], pauses: list[int], limit: int) -> None:
    poller, now = Poller(written, limit), START
    for pause in pauses:
        now += timedelta(minutes=pause)
        poller.ask(now)
    _finish(poller, now)
    assert poller.told == Counter(each.name for each in written)


@given(histories(), st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=30), st.integers(1, 4))
def test_none_is_lost_by_who_dies_and_begins_anew(
    written: list[Written], polls: list[tuple[int, bool]], limit: int
) -> None:
    poller, now = Poller(written, limit), START
    for pause, dies in polls:
        now += timedelta(minutes=pause)
        poller.ask(now, dies)
    _finish(poller, now)
    assert set(poller.told) == {each.name for each in written}


@given(histories(), st.integers(1, 4))
def test_an_old_place_tells_no_more_than_what_came_since(written: list[Written], limit: int) -> None:
    poller = Poller(written, limit)
    _finish(poller, START)
    old = SweepPlace(until=minutes(100))
    poller.place = old
    poller.told.clear()
    _finish(poller, minutes(300))
    assert poller.told == Counter(each.name for each in written if each.at >= since(old, OVERLAP))


def _finish(poller: Poller, now: datetime) -> None:
    """Ask until nothing is left, long after everything happened."""
    for _ in range(2):
        now = max(now, minutes(300))
        while poller.ask(now):
            now += timedelta(minutes=1)


def test_goods_that_the_erp_booked_become_a_report() -> None:
    given_lines = (ChangedLine(line=2, quantity=Decimal(3)),)
    booked = change(
        "s,1", START, by="rosa", document="7", reference="DN-1", order_number="PO-1", order_id="c:order.S-1"
    )
    receipt = booked_receipt(booked.model_copy(update={"lines": given_lines}))
    assert (receipt.event_id, receipt.order_number, receipt.order_id) == ("s,1", "PO-1", "c:order.S-1")
    assert (receipt.received_by, receipt.delivery_note, receipt.received_at) == ("rosa", "DN-1", START)
    assert [(each.line, each.accepted, each.rejected) for each in receipt.lines] == [(2, Decimal(3), Decimal(0))]
    back = booked_return(booked.model_copy(update={"lines": given_lines, "reference": ""}))
    assert [(each.line, each.quantity, each.reason) for each in back.lines] == [
        (2, Decimal(3), "returned in the ERP: 7")
    ]


def test_a_login_that_is_no_name_stands_for_somebody() -> None:
    assert person_of("rosa.lee@example.org") == "rosa.lee@example.org"
    assert person_of("Rosa Lee") == person_of("") == SOMEBODY


def test_a_change_is_told_in_a_sentence() -> None:
    amount = Money(amount=Decimal("10.00"), currency="USD")
    bill = change("i,1", START, kind="bill-posted", by="ann", supplier="S-1", reference="B 7", amount=amount)
    assert in_words(bill) == "ann posted a bill in the ERP itself (i,1): S-1; B 7; 10.00 USD"
