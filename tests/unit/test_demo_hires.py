"""The example hires and their judge: what is not as told is said, whatever Corridor itself believes."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.composition import REFERENCE_FILES
from cli.demo.hires.files import HrDesk
from cli.demo.hires.judge import HiredWorker, HireOutside, HireVerdict, TargetUser, faults_of, judge_hires
from cli.demo.hires.play import HirePlay
from cli.demo.hires.report import show_hires
from cli.demo.hires.show import HireRates, HiresVerdict, Told
from cli.demo.hires.story import Days, HireExample, hire_body, load_hires
from cli.demo.hires.writing import Ended
from cli.demo.story import StoryError
from cli.hires_of_stack import days_of_facilities
from domain.hire import Hire
from domain.hire_file import read_header, read_row

TODAY = date(2026, 11, 24)
HIRES = load_hires(REFERENCE_FILES / "hires.jsonl")
COMES = {"stage": "provisioning", "ready": "ready", "account": "disabled", "worker": "prehire", "position": "P-1"}
GONE = {"stage": "closed", "status": "rescinded", "ready": "not-coming", "account": "none", "worker": "rescinded"}
OURS = "hire-to-provision.north.H-1"


def _play(expect: dict[str, Any], **view: Any) -> HirePlay:
    hire = {"number": "H-1", "facility": "north", "title": "Clerk", "requester": "t.berg"}
    story = {"title": "T", "expect": {"groups": ["all-staff"] if expect is COMES else [], **expect}}
    play = HirePlay(HireExample.model_validate({"hire": hire, "story": story}))
    play.snapshot = {"stage": expect["stage"], "status": expect.get("status", "running"), "version": 3}
    play.view = {"readiness": {"state": expect["ready"], "done": 4, "of": 4, "blockers": []}, **view}
    return play


def _user(**over: Any) -> TargetUser:
    given = {"user_name": "aby", "worker_number": "W-9", "active": False, "name": "Ann By", "groups": ("all-staff",)}
    return TargetUser.model_validate(given | over)


def _books(status: str = "prehire", **over: Any) -> HireOutside:
    given: dict[str, Any] = {
        "users": (_user(),),
        "workers": {OURS: HiredWorker(number="W-9", status=status)},
        "positions": {"P-1": "W-9"},
        "employees": {"W-9": True},
        "orders": {},
    }
    return HireOutside.model_validate(given | over)


NOTHING = {"users": (), "positions": {}, "employees": {"W-9": False}}


def _judged(play: HirePlay, outside: HireOutside, tasks: tuple[dict[str, Any], ...] = ()) -> HireVerdict:
    (row,) = judge_hires([play], {}, {play.case_id: tasks}, outside)
    return row


def test_a_hire_that_stands_as_told_has_no_reasons() -> None:
    row = _judged(_play(COMES), _books())
    assert row.reasons == ()
    assert row.remains is None
    assert (row.account, row.worker) == ("aby, disabled", "W-9")


@pytest.mark.parametrize(
    ("outside", "said"),
    [
        (_books(users=(_user(active=True),)), "the account is enabled, not disabled"),
        (_books(users=()), "the account is none, not disabled"),
        (_books(users=(_user(groups=("all-staff", "ehr-nurse")),)), "groups: all-staff, ehr-nurse; not all-staff"),
        (_books(status="active"), "the HRIS has the worker as active, not prehire"),
        (_books(positions={"P-2": "W-9"}), "positions: P-2; not P-1"),
        (_books(employees={}), "the ERP has no active employee"),
    ],
)
def test_what_a_system_shows_differently_is_said(outside: HireOutside, said: str) -> None:
    assert _judged(_play(COMES), outside).reasons == (said,)


def test_a_worker_who_comes_back_keeps_the_number() -> None:
    play = _play({**COMES, "groups": ["all-staff"], "number": "W-7"})
    assert _judged(play, _books()).reasons == ("the worker has the number W-9, not W-7",)


def test_of_a_rescinded_hire_nothing_is_left() -> None:
    row = _judged(_play(GONE), _books("rescinded", **NOTHING))
    assert row.reasons == ()
    assert row.remains is not None
    assert list(row.remains.told()) == []


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ({"users": (_user(active=True),)}, "accounts left: aby"),
        ({"users": (_user(active=True),)}, "groups left: all-staff"),
        ({"positions": {"P-1": OURS}}, "positions left: P-1"),
        ({"employees": {"W-9": True}}, "the ERP has an active employee left"),
        (
            {"orders": {"procure-to-pay.north.H-1-E1": ("CANCELLED", "OPEN")}},
            "orders left: procure-to-pay.north.H-1-E1 is OPEN",
        ),
    ],
)
def test_whatever_is_left_of_a_rescinded_hire_is_said(left: dict[str, Any], said: str) -> None:
    row = _judged(_play(GONE), _books("rescinded", **(NOTHING | left)))
    assert said in row.reasons


def test_a_task_that_is_left_is_said_and_an_answered_one_is_not() -> None:
    tasks = ({"slot": "badge", "status": "open"}, {"slot": "mailbox", "status": "decided"})
    row = _judged(_play(GONE), _books("rescinded", **NOTHING), tasks)
    assert row.reasons == ("tasks left: badge",)


def test_accounts_that_belong_to_nobody_are_found() -> None:
    two = _books(users=(_user(), _user(user_name="aby2"), _user(user_name="x", worker_number="W-1")), strays=("email",))
    assert faults_of(two) == (
        "2 accounts of worker W-9",
        "account x belongs to no hire",
        "group email has a member who is no user",
    )
    assert faults_of(_books()) == ()


def test_what_corridor_says_counts_as_well() -> None:
    blocked = _play(COMES)
    blocked.view = {"readiness": {"state": "at-risk", "done": 3, "of": 4, "blockers": [{"key": "badge", **_WHO}]}}
    assert _judged(blocked, _books()).reasons == ("is at-risk, not ready", "blocked by badge, not nothing")
    early = _play(COMES)
    early.fail("not at rest within 5 s")
    assert _judged(early, _books()).reasons == ("not at rest within 5 s",)


_WHO = {"title": "Badge", "who": "facilities-desk"}


# The examples


@cache
def _days() -> Mapping[str, Days]:
    return days_of_facilities(TODAY)


def _listed(example: HireExample) -> Hire:
    return Hire.model_validate(hire_body(example.hire, _days()[example.facility]))


def test_there_are_forty_and_every_branch_is_among_them() -> None:
    assert len(HIRES) == 40
    expects = [each.story.expect for each in HIRES]
    assert {each.ready for each in expects} == {"ready", "at-risk", "not-ready", "not-coming"}
    assert {each.account for each in expects} == {"enabled", "disabled", "none"}
    assert {each.status for each in expects} == {
        *("running", "rescinded", "no-show", "withdrawn", "rejected", "cancelled"),
    }
    assert {act.do for each in HIRES for act in each.story.acts} >= {"correct", "rescind", "withdraw", "wrong-person"}
    assert {act.via for each in HIRES for act in each.story.acts} == {"action", "event", "file"}
    assert {each.via for each in HIRES} == {"file", "api", "event"}
    assert {each.story.equipment for each in HIRES} == {"deliver", "promise", "late"}
    types = Counter(str(each.hire["employment_type"]) for each in HIRES)
    assert set(types) == {"employee", "contractor", "volunteer", "agency-nurse"}
    assert sum(each.number is not None for each in expects) >= 5  # come back and keep their number
    raised = {code for each in expects for code in each.exceptions}
    assert raised >= {
        *("rehire-candidate", "identity-conflict", "hire-in-progress", "position-unavailable", "department-unknown"),
        *("manager-missing", "start-date-implausible", "entitlement-unknown", "entitlement-conflict"),
        *("licence-unverified", "licence-expiring", "licence-barred", "npi-invalid", "certificate-missing"),
        "exclusion-candidate",
    }


def test_every_example_is_a_hire_that_can_be_posted() -> None:
    assert len({_listed(each).number for each in HIRES}) == len(HIRES)


def test_a_number_that_stands_there_twice_is_refused(tmp_path: Path) -> None:
    line = (REFERENCE_FILES / "hires.jsonl").read_text().splitlines()[0]
    (tmp_path / "hires.jsonl").write_text(f"{line}\n{line}\n")
    with pytest.raises(StoryError, match="twice"):
        load_hires(tmp_path / "hires.jsonl")


# The files


def _rows(path: Path) -> list[list[str]]:
    return [
        row for row in csv.reader(StringIO(path.read_bytes().decode(), newline="")) if not row[0].startswith("#end")
    ]


def test_the_full_file_says_of_every_hire_what_its_story_does(tmp_path: Path) -> None:
    hires = [_listed(each) for each in HIRES if each.after is None]
    desk = HrDesk(tmp_path, TODAY)
    desk.list_all(hires, ["H-3013", "H-3028"])
    (path,) = tmp_path.iterdir()
    names, *rows = _rows(path)
    header = read_header(names)
    assert [read_row(row, header, line).hire for line, row in enumerate(rows, start=2)] == hires
    (left,) = desk.left
    assert (left.name, left.counts.new, left.counts.unchanged) == ("hires-full-20261124.csv", len(hires) - 2, 2)


def test_the_second_file_waits_for_all_that_it_says(tmp_path: Path) -> None:
    desk = HrDesk(tmp_path, TODAY)
    first, second, third = (_listed(each) for each in HIRES[:3])
    desk.expect([first.number, second.number, third.number, "H-9"])
    desk.hired(first)
    desk.corrected(second)
    desk.nothing_of("H-9")
    desk.nothing_of("H-9")
    assert list(tmp_path.iterdir()) == []
    desk.ended(Ended(third.facility, third.number, "rescinded", "The offer is withdrawn."))
    (path,) = tmp_path.iterdir()
    assert path.name == "hires-delta-20261124-2.csv"
    assert len(_rows(path)) == 1 + 3 + 1  # and one that no hire has the number of


def _taken(**over: Any) -> dict[str, Any]:
    counts = {"rows": 2, "new": 2, "corrected": 0, "ended": 0, "unchanged": 0, "refused": 0}
    return {"name": "hires-full-20261124.csv", "state": "taken", "faults": [], **counts, **over}


@pytest.mark.parametrize(
    ("taken", "reasons"),
    [
        ([_taken()], ()),
        ([], ("the API knows nothing of it",)),
        ([_taken(state="held")], ("is held, not taken",)),
        ([_taken(new=1, refused=1)], ("new: 1, not 2", "refused: 1, not 0")),
    ],
)
def test_what_became_of_a_file_is_compared_with_what_was_written(
    tmp_path: Path, taken: list[dict[str, Any]], reasons: tuple[str, ...]
) -> None:
    desk = HrDesk(tmp_path, TODAY)
    desk.list_all([_listed(each) for each in HIRES[:2]], [])
    (verdict,) = desk.judge(taken)
    assert verdict.reasons == reasons


# The tables


@pytest.mark.parametrize("width", [100, 230])
def test_the_tables_say_who_is_ready_what_is_left_and_what_differs(tmp_path: Path, width: int) -> None:
    desk = HrDesk(tmp_path, TODAY)
    desk.list_all([_listed(HIRES[0])], [])
    fault = {"line": 3, "column": "number", "message": "No hire has this number."}
    verdict = HiresVerdict(
        hires=(
            _judged(_play(COMES), _books()),
            _judged(_play(GONE), _books("rescinded", **(NOTHING | {"users": (_user(active=True),)}))),
        ),
        files=desk.judge([_taken(rows=1, new=1, faults=[fault])]),
        told=(
            Told(at=datetime(2026, 11, 24, 9, tzinfo=UTC), case_id=OURS, kind="x", actor="corridor", summary="Made"),
        ),
        rates=HireRates(hires=2),
        faults=(),
    )
    assert not verdict.matched
    said = StringIO()
    show_hires(verdict, Console(file=said, width=width))
    text = said.getvalue()
    for words in ("not-coming", "DIFFERS", "as told", "No hire", "09:00:00", "H-1: accounts left: aby"):
        assert words in text
    assert "1 of 2 hires stand as told" in text
