"""The system policy and a facility's allowed variation, put together for one day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from pydantic import ValidationError

from domain.case import fingerprint
from domain.facility import Facility
from domain.policy.documents import Edition, FacilityDocument, LocalRule, Override, RoutingRuleEntry, SystemDocument
from domain.policy.model import (
    AmendmentRule,
    ApprovalLevel,
    BudgetRule,
    EmergencyRule,
    FrozenPolicy,
    ReceiptRule,
    RoutingRule,
    SplittingRule,
    SupplierRule,
    Tolerances,
)
from domain.policy.parameters import UnknownParameterError, outside_bounds, put, variation_for
from domain.policy.source import PolicyFault, PolicyFilesError, Source


class PolicyBook:
    """Every policy of the health system, checked: what `compose` returns."""

    def __init__(self, system: tuple[SystemDocument, Source], local: Mapping[str, tuple[FacilityDocument, Source]]):
        self.system, self.system_source = system
        self._local = dict(local)

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
        return _freeze(_with(edition, overrides), rules, document.facility(edition.currency), self._sha256(facility))

    def of_the_system(self, edition: Edition) -> FrozenPolicy:
        """What holds at a facility that varies nothing; its opening hours are of no account here."""
        some = self.local(self.codes()[0]).facility(edition.currency)
        return _freeze(edition, (), some, fingerprint({"system": self.system_source.content}))

    def _sha256(self, facility: str) -> str:
        return fingerprint({"system": self.system_source.content, "facility": self.source(facility).content})


def compose(system: Source, facilities: Sequence[Source]) -> PolicyBook:
    """Read and combine all policy files. Raises PolicyFilesError with every fault of every file."""
    document, faults = system.read(SystemDocument)
    wrong_editions = [] if document is None else _edition_faults(document, system)
    local, wrong_files = _local_documents(facilities)
    faults += wrong_editions + wrong_files + _family_faults(local, complete=not wrong_files)
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


def _edition_faults(document: SystemDocument, source: Source) -> list[PolicyFault]:
    faults, versions, dates = [], set[str](), set[date]()
    for index, edition in enumerate(document.editions):
        place = ("editions", index)
        if edition.version in versions:
            faults.append(source.fault((*place, "version"), f"{edition.version} is the version of another edition"))
        if edition.effective_from in dates:
            faults.append(source.fault((*place, "effective_from"), "another edition begins on the same day"))
        versions.add(edition.version)
        dates.add(edition.effective_from)
        faults += _repeated(source, (*place, "levels"), [level.name for level in edition.levels])
        faults += _repeated(source, (*place, "routing", "rules"), [rule.name for rule in edition.routing.rules])
        faults += _repeated(source, (*place, "exceptions"), [entry.code for entry in edition.exceptions])
        faults += _rule_faults(source, (*place, "routing", "rules"), edition.routing.rules, edition)
    return faults


def _repeated(source: Source, place: tuple[str | int, ...], names: list[str]) -> list[PolicyFault]:
    return [
        source.fault((*place, index), f"{name} stands here twice")
        for index, name in enumerate(names)
        if name in names[:index]
    ]


def _rule_faults(
    source: Source, place: tuple[str | int, ...], rules: Sequence[RoutingRuleEntry], edition: Edition
) -> list[PolicyFault]:
    levels, faults = {level.name for level in edition.levels}, []
    for index, rule in enumerate(rules):
        for name in set(rule.levels) - levels:
            faults.append(source.fault((*place, index, "levels"), f"{rule.name} demands {name}, which is no level"))
        for name in set(rule.categories) - set(edition.categories):
            faults.append(source.fault((*place, index, "categories"), f"{rule.name} names {name}, no category"))
    return faults


def _family_faults(local: Mapping[str, tuple[FacilityDocument, Source]], *, complete: bool) -> list[PolicyFault]:
    """What is wrong among facilities. Unless all of them could be read, a missing parent is not held against one."""
    faults, glns = [], dict[str, str]()
    for document, source in local.values():
        if document.gln in glns:
            faults.append(source.fault(("gln",), f"{document.gln} is also the number of {glns[document.gln]}"))
        glns.setdefault(document.gln, document.code)
        if document.parent is not None and document.parent not in local and complete:
            faults.append(source.fault(("parent",), f"{document.parent} is no facility"))
        if document.code in _ancestors(document, local):
            faults.append(source.fault(("parent",), f"{document.code} is its own ancestor"))
    return faults


def _ancestors(document: FacilityDocument, local: Mapping[str, tuple[FacilityDocument, Source]]) -> list[str]:
    seen: list[str] = []
    parent = document.parent
    while parent is not None and parent in local and parent not in seen:
        seen.append(parent)
        parent = local[parent][0].parent
    return seen


def _overlaps(document: FacilityDocument, source: Source) -> list[PolicyFault]:
    """Two overrides of one parameter, or two rules of one name, in force on the same day."""
    faults = []
    for index, override in enumerate(document.overrides):
        if any(_meet(override, each) for each in document.overrides[:index] if each.parameter == override.parameter):
            reason = f"{override.parameter} is set twice for the same days"
            faults.append(source.fault(("overrides", index), reason))
    for index, rule in enumerate(document.rules):
        if any(_meet(rule, each) for each in document.rules[:index] if each.name == rule.name):
            faults.append(source.fault(("rules", index), f"{rule.name} stands here twice for the same days"))
    return faults


def _meet(a: Override | LocalRule, b: Override | LocalRule) -> bool:
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
        put(edition.model_dump(), override.parameter, override.value)
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
    for index, rule in enumerate(document.rules):
        if not rule.in_force(day):
            continue
        if not edition.facilities_may_add_rules:
            faults.append(source.fault(("rules", index), "the system policy does not let a facility add rules"))
        if rule.name in {each.name for each in edition.routing.rules}:
            faults.append(source.fault(("rules", index, "name"), f"{rule.name} is a rule of the system policy"))
    return faults + _rule_faults(source, ("rules",), document.rules, edition)


def _change_dates(system: SystemDocument, document: FacilityDocument) -> tuple[date, ...]:
    first = min(edition.effective_from for edition in system.editions)
    days = {edition.effective_from for edition in system.editions}
    for dated in (*document.overrides, *document.rules):
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
    content = edition.model_dump()
    for override in overrides:
        put(content, override.parameter, override.value)
    return Edition.model_validate(content)


def _freeze(edition: Edition, local: Sequence[LocalRule], facility: Facility, sha256: str) -> FrozenPolicy:
    """Owners and reasons of single parameters stay in the files; those of routing rules travel with the case."""
    rules = (*edition.routing.rules, *local)
    return FrozenPolicy(
        version=edition.version,
        sha256=sha256,
        effective_from=edition.effective_from,
        facility=facility,
        levels=tuple(ApprovalLevel.model_validate(level.model_dump()) for level in edition.levels),
        routing=tuple(RoutingRule.model_validate(rule.model_dump()) for rule in rules),
        tolerances=Tolerances.model_validate(edition.tolerances.model_dump()),
        budget=BudgetRule.model_validate(edition.budget.model_dump()),
        emergency=EmergencyRule.model_validate(edition.emergency.model_dump()),
        splitting=SplittingRule.model_validate(edition.splitting.model_dump()),
        supplier=SupplierRule.model_validate(edition.supplier.model_dump()),
        receipt=ReceiptRule.model_validate(edition.receipt.model_dump()),
        amendment=AmendmentRule.model_validate(edition.amendment.model_dump()),
        off_contract=edition.purchasing.off_contract,
        substitute_inactive=edition.purchasing.substitute_inactive,
        use_stock_first=edition.purchasing.use_stock_first,
        exception_owners={entry.code: entry.handled_by for entry in edition.exceptions},
        exception_hours={entry.code: entry.within_hours for entry in edition.exceptions},
    )
