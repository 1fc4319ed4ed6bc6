"""Names that policy files use: each stands once where it is defined, and is defined where it is used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from domain.policy.documents import Edition, FacilityDocument, SystemDocument
from domain.policy.hire_references import facilities_named, hire_faults, hire_names
from domain.policy.parameters import covers
from domain.policy.source import Place, PolicyFault, Source
from domain.policy.table_entries import LocalVariation, RoutingRuleEntry, Row

Local = Mapping[str, tuple[FacilityDocument, Source]]
TABLES = (
    "routing",
    "service_levels",
    "tolerance_rules",
    "budget_rules",
    "acceptance",
    "segregation",
    "match_ways",
    "invoice_tolerances",
)


def edition_faults(document: SystemDocument, source: Source) -> list[PolicyFault]:
    """What is wrong with the system file in itself, edition by edition."""
    faults, versions, dates = [], set[str](), set[object]()
    for index, edition in enumerate(document.editions):
        place: Place = ("editions", index)
        if edition.version in versions:
            faults.append(source.fault((*place, "version"), f"{edition.version} is the version of another edition"))
        if edition.effective_from in dates:
            faults.append(source.fault((*place, "effective_from"), "another edition begins on the same day"))
        versions.add(edition.version)
        dates.add(edition.effective_from)
        faults += [source.fault((*place, *where), reason) for where, reason in _within(edition)]
    return faults


def _within(edition: Edition) -> Iterator[tuple[Place, str]]:
    yield from _repeated(("levels",), [level.name for level in edition.levels])
    yield from _repeated(("exceptions",), [entry.code for entry in edition.exceptions])
    for table in TABLES:
        rows: Sequence[Row] = getattr(edition, table).rules
        place = (table, "rules")
        yield from _repeated(place, [row.name for row in rows])
        yield from unknown_names(place, rows, edition)
    for listed, names in hire_names(edition):
        yield from _repeated(listed, names)
    yield from hire_faults(edition)
    for index, variation in enumerate(edition.facilities_may_change):
        reason = _weakens_segregation(variation, edition)
        if reason:
            yield ("facilities_may_change", index), reason


def _repeated(place: Place, names: Sequence[str]) -> Iterator[tuple[Place, str]]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield (*place, index), f"{name} stands here twice"


def unknown_names(place: Place, rows: Iterable[Row], edition: Edition) -> Iterator[tuple[Place, str]]:
    """Levels and categories that rows of a table name and the edition does not list."""
    levels = {level.name for level in edition.levels}
    for index, row in enumerate(rows):
        demands = isinstance(row, RoutingRuleEntry)
        for name in _strange(row, "levels", levels):
            yield (*place, index, "levels"), f"{row.name} {'demands' if demands else 'names'} {name}, which is no level"
        for name in _strange(row, "categories", edition.categories):
            yield (*place, index, "categories"), f"{row.name} names {name}, no category"


def _strange(row: Row, field: str, known: Collection[str]) -> list[str]:
    return sorted(set(getattr(row, field, ())) - set(known))


def _weakens_segregation(variation: LocalVariation, edition: Edition) -> str | None:
    """A facility may grant shorter overrides than the system; nothing else about segregation is its to change."""
    if variation.parameter.split(".")[0] != "segregation":
        return None
    covered = [
        rule
        for rule in edition.segregation.rules
        if covers(variation.parameter, f"segregation.rules.{rule.name}.override_max_days")
    ]
    if not covered or variation.most is None:
        return "a facility may not weaken the segregation of duties"
    strictest = min(covered, key=lambda rule: rule.override_max_days)
    if variation.most <= strictest.override_max_days:
        return None
    return f"a facility may not weaken {strictest.name}: its overrides last {strictest.override_max_days} days at most"


def facility_faults(document: SystemDocument, source: Source, local: Local) -> list[PolicyFault]:
    """Facilities that the system file names and that have no file, and rules for which no facility is left."""
    return [
        source.fault(("editions", number, *place), reason)
        for number, edition in enumerate(document.editions)
        for place, reason in (*_unknown_facilities(edition, local), *_rules_without_facility(edition, local))
    ]


def _unknown_facilities(edition: Edition, local: Local) -> Iterator[tuple[Place, str]]:
    for place, named in _facilities_named(edition):
        yield from ((place, f"{name} is no facility") for name in named if name not in local)


def _rules_without_facility(edition: Edition, local: Local) -> Iterator[tuple[Place, str]]:
    for index, rule in enumerate(edition.routing.rules):
        named = [local[code][0].kind for code in rule.facilities if code in local]
        if named and rule.kinds and not set(named) & set(rule.kinds):
            words = f"{rule.name} can never match: none of its facilities is of the kind {' or '.join(rule.kinds)}"
            yield ("routing", "rules", index, "kinds"), words
    for place, names, kinds in facilities_named(edition):
        named = [local[code][0].kind for code in names if code in local]
        if named and kinds and not set(named) & set(kinds):
            yield (*place, "kinds"), f"can never match: none of its facilities is of the kind {' or '.join(kinds)}"


def _facilities_named(edition: Edition) -> Iterator[tuple[Place, Sequence[str]]]:
    for index, rule in enumerate(edition.routing.rules):
        yield ("routing", "rules", index, "facilities"), rule.facilities
    for place, names, _ in facilities_named(edition):
        yield (*place, "facilities"), names
    for index, example in enumerate(edition.tests):
        if example.given.facility is not None:
            yield ("tests", index, "given", "facility"), (example.given.facility,)


def family_faults(local: Local, *, complete: bool) -> list[PolicyFault]:
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


def _ancestors(document: FacilityDocument, local: Local) -> list[str]:
    seen: list[str] = []
    parent = document.parent
    while parent is not None and parent in local and parent not in seen:
        seen.append(parent)
        parent = local[parent][0].parent
    return seen
