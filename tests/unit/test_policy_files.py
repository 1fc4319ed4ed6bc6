"""The policy files of the repository are sound, and are served as the files say."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from adapters.policy_files import FilePolicyStore, load_book
from adapters.policy_files.yaml_source import read_source
from domain.people import Role
from domain.policy.examples import check
from domain.policy.model import FrozenPolicy
from domain.policy.schema import SCHEMA_FILE, policy_schema, policy_schema_text
from domain.policy.source import PolicyFilesError
from domain.ports.policies import PolicyStore
from tests.fixtures.policies import POLICIES, PolicyFiles

DAY = date(2026, 11, 23)
HOSPITALS = ("east", "harbor", "highland", "lakeside", "north", "riverside", "south", "west")


@pytest.fixture(scope="module")
def store() -> FilePolicyStore:
    return FilePolicyStore(POLICIES)


def of(store: FilePolicyStore, code: str, on: date = DAY) -> FrozenPolicy:
    policy = store.effective(code, on)
    assert policy is not None
    return policy


def test_the_rules_are_sound_and_their_examples_hold() -> None:
    verdict = check(load_book(POLICIES))
    assert verdict.faults == ()
    assert verdict.facilities == 11
    assert verdict.examples >= 16


def test_every_facility_is_there_with_what_it_needs_to_buy(store: PolicyStore) -> None:
    facilities = {facility.code: facility for facility in store.facilities()}
    assert set(facilities) == {*HOSPITALS, "elm-clinic", "mill-clinic", "shared"}
    assert {code for code, each in facilities.items() if each.kind == "hospital"} == set(HOSPITALS)
    assert len({each.gln for each in facilities.values()}) == len(facilities)
    assert len({each.calendar.time_zone for each in facilities.values()}) == 5
    assert all(each.ship_to and each.currency == "USD" for each in facilities.values())


def test_the_schema_for_editors_is_the_one_that_the_models_give() -> None:
    current = (POLICIES / SCHEMA_FILE).read_text("utf-8")
    assert current == policy_schema_text(), "run: corridor policy schema --write policies/policy.schema.json"


@pytest.mark.parametrize("path", sorted(POLICIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_an_editor_finds_no_fault_either(path: Path) -> None:
    assert path.read_text("utf-8").startswith(f"# yaml-language-server: $schema={SCHEMA_FILE}\n")
    content = json.loads(json.dumps(read_source(path)[0].content, default=str))
    jsonschema.validate(content, policy_schema(), cls=jsonschema.Draft202012Validator)


def test_an_editor_refuses_an_unknown_key_and_a_role_that_does_not_exist() -> None:
    content = json.loads(json.dumps(read_source(POLICIES / "system.yaml")[0].content, default=str))
    content["editions"][0]["levels"][0]["escalate_to"] = "janitor"
    content["editions"][0]["tolerances"]["over_recipt"] = 5
    validator = jsonschema.Draft202012Validator(policy_schema())
    told = "\n".join(
        each.message for error in validator.iter_errors(content) for each in (error, *(error.context or ()))
    )
    assert "janitor" in told
    assert "over_recipt" in told


def test_a_facility_without_variation_has_the_parameters_of_the_system(store: FilePolicyStore) -> None:
    north = of(store, "north")
    assert north.version == "2026.11-1"
    assert north.emergency.cap == Decimal(5000)
    assert north.emergency.retrospective_hours == 16
    tolerances = north.tolerances
    assert (tolerances.over_receipt_percent, tolerances.short_receipt_percent) == (Decimal(5), Decimal(2))
    assert (tolerances.price_percent, tolerances.price_amount, tolerances.delivery_days) == (Decimal(2), Decimal(50), 2)
    assert (north.splitting.window_days, north.splitting.limit) == (7, Decimal(5000))
    assert (north.budget.behaviour, north.off_contract, north.use_stock_first) == ("stop", "ask", True)
    assert north.level("department-director").escalate_to == "finance-controller"


def test_local_variation_reaches_its_facility_and_no_other(store: FilePolicyStore) -> None:
    assert of(store, "elm-clinic").emergency.cap == Decimal(1500)
    assert not of(store, "elm-clinic").use_stock_first
    assert of(store, "shared").budget.behaviour == "ignore"
    assert of(store, "harbor").budget.behaviour == "warn"
    assert of(store, "west").tolerances.price_percent == Decimal(1)
    assert of(store, "riverside").level("cost-centre-owner").escalate_after_hours == 16
    assert of(store, "riverside").level("department-director").escalate_after_hours == 24


def test_variation_holds_on_its_days_only(store: FilePolicyStore) -> None:
    caps = {
        day: of(store, "lakeside", day).emergency.cap
        for day in (date(2025, 12, 31), date(2026, 1, 1), date(2027, 6, 30), date(2027, 7, 1))
    }
    assert list(caps.values()) == [Decimal(5000), Decimal(4000), Decimal(4000), Decimal(3000)]


def test_nothing_is_in_force_for_a_stranger_or_before_the_first_edition(store: PolicyStore) -> None:
    assert store.effective("atlantis", DAY) is None
    assert store.effective("north", date(2024, 12, 31)) is None
    assert store.effective("north", date(2025, 1, 1)) is not None


def test_public_holidays_of_the_state_are_frozen_with_the_rules(store: FilePolicyStore) -> None:
    north, east = of(store, "north"), of(store, "east")
    assert {day.year for day in north.holidays} == {2025, 2026, 2027, 2028}
    assert date(2026, 11, 26) in north.holidays  # Thanksgiving
    assert date(2027, 4, 19) in east.holidays  # Patriots' Day, in Massachusetts only
    assert date(2027, 4, 19) not in north.holidays
    assert date(2026, 12, 28) in of(store, "mill-clinic").holidays  # the clinic's own closure
    assert list(north.holidays) == sorted(set(north.holidays))


def test_the_same_day_is_answered_with_the_same_value(store: FilePolicyStore) -> None:
    assert store.effective("north", DAY) is store.effective("north", date(2026, 12, 1))
    assert date(2029, 12, 25) in of(store, "north", date(2027, 1, 1)).holidays


def test_the_hash_follows_the_rules_and_not_their_spelling(policy_files: PolicyFiles) -> None:
    before = FilePolicyStore(policy_files.folder)
    policy_files.replace("lakeside.yaml", ("value: 4000", "value: 4000  # as the review of 2025 asked"))
    respelled = FilePolicyStore(policy_files.folder)
    policy_files.replace("lakeside.yaml", ("value: 4000", "value: 4001"))
    changed = FilePolicyStore(policy_files.folder)
    hashes = [[of(each, code).sha256 for each in (before, respelled, changed)] for code in ("lakeside", "north")]
    assert hashes[0][0] == hashes[0][1] != hashes[0][2]
    assert len(set(hashes[1])) == 1
    policy_files.replace("system.yaml", ("most: 5000", "most: 5001"))
    assert of(FilePolicyStore(policy_files.folder), "north").sha256 != hashes[1][0]


def test_a_policy_that_leaves_a_gap_is_never_served(policy_files: PolicyFiles) -> None:
    policy_files.replace("system.yaml", ("levels: [cost-centre-owner]\n", "levels: [cost-centre-owner]\n" + GAP))
    with pytest.raises(PolicyFilesError, match="nobody approves requests from 900 to below 1,000 USD"):
        FilePolicyStore(policy_files.folder)


GAP = "          amount_below: 900\n"


def test_roles_are_one_vocabulary(store: FilePolicyStore) -> None:
    roles = set(Role.__args__)  # type: ignore[attr-defined]  # typing.Literal does not declare its arguments
    north = of(store, "north")
    assert {each.role for each in north.levels} | set(north.exception_owners.values()) <= roles
