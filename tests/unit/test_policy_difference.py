"""What changed between two policy books: nothing is missed, nothing is made up, and it is said in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.policy_files import load_book
from domain.policy.difference import PolicyDifference, difference, difference_between
from domain.policy.difference_words import in_words
from domain.policy.tree import differences
from tests.fixtures.policies import POLICIES, PolicyFiles
from tests.fixtures.small_hospital import policy

EVERYBODY = ("east", "elm-clinic", "harbor", "highland", "lakeside", "mill-clinic", "north", "riverside", "shared")


def changed(files: PolicyFiles) -> PolicyDifference:
    return difference(load_book(POLICIES), load_book(files.folder))


def words(found: PolicyDifference) -> dict[str, tuple[str, ...]]:
    """Each sentence and the facilities that it holds for."""
    return {each.words: each.facilities for each in found.effects}


def test_the_same_files_do_not_differ(policy_files: PolicyFiles) -> None:
    policy_files.replace("lakeside.yaml", ("value: 4000", "value: 4000.0  # respelled"))
    policy_files.replace("system.yaml", ("[it-equipment, it-services]", "[it-services, it-equipment]"))
    assert changed(policy_files).empty


def test_a_moved_threshold_is_felt_where_no_facility_has_its_own(policy_files: PolicyFiles) -> None:
    policy_files.replace("system.yaml", ("amount_from: 10000\n", "amount_from: 7500\n"))
    found = changed(policy_files)
    (change,) = found.effects
    assert change.words == "finance-approves-from-threshold now begins at 7,500 USD instead of 10,000"
    assert "shared" not in change.facilities  # its own 5,000 stands
    assert len(change.facilities) == 10
    assert (change.everywhere, change.since, change.until) == (False, date(2025, 1, 1), None)
    assert not found.files


def test_what_concerns_everybody_is_said_once(policy_files: PolicyFiles) -> None:
    policy_files.replace(
        "system.yaml", ("price_amount: 50", "price_amount: 40"), ("off_contract: ask", "off_contract: accept")
    )
    found = changed(policy_files)
    assert [(each.words, each.everywhere) for each in found.effects] == [
        ("tolerances: price amount is now 40 USD instead of 50", True),
        ("off contract is now accept instead of ask", True),
    ]


def test_rules_that_come_and_go_say_what_they_are(policy_files: PolicyFiles) -> None:
    policy_files.replace(
        "harbor.yaml", ("harbor-cfo-approves-imaging", "harbor-cfo-approves-scanners"), ("50000", "60000")
    )
    found = words(changed(policy_files))
    assert found == {
        "rule harbor-cfo-approves-imaging is gone: categories imaging, amount from 50,000 USD, levels "
        "chief-financial-officer ('Imaging is financed from a donation whose use is reported to the donors', "
        "chief-financial-officer)": ("harbor",),
        "rule harbor-cfo-approves-scanners is new: categories imaging, amount from 60,000 USD, levels "
        "chief-financial-officer ('Imaging is financed from a donation whose use is reported to the donors', "
        "chief-financial-officer)": ("harbor",),
    }


def test_levels_owners_service_levels_and_calendars_have_words(policy_files: PolicyFiles) -> None:
    policy_files.replace(
        "system.yaml",
        ("escalate_to: department-director", "escalate_to: finance-controller"),
        ("levels: [it-security]", "levels: [it-security, finance-controller]"),
        ("escalate_after_hours: 40", "escalate_after_hours: 48"),
        ("owner: it-security", "owner: compliance-officer"),
        ("code: receipt-over, handled_by: receiving-clerk", "code: receipt-over, handled_by: buyer"),
        ("behaviour: stop", "behaviour: warn"),
    )
    policy_files.replace("shared.yaml", ('opens: "07:00"', 'opens: "06:30"'))
    told = set(words(changed(policy_files)))
    assert told >= {
        "level cost-centre-owner is now passed to finance-controller instead of department-director",
        "security-approves-it now asks it-security, finance-controller instead of it-security",
        "level chief-financial-officer is now passed on after 48 business hours instead of 40",
        "security-approves-it is now owned by compliance-officer instead of it-security",
        "exception receipt-over now goes to buyer instead of receiving-clerk",
        "budget: behaviour is now warn instead of stop",
        "the office now opens at 06:30 instead of 07:00",
    }


def test_every_decision_table_has_words(policy_files: PolicyFiles) -> None:
    policy_files.replace(
        "system.yaml",
        ("{job_level: 5, amount: 5000}", "{job_level: 5, amount: 4000}"),
        ("max_days: 60", "max_days: 30"),
        ("roles_never: [chief-financial-officer,", "roles_never: [buyer, chief-financial-officer,"),
        ("name: haste\n          urgencies: [urgent, emergency]", "name: haste\n          urgencies: [urgent]"),
        (
            "code: off-contract\n          categories: [office, food, linen]",
            "code: off-contract\n          categories: [linen]",
        ),
        ("override_max_days: 5\n", "override_max_days: 4\n"),
        ("price_percent: 1\n", "price_percent: 0.5\n"),
        ("applies: true", "applies: false"),
        ("The board's schedule of authority of 2024", "The board's schedule of authority of 2026"),
        ("Whoever is in haste about so much money", "Whoever is in such haste about so much money"),
    )
    found = changed(policy_files)
    assert set(words(found)) == {
        "the authority of job level 5: amount is now 4,000 USD instead of 5,000",
        "delegation: max days is now 30 days instead of 60",
        "delegation: roles never is now buyer, chief-financial-officer, compliance-officer, auditor instead of "
        "chief-financial-officer, compliance-officer, auditor",
        "service-level rule haste now concerns urgent instead of urgent, emergency",
        "automatic acceptance small-purchases-without-agreement now concerns linen instead of office, food, linen",
        "segregation rule nobody-approves-their-own-request: override max days is now 4 days instead of 5",
        "tolerance rule medicines-are-counted: price percent is now 0.5 % instead of 1",
        "same person decides once is now no instead of yes",
    }
    assert [each.words.partition(" is now")[0] for each in found.files] == [
        "the reason of authority",
        "the reason of service-level rule large-purchases-in-haste",
    ]


def test_owners_reasons_bounds_and_examples_are_told_beside(policy_files: PolicyFiles) -> None:
    policy_files.replace(
        "system.yaml",
        ("A budget that can be passed unseen is none", "A budget is a promise to the board"),
        ("least: 200", "least: 300"),
        ("given: {amount: 80,", "given: {amount: 85,"),
    )
    policy_files.replace("lakeside.yaml", ("owner: compliance-officer", "owner: chief-financial-officer"))
    found = changed(policy_files)
    assert not found.effects
    told = {(each.file, each.words) for each in found.files}
    assert ("system.yaml", "the reason of budget is now 'A budget is a promise to the board' instead of 'A budget that "
            "can be passed unseen is none'") in told  # fmt: skip
    bounds = "the allowance to change routing.rules.director-approves-from-threshold.amount_from: least is now 300 USD"
    assert ("system.yaml", f"{bounds} instead of 200") in told
    assert any("cheap device" in each.words for each in found.files)
    local = [each.words for each in found.files if each.file == "lakeside.yaml"]
    assert local[0].startswith("the override of emergency.cap")


def test_a_new_example_says_what_it_gives_and_no_more(policy_files: PolicyFiles) -> None:
    policy_files.replace(
        "system.yaml",
        (
            "    tests:\n",
            "    tests:\n      - name: Linen for 80\n        given: {amount: 80, categories: [linen]}\n"
            "        expect: {levels: [cost-centre-owner]}\n",
        ),
    )
    (change,) = changed(policy_files).files
    assert change.words == (
        "the example 'Linen for 80' is new: given amount 80 USD, categories linen, urgency routine, "
        "expect levels cost-centre-owner"
    )


def test_a_new_edition_is_felt_from_its_day_on(policy_files: PolicyFiles) -> None:
    text = (policy_files.folder / "system.yaml").read_text("utf-8")
    edition = text[text.index('  - version: "2026.11-1"') :]
    newer = (
        edition.replace("2026.11-1", "2027.01-1").replace("2025-01-01", "2027-01-01").replace("cap: 5000", "cap: 4500")
    )
    (policy_files.folder / "system.yaml").write_text(text + newer, "utf-8")
    found = changed(policy_files)
    assert found.versions_after == ("2026.11-1", "2027.01-1")
    spans = {(each.words, each.since, each.until) for each in found.effects}
    assert spans == {("emergency: cap is now 4,500 USD instead of 5,000", date(2027, 1, 1), None)}
    book = load_book(policy_files.folder)
    between = difference_between(book, date(2026, 12, 31), book, date(2027, 1, 1))
    assert "emergency: cap is now 4,500 USD instead of 5,000" in words(between)
    assert (between.versions_before, between.versions_after) == (("2026.11-1",), ("2027.01-1",))
    assert difference_between(book, date(2027, 2, 1), book, date(2027, 3, 1)).empty


def test_a_dated_variation_is_felt_on_its_days_only(policy_files: PolicyFiles) -> None:
    policy_files.replace("lakeside.yaml", ("value: 4000", "value: 4500"))
    (change,) = changed(policy_files).effects
    assert (change.facilities, change.since, change.until) == (("lakeside",), date(2026, 1, 1), date(2027, 6, 30))


def test_a_facility_that_joins_or_leaves_is_one_change(policy_files: PolicyFiles) -> None:
    (policy_files.folder / "elm-clinic.yaml").unlink()
    old, new = load_book(POLICIES), load_book(policy_files.folder)
    assert words(difference(old, new)) == {"facility elm-clinic is gone": ("elm-clinic",)}
    assert words(difference(new, old)) == {"facility elm-clinic is new": ("elm-clinic",)}


def leaves(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every value that is no dict and no list of dicts."""
    if isinstance(tree, dict):
        for name, each in tree.items():
            yield from leaves(each, (*path, name))
    elif isinstance(tree, list | tuple) and tree and isinstance(tree[0], dict):
        for number, each in enumerate(tree):
            yield from leaves(each, (*path, number))
    else:
        yield path


def with_other(tree: Any, path: tuple[str | int, ...]) -> Any:
    """A copy in which the value at the path is another one."""
    if not path:
        return {str: f"{tree}-other", bool: tree is False, int: 9999, Decimal: Decimal(9999)}.get(
            type(tree), ("other",)
        )
    if isinstance(tree, dict):
        return {name: with_other(each, path[1:]) if name == path[0] else each for name, each in tree.items()}
    return [with_other(each, path[1:]) if number == path[0] else each for number, each in enumerate(tree)]


FULL = load_book(POLICIES).effective("harbor", date(2026, 11, 23))
assert FULL is not None
TREE = FULL.model_dump(exclude={"version", "sha256", "effective_from"})


@pytest.mark.parametrize("path", list(leaves(TREE)), ids=lambda path: ".".join(map(str, path)))
def test_no_field_of_a_policy_changes_unnoticed(path: tuple[str | int, ...]) -> None:
    found = list(differences(TREE, with_other(TREE, path)))
    assert found
    if path[-1] not in ("name", "code", "day", "job_level"):  # a thing of another name is another thing
        (leaf,) = found
        assert leaf.path[-1] == path[-1]
    for leaf in found:
        assert len(in_words(leaf, "USD")) > 10


tables: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(dict, name=st.sampled_from("abcdef"), cap=st.integers(0, 3)), unique_by=lambda row: row["name"]
)
trees = st.dictionaries(
    st.sampled_from("uvw"), st.integers() | st.lists(st.sampled_from("xyz"), max_size=3) | tables, max_size=3
)


@given(trees)
def test_a_tree_does_not_differ_from_itself(tree: dict[str, Any]) -> None:
    assert not list(differences(tree, dict(reversed(tree.items()))))


@given(tables, tables)
def test_the_way_back_is_the_same_way(one: list[Any], other: list[Any]) -> None:
    opposite = {"added": "removed", "removed": "added", "changed": "changed", "reordered": "reordered"}
    there = {(leaf.path, leaf.kind, repr(leaf.before), repr(leaf.after)) for leaf in differences(one, other)}
    back = {(leaf.path, opposite[leaf.kind], repr(leaf.after), repr(leaf.before)) for leaf in differences(other, one)}
    assert there == back
    assert bool(there) == (one != other)


def test_the_order_of_levels_is_a_change_of_its_own() -> None:
    was = policy()
    now = was.model_copy(update={"levels": tuple(reversed(was.levels))})
    (leaf,) = differences(was.model_dump(), now.model_dump())
    assert in_words(leaf, "USD") == "levels now stand in the order director, owner instead of owner, director"
