"""What happens to an example hire in the world outside, and how it must stand at the end.

`examples/README.md` describes the format for those who write stories.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.reference_files import resolve_day
from cli.demo.story import ShortAnswer, StoryError
from domain.business_time import business_days_after, business_days_before, local_day, start_of_business
from domain.case import CaseStatus, Stage, case_id
from domain.facility import BusinessCalendar
from domain.hire_plan import ReadinessState
from domain.people import PersonId
from domain.tasks import Action

Moment = Literal["approval", "at-rest", "asked"]
"""When somebody acts: while an approval is asked for, when all is done that can be, or while an exception is open."""
_BUSINESS_DAYS = re.compile(r"\+(\d{1,3})b")
_SATURDAY, _WEEK = 5, 7
_NOTICE_DAYS = 14


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class HireReply(_Part):
    """What a person answers. `until` is a relative day; `worker` is the number of a former worker who is named."""

    action: Action
    comment: str = ""
    by: PersonId | None = None
    until: str | None = None
    worker: str | None = None


class HireAct(_Part):
    """HR corrects the hire (`change` replaces what it names), or reports that the person does not come.

    It comes by a person's action on the case, by a signed event of the HRIS, or in the next HR file.
    """

    when: Moment
    do: Literal["correct", "rescind", "withdraw", "no-show", "wrong-person"]
    change: dict[str, Any] = {}
    via: Literal["action", "event", "file"] = "action"
    by: PersonId = "a.winslow"
    reason: str = ""


class HireExpectation(_Part):
    """How the hire stands at the end; the account, its groups and the position as the systems themselves show them.

    `blocked_by` are the items that stand between the person and the first day, in the order in which they are shown.
    `approvals` are the levels that decided, `number` the worker number that somebody keeps.
    """

    stage: Stage
    status: CaseStatus = "running"
    ready: ReadinessState
    exceptions: tuple[str, ...] = ()
    approvals: tuple[str, ...] = ()
    account: Literal["enabled", "disabled", "none"]
    groups: tuple[str, ...] = ()
    worker: Literal["active", "prehire", "ended", "rescinded", "none"]
    number: str | None = None
    position: str | None = None
    blocked_by: tuple[str, ...] = ()
    name: str | None = None
    """What the account shows as the name."""


class HireStory(_Part):
    """Left out means: everybody agrees, does what is asked, and the person comes on the first day.

    `leave` are items and exceptions that nobody deals with. Equipment is delivered ('deliver'), promised within the
    week ('promise') or for a month later ('late'). The timeline of a hire that is `told` is printed, with that of its
    purchases. `purchase_answers` is what people answer to exceptions of those purchases.
    """

    title: str
    told: bool = False
    expect: HireExpectation
    answers: dict[str, tuple[HireReply, ...]] = {}
    approvals: dict[str, HireReply] = {}
    leave: tuple[str, ...] = ()
    arrival: Literal["confirm-arrival", "no-show"] = "confirm-arrival"
    equipment: Literal["deliver", "promise", "late"] = "deliver"
    purchase_answers: dict[str, tuple[ShortAnswer, ...]] = {}
    acts: tuple[HireAct, ...] = ()


class HireExample(_Part):
    """One line of the file: the hire, how it comes in first, and its story.

    The full HR file lists every hire, also those that came by the API or by an event before; one with `after` is in the
    next file, once the hire that it names is under way.
    """

    hire: dict[str, Any]
    via: Literal["file", "api", "event"] = "file"
    posted_by: PersonId = Field(default="portal", alias="as")
    after: str | None = None
    story: HireStory

    @property
    def number(self) -> str:
        return str(self.hire["number"])

    @property
    def facility(self) -> str:
        return str(self.hire["facility"])

    @property
    def case_id(self) -> str:
        return case_id("hire-to-provision", self.facility, self.number)


class Days:
    """Resolves the days of one facility at one moment, `now` (UTC).

    'began' is the last business day whose office hours have begun, '+8b' the eighth business day from today on,
    'saturday' a Saturday two to three weeks ahead; everything else is as in the other example files.
    """

    def __init__(self, calendar: BusinessCalendar, holidays: Collection[date], now: datetime) -> None:
        self._calendar, self._holidays, self._now = calendar, frozenset(holidays), now
        self.today = local_day(now, calendar)

    def resolve(self, text: str) -> date:
        """Raises ValueError for a day that cannot be read."""
        if text == "began":
            return self._began()
        if text == "saturday":
            ahead = self.today + timedelta(days=_NOTICE_DAYS)
            return ahead + timedelta(days=(_SATURDAY - ahead.weekday()) % _WEEK)
        business = _BUSINESS_DAYS.fullmatch(text)
        if business:
            return business_days_after(self.today, int(business[1]), self._calendar, self._holidays)
        return resolve_day(text, self.today)

    def _began(self) -> date:
        day = business_days_before(self.today, 0, self._calendar, self._holidays)
        if start_of_business(day, self._calendar, self._holidays) <= self._now:
            return day
        return business_days_before(self.today, 1, self._calendar, self._holidays)


def hire_body(hire: dict[str, Any], days: Days) -> dict[str, Any]:
    """The hire as it is posted, with all days resolved."""
    body: dict[str, Any] = json.loads(json.dumps(hire))
    for name in ("start_on", "end_on"):
        if body.get(name):
            body[name] = days.resolve(body[name]).isoformat()
    for each in (*body.get("licences", ()), *body.get("certificates", ())):
        if each.get("expires_on"):
            each["expires_on"] = days.resolve(each["expires_on"]).isoformat()
    for each in body.get("extra_access", ()):
        if each.get("until"):
            each["until"] = days.resolve(each["until"]).isoformat()
    return body


def load_hires(path: Path) -> tuple[HireExample, ...]:
    """Every line of a stories file. Raises StoryError for the first that cannot be used, OSError without the file."""
    examples = []
    for row, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            examples.append(HireExample.model_validate(json.loads(line)))
        except (json.JSONDecodeError, ValidationError) as error:
            raise StoryError(f"{path.name}, line {row}: {error}") from None
    numbers = [each.number for each in examples]
    if len(set(numbers)) < len(numbers):
        raise StoryError(f"{path.name}: a number stands there twice")
    for each in examples:
        if each.after is not None and each.after not in numbers:
            raise StoryError(f"{path.name}: {each.number} waits for {each.after}, which is not in the file")
    return tuple(examples)
