"""The system policy and a facility's allowed variation, put together for one day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from pydantic import ValidationError

from domain.case import fingerprint
from domain.facility import Facility, FacilityKind
from domain.policy.documents import (
    Dated,
    Edition,
    FacilityDocument,
    LocalPlanRule,
    LocalRule,
    LocalSegregation,
    Override,
    SystemDocument,
)
from domain.policy.freezing import freeze
from domain.policy.hire_references import LOCAL_PLAN, local_plan_faults
from domain.policy.model import FrozenPolicy
from domain.policy.parameters import UnknownParameterError, outside_bounds, put, variation_for
from domain.policy.references import edition_faults, facility_faults, family_faults, unknown_names
from domain.policy.source import PolicyFault, PolicyFilesError, Source

ELSEWHERE = "elsewhere"
"""The code of a facility that stands for any that the policy does not name."""


class PolicyBook:
    """Every policy of the health system, checked: what `compose` returns."""

    def __init__(self, system: tuple[SystemDocument, Source], local: Mapping[str, tuple[FacilityDocument, Source]]):
        self.system, self.system_source = system
        self._local = dict(local)
        self._sums: dict[str, str] = {}

    def codes(self) -> tuple[str, ...]:
        return tuple(sorted(self._local))

    def local(self, facility: str) -> FacilityDocument:
        """Raises KeyError when the facility is unknown."""
        return self._local[facility][0]

    def source(self, facility: str) -> Source:
        """Raises KeyError when the facility is unknown."""
        return self._local[facility][1]

    def facilities(self) -> tuple[Facility, ...]:
        """All facilities in order of their codes, with the currency of the newest edition."""
        currency = max(self.system.editions, key=lambda edition: edition.effective_from).currency
        return tuple(self.local(code).facility(currency) for code in self.codes())

    def edition(self, on: date) -> Edition | None:
        """The edition in force on a day; None before the first one."""
        begun = [edition for edition in self.system.editions if edition.effective_from <= on]
        return max(begun, key=lambda edition: edition.effective_from, default=None)

    def change_dates(self, facility: str) -> tuple[date, ...]:
        """The days from which something else holds at the facility: between two of them, its policy stays the same."""
        return _change_dates(self.system, self.local(facility))

    def effective(self, facility: str, on: date) -> FrozenPolicy | None:
        """The policy of a facility on a day of its calendar, without the holidays, which are resolved elsewhere.

        None when the facility is unknown or the day comes before the first edition.
        """
        edition = self.edition(on)
        if edition is None or facility not in self._local:
            return None
        document = self.local(facility)
        overrides = [override for override in document.overrides if override.in_force(on)]
        rules = [rule for rule in document.rules if rule.in_force(on)]
        segregation = [rule for rule in document.segregation if rule.in_force(on)]
        plan = [rule for rule in document.hire_plan if rule.in_force(on)]
        here = document.facility(edition.currency)
        return freeze(_with(edition, overrides), rules, segregation, plan, here, self._sha256(facility))

    def of_the_system(self, edition: Edition, kind: FacilityKind = "hospital") -> FrozenPolicy:
        """What holds at a facility that varies nothing and that no rule names; its opening hours do not matter."""
        some = self.local(self.codes()[0]).facility(edition.currency)
        other = some.model_copy(update={"code": ELSEWHERE, "name": f"any {kind}", "kind": kind, "parent": None})
        return freeze(edition, (), (), (), other, fingerprint({"system": self.system_source.content}))

    def _sha256(self, facility: str) -> str:
        if facility not in self._sums:
            content = {"system": self.system_source.content, "facility": self.source(facility).content}
            self._sums[facility] = fingerprint(content)
        return self._sums[facility]


def compose(system: Source, facilities: Sequence[Source]) -> PolicyBook:
    """Read and combine all policy files. Raises PolicyFilesError with every fault of every file."""
    document, faults = system.read(SystemDocument)
    wrong_editions = [] if document is None else edition_faults(document, system)
    local, wrong_files = _local_documents(facilities)
    faults += wrong_editions + wrong_files + family_faults(local, complete=not wrong_files)
    if document is not None and not wrong_files:
        faults += facility_faults(document, system, local)
    if not facilities:
        faults.append(system.fault((), "there is no facility file beside it"))
    for each, source in local.values():
        faults += _overlaps(each, source)
        if document is not None and not wrong_editions:
            faults += _variation_faults(document, each, source)
    if faults or document is None:
        raise PolicyFilesError(faults)
    return PolicyBook((document, system), local)


def _local_documents(
    sources: Sequence[Source],
) -> tuple[dict[str, tuple[FacilityDocument, Source]], list[PolicyFault]]:
    local: dict[str, tuple[FacilityDocument, Source]] = {}
    faults: list[PolicyFault] = []
    for source in sources:
        document, wrong = source.read(FacilityDocument)
        faults += wrong
        if document is not None and document.code in local:
            other = local[document.code][1].file
            faults.append(source.fault(("code",), f"{document.code} is also the code of {other}"))
        elif document is not None:
            local[document.code] = (document, source)
    return local, faults


def _overlaps(document: FacilityDocument, source: Source) -> list[PolicyFault]:
    """Two overrides of one parameter, or two rules of one name, in force on the same day."""
    faults = []
    for index, override in enumerate(document.overrides):
        if any(_meet(override, each) for each in document.overrides[:index] if each.parameter == override.parameter):
            reason = f"{override.parameter} is set twice for the same days"
            faults.append(source.fault(("overrides", index), reason))
    for part, rows in _added(document):
        for index, row in enumerate(rows):
            if any(_meet(row, each) for each in rows[:index] if each.name == row.name):
                faults.append(source.fault((part, index), f"{row.name} stands here twice for the same days"))
    return faults


def _added(
    document: FacilityDocument,
) -> tuple[tuple[str, Sequence[LocalRule | LocalSegregation | LocalPlanRule]], ...]:
    """The rows that the facility adds to tables of the system, by the key under which they stand."""
    return ("rules", document.rules), ("segregation", document.segregation), (LOCAL_PLAN, document.hire_plan)


def _meet(a: Dated, b: Dated) -> bool:
    return a.in_force(b.effective_from) or b.in_force(a.effective_from)


def _variation_faults(system: SystemDocument, document: FacilityDocument, source: Source) -> list[PolicyFault]:
    faults = []
    for edition, day in _periods(system, document):
        overrides = [(index, each) for index, each in enumerate(document.overrides) if each.in_force(day)]
        wrong = [
            fault for index, each in overrides for fault in _override_faults(edition, document, source, index, each)
        ]
        faults += wrong
        if not wrong:
            faults += _together_faults(edition, [each for _, each in overrides], source)
        faults += _local_rule_faults(edition, document, source, day)
    return faults


def _override_faults(
    edition: Edition, document: FacilityDocument, source: Source, index: int, override: Override
) -> list[PolicyFault]:
    place = ("overrides", index)
    try:
        put(_sections(edition, [override]), override.parameter, override.value)
    except UnknownParameterError:
        return [source.fault((*place, "parameter"), f"the system policy has no parameter {override.parameter}")]
    variation = variation_for(edition, override.parameter, document.kind)
    if variation is None:
        reason = f"the system policy does not let a facility change {override.parameter}"
        return [source.fault((*place, "parameter"), reason)]
    reason = outside_bounds(variation, document.kind, override.value) or ""
    if reason:
        return [source.fault((*place, "value"), reason)]
    return [source.fault((*place, "value"), reason) for reason in _refused_by_shape(edition, [override])]


def _together_faults(edition: Edition, overrides: Sequence[Override], source: Source) -> list[PolicyFault]:
    """Overrides that are allowed one by one and make no sense together."""
    return [source.fault(("overrides",), reason) for reason in _refused_by_shape(edition, overrides)]


def _refused_by_shape(edition: Edition, overrides: Sequence[Override]) -> list[str]:
    try:
        _with(edition, overrides)
    except ValidationError as error:
        return [str(each["msg"]).removeprefix("Value error, ") for each in error.errors()]
    return []


def _local_rule_faults(edition: Edition, document: FacilityDocument, source: Source, day: date) -> list[PolicyFault]:
    faults = []
    own = [(index, rule) for index, rule in enumerate(document.rules) if rule.in_force(day)]
    for index, rule in own:
        if not edition.facilities_may_add_rules:
            faults.append(source.fault(("rules", index), "the system policy does not let a facility add rules"))
        if rule.facilities or rule.kinds:
            reason = f"{rule.name} holds at {document.code} alone: leave out facilities and kinds"
            faults.append(source.fault(("rules", index), reason))
    for part, rows in _added(document):
        if part == LOCAL_PLAN:
            continue
        taken = {each.name for each in (edition.routing if part == "rules" else edition.segregation).rules}
        for index, row in enumerate(rows):
            if row.in_force(day) and row.name in taken:
                faults.append(source.fault((part, index, "name"), f"{row.name} is a rule of the system policy"))
    strange = [*unknown_names(("rules",), document.rules, edition)]
    plan = {index: row for index, row in enumerate(document.hire_plan) if row.in_force(day)}
    strange += local_plan_faults(edition, document, plan)
    return faults + [source.fault(place, reason) for place, reason in strange]


def _change_dates(system: SystemDocument, document: FacilityDocument) -> tuple[date, ...]:
    first = min(edition.effective_from for edition in system.editions)
    days = {edition.effective_from for edition in system.editions}
    for dated in (*document.overrides, *document.rules, *document.segregation, *document.hire_plan):
        days.add(dated.effective_from)
        if dated.effective_until is not None and dated.effective_until < date.max:
            days.add(dated.effective_until + timedelta(days=1))
    return tuple(sorted(day for day in days if day >= first))


def _periods(system: SystemDocument, document: FacilityDocument) -> Iterable[tuple[Edition, date]]:
    for day in _change_dates(system, document):
        begun = [edition for edition in system.editions if edition.effective_from <= day]
        yield max(begun, key=lambda edition: edition.effective_from), day


def _with(edition: Edition, overrides: Sequence[Override]) -> Edition:
    if not overrides:
        return edition
    content = _sections(edition, overrides)
    for override in overrides:
        put(content, override.parameter, override.value)
    same = {name: getattr(edition, name) for name in Edition.model_fields if name not in content}
    return Edition.model_validate(same | content)


def _sections(edition: Edition, overrides: Sequence[Override]) -> dict[str, Any]:
    """The plain content of the sections that the overrides change. The others are checked already, and a policy is
    thousands of values."""
    return edition.model_dump(include={override.parameter.partition(".")[0] for override in overrides})
