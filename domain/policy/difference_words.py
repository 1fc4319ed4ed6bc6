"""What changed between two policies, as a sentence for those who answer for the rules."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.policy.tree import Leaf, without_wrapping

_THINGS = {
    "routing": "{name}",
    "levels": "level {name}",
    "service_levels": "service-level rule {name}",
    "tolerance_rules": "tolerance rule {name}",
    "budget_rules": "budget rule {name}",
    "match_ways": "matching rule {name}",
    "invoice_tolerances": "invoice tolerance {name}",
    "acceptance": "automatic acceptance {name}",
    "segregation": "segregation rule {name}",
    "authority": "the authority of job level {name}",
    "overrides": "the override of {name}",
    "facilities_may_change": "the allowance to change {name}",
    "tests": "the example '{name}'",
    "plan": "row {name} of the plan",
    "hire_plan": "row {name} of the plan",
    "entitlements": "entitlement {name}",
    "conflicts": "conflict {name}",
    "approvals": "hire approval {name}",
    "exceptions": "exception {name}",
    "exception_owners": "exception {name}",
    "exception_hours": "exception {name}",
}
"""How an entry of a table is called. `rules` of a file are those of its routing table."""
_THINGS["rules"] = _THINGS["routing"]

_AMOUNTS = frozenset({"cap", "limit", "amount", "least", "most", "release_from", "equipment_limit"})
_PERCENTAGES = frozenset({"percent", "discount_yield"})
_SENTENCES = {
    "amount_from": "{thing} now begins at {after} instead of {before}",
    "amount_below": "{thing} now ends below {after} instead of {before}",
    "levels": "{thing} now asks {after} instead of {before}",
    "categories": "{thing} now concerns {after} instead of {before}",
    "suppliers": "{thing} now concerns {after} instead of {before}",
    "urgencies": "{thing} now concerns {after} instead of {before}",
    "cost_centres": "{thing} now concerns {after} instead of {before}",
    "facilities": "{thing} now concerns {after} instead of {before}",
    "kinds": "{thing} now concerns {after} instead of {before}",
    "risks": "{thing} now concerns {after} instead of {before}",
    "owner": "{thing} is now owned by {after} instead of {before}",
    "reason": "the reason of {thing} is now '{after}' instead of '{before}'",
    "role": "{thing} is now decided by {after} instead of {before}",
    "approvers": "{thing} is now asked of {after} instead of {before}",
    "needs": "{thing} now needs {after} instead of {before}",
    "escalate_to": "{thing} is now passed to {after} instead of {before}",
    "remind_after_hours": "{thing} is now reminded after {after} instead of {before}",
    "escalate_after_hours": "{thing} is now passed on after {after} instead of {before}",
    "due_days": "{thing} is now due on {after} instead of {before}",
    "from_days": "{thing} now begins on {after} instead of {before}",
    "after": "{thing} now waits for {after} instead of {before}",
    "done_by": "{thing} is now done by {after} instead of {before}",
    "job_families": "{thing} now concerns {after} instead of {before}",
    "departments": "{thing} now concerns {after} instead of {before}",
    "employment_types": "{thing} now concerns {after} instead of {before}",
    "ways": "{thing} now matches {after} instead of {before}",
    "release_from": "a second person now releases payments from {after} instead of {before}",
    "max_amount": "{thing} now ends at {after} instead of {before}",
    "opens": "the office now opens at {after} instead of {before}",
    "closes": "the office now closes at {after} instead of {before}",
    "exception_owners": "{thing} now goes to {after} instead of {before}",
    "exception_hours": "{thing} is now due within {after} instead of {before}",
}
_WHEN_EMPTY = {
    "categories": "every category",
    "suppliers": "every supplier",
    "urgencies": "every urgency",
    "cost_centres": "every cost centre",
    "facilities": "every facility",
    "kinds": "every kind of facility",
    "risks": "every supplier risk",
    "job_families": "every job family",
    "departments": "every department",
    "employment_types": "every employment type",
    "from_days": "any day",
    "amount_below": "no amount",
    "max_amount": "no amount",
    "effective_until": "further notice",
    "stage": "a stage of its own",
}
_NEEDS = {"any": "one approval", "all": "the approval of everybody", "role": "the holders of the role"}
_COUNTS = {"ways": "{}-way", "needs": "the approval of {}", "due_days": "day {}", "from_days": "day {}"}
"""Days of a hire's plan count from its start date."""
_OF_THE_TABLE = frozenset({"owner", "reason", "hit_policy"})
"""What a table says of itself rather than of a row."""
_UNSAID = frozenset({"name", "code", "parameter", "owner", "reason", "job_level"})


def in_words(leaf: Leaf, currency: str) -> str:
    """One sentence without a full stop, such as 'finance-approves-from-threshold now begins at 7,500 USD instead of
    10,000'. `currency` is that of the amounts in the policy."""
    thing, field = _thing_and_field(leaf)
    match leaf.kind:
        case "added":
            return f"{thing} is new{_described(leaf.after, field, currency)}"
        case "removed":
            return f"{thing} is gone{_described(leaf.before, field, currency)}"
        case "reordered":
            order, once = _listed(leaf.after), _listed(leaf.before)
            return f"{_label(leaf.path[-1])} now stand in the order {order} instead of {once}"
    before, after = _once_per_unit(_value(leaf.before, field, currency), _value(leaf.after, field, currency), currency)
    about = f"{thing}: {_label(field)}" if thing else _label(field)
    usual = f"{about} is now {{after}} instead of {{before}}"
    sentence = usual if "half_days" in leaf.path else _SENTENCES.get(field, usual)
    return sentence.format(thing=thing, before=before, after=after)


def _once_per_unit(before: str, after: str, currency: str) -> tuple[str, str]:
    """A unit that both values share is said once."""
    for unit in (f" {currency}", " business hours", " days", " %"):
        if before.endswith(unit) and after.endswith(unit):
            return before.removesuffix(unit), after
    return before, after


def _thing_and_field(leaf: Leaf) -> tuple[str, str]:
    """What the change is about, and which of its fields. Where the whole thing came or went there is no field."""
    path = without_wrapping(leaf.path)
    for at, part in enumerate(path[:-1]):
        row, rest = path[at + 1], path[at + 2 :]
        if part in _THINGS and (rest or row not in _OF_THE_TABLE):
            thing = _THINGS[part].format(name=row)
            whole = not rest and leaf.kind != "changed"
            return f"rule {thing}" if whole and thing == row else thing, rest[-1] if rest else part
    if len(path) == 1:
        return "" if leaf.kind == "changed" else _label(path[0]), path[0]
    if leaf.kind in ("added", "removed"):
        return f"{_label(path[-2])} {path[-1]}", path[-1]
    return " ".join(_label(part) for part in path[:-1]), path[-1]


def _described(value: Any, field: str, currency: str) -> str:
    """What an entry that came or went says, its conditions and then its reason."""
    if value is None:
        return ""
    if not isinstance(value, Mapping):
        return f": {_value(value, field, currency)}"
    said = [
        f"{_label(name)} {_value(each, name, currency)}"
        for name, each in value.items()
        if name not in _UNSAID and each not in (None, (), [], "", {}) and not _says_nothing(name, each)
    ]
    reason = f" ('{value['reason']}', {value['owner']})" if value.get("reason") and value.get("owner") else ""
    return f": {', '.join(said)}{reason}" if said else reason


def _says_nothing(name: str, value: Any) -> bool:
    return name == "amount_from" and value == 0


def _value(value: Any, field: str, currency: str) -> str:
    if value in (None, (), [], ""):
        return _WHEN_EMPTY.get(field, "nothing")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return _listed(value)
    if isinstance(value, Mapping):
        said = {name: each for name, each in value.items() if each not in (None, (), [], "", {})}
        return ", ".join(f"{_label(name)} {_value(each, name, currency)}" for name, each in said.items()) or "nothing"
    if isinstance(value, Decimal | int):
        return _number(value, field, currency)
    return _NEEDS.get(str(value), str(value)) if field in ("needs", "approvers") else str(value)


def _number(value: Decimal | int, field: str, currency: str) -> str:
    text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    if field in _COUNTS:
        return _COUNTS[field].format(text)
    if field.endswith("_percent") or field in _PERCENTAGES:
        return f"{text} %"
    if field.endswith("_hours"):
        return f"{text} business {'hour' if value == 1 else 'hours'}"
    if field.endswith("_days"):
        return f"{text} {'day' if value == 1 else 'days'}"
    if field in _AMOUNTS or field.startswith("amount_") or field.endswith("_amount"):
        return f"{text} {currency}"
    return text


def _listed(values: Any) -> str:
    return ", ".join(str(each) for each in values) or "nothing"


def _label(field: str) -> str:
    return field.replace("_", " ")
