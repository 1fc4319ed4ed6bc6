"""The tables of the reference health system load, and whatever is wrong in them is told with its place."""

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest
import yaml

from adapters.directory_files import FileDirectory
from adapters.reference_files import InvalidReferenceFilesError, load, load_logins, resolve_day
from domain.people import Person, Role
from domain.reference_system import ReferenceSystem

EXAMPLES = Path(__file__).parents[2] / "examples"
TODAY = date(2026, 11, 21)
HOSPITALS = {"north", "south", "east", "west", "lakeside", "riverside", "highland", "harbor"}


@pytest.fixture(scope="module")
def system() -> ReferenceSystem:
    return load(EXAMPLES, TODAY)


@pytest.fixture
def edit(tmp_path: Path) -> Callable[[str, str, str], str]:
    """Change one text in a copy of the files; returns what the loader says."""

    def change(file: str, old: str, new: str) -> str:
        directory = tmp_path / "examples"
        shutil.copytree(EXAMPLES, directory)
        text = (directory / file).read_text(encoding="utf-8")
        assert old in text
        (directory / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(InvalidReferenceFilesError) as caught:
            load(directory, TODAY)
        return str(caught.value)

    return change


def test_there_is_enough_of_everything(system: ReferenceSystem) -> None:
    assert len(system.items) >= 200
    assert len(system.suppliers) >= 25
    assert {centre.facility for centre in system.cost_centres} == HOSPITALS | {"elm-clinic", "mill-clinic", "shared"}
    assert {supplier.blocked_for for supplier in system.suppliers} == {
        (),
        ("orders",),
        ("payment",),
        ("orders", "payment"),
    }
    assert {budget.key.fiscal_year for budget in system.budgets} == {2025, 2026, 2027}


def test_every_role_has_somebody_at_every_hospital(system: ReferenceSystem) -> None:
    for facility in HOSPITALS:
        held = {
            role
            for person in system.people
            if person.active and ({facility, "*"} & set(person.facilities))
            for role in person.roles
        }
        assert held == set(get_args(Role))


def test_an_active_item_has_money_and_a_gtin_unless_it_is_a_service(system: ReferenceSystem) -> None:
    for item in system.items:
        assert item.price.amount > 0
        assert item.gtin or item.category in ("it-services", "services")


def test_there_are_agreements_in_force_ended_drawn_and_about_to_end(system: ReferenceSystem) -> None:
    in_force = [contract for contract in system.contracts if contract.starts <= TODAY <= contract.ends]
    assert len(in_force) > 200
    assert any(contract.ends < TODAY for contract in system.contracts)
    assert any(contract.ends < TODAY + timedelta(days=90) for contract in in_force)
    assert any(c.limit and c.drawn and c.drawn.amount >= c.limit.amount * Decimal("0.99") for c in in_force)


def test_suppliers_are_paid_in_every_way_and_blocked_in_every_way(system: ReferenceSystem) -> None:
    payable = {each.code: each for each in system.payable_suppliers}
    assert set(payable) == {each.code for each in system.suppliers}
    assert {what for each in payable.values() for what in each.blocked_for} == {"orders", "posting", "payment"}
    assert [each.code for each in payable.values() if each.excluded] == ["S-2005"]
    assert {each.method for each in payable.values()} == {"ach", "credit-transfer"}
    assert any(each.terms.discount_percent for each in payable.values())
    changed = [each.accounts[0].changed_on for each in payable.values() if each.accounts]
    assert [day for day in changed if day and day > TODAY - timedelta(days=30)] == [TODAY - timedelta(days=5)]
    first = payable["S-1014"].accounts[0].account
    assert (first.iban[:2], payable["S-1014"].currency) == ("GB", "USD")


def test_no_two_suppliers_have_one_account(system: ReferenceSystem) -> None:
    prints = [held.account.fingerprint for each in system.payable_suppliers for held in each.accounts]
    prints += [each.account.fingerprint for each in system.debtor_accounts]
    assert len(set(prints)) == len(prints)


def test_hospitals_pay_from_their_own_account_and_clinics_from_the_shared_one(system: ReferenceSystem) -> None:
    assert {each.facility for each in system.debtor_accounts} == HOSPITALS | {system.shared_facility}


def test_days_and_years_move_with_today() -> None:
    later = load(EXAMPLES, date(2027, 8, 2))
    assert {budget.key.fiscal_year for budget in later.budgets} == {2026, 2027, 2028}
    ends = {contract.number: contract.ends for contract in later.contracts}
    assert ends["K-30101"] == date(2027, 8, 2) + timedelta(days=400)
    assert resolve_day("-30d", TODAY) == date(2026, 10, 22)
    assert resolve_day("2026-09-30", TODAY) == date(2026, 9, 30)
    with pytest.raises(ValueError, match="tomorrow"):
        resolve_day("tomorrow", TODAY)


def test_personas_can_log_in_and_cover_every_role() -> None:
    logins = {person.person: person for person in load_logins(EXAMPLES)}
    personas = yaml.safe_load((EXAMPLES / "personas.yaml").read_text(encoding="utf-8"))
    named = [logins[persona["person"]] for persona in personas]
    assert {role for person in named for role in person.roles} == set(get_args(Role))
    assert logins["portal"].roles == ("portal",)
    assert logins["portal"].facilities == ("*",)


def test_whoever_decides_can_log_in(system: ReferenceSystem) -> None:
    logins = {person.person for person in load_logins(EXAMPLES)}
    deciding = {person.person for person in system.people if person.active and set(person.roles) - {"requester"}}
    assert deciding <= logins
    assert not {person.person for person in system.people if not person.active} & logins


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("catalogue.csv", ",S-1001,19521100100110", ",S-7777,19521100100110", "line 2: supplier 'S-7777' is not in"),
        ("catalogue.csv", "19521100100110", "19521100100111", "line 2: gtin: Invalid GTIN check digit"),
        ("catalogue.csv", "19521100100127", "19521100100110", "gtin 19521100100110 is that of MS-1001 already"),
        ("catalogue.csv", "medical-supplies,BX", "medical,BX", "category 'medical' has no account"),
        ("catalogue.csv", ",8.90,S-1001", ",NaN,S-1001", "line 2: price: 'NaN' must be a number"),
        ("catalogue.csv", "42132203,yes,", "4213220,yes,", "line 2: unspsc is '4213220'"),
        ("catalogue.csv", ",no,MS-1002", ",no,MS-1059", "substitute 'MS-1059' is no active item"),
        (
            "catalogue.csv",
            ",no,MS-1002",
            ",no,MS-1005",
            "substitute MS-1005 must have the same category",
        ),
        ("catalogue.csv", "code,description", "kode,description", "line 1: the columns must be"),
        ("people.csv", ",d.whitlock,accounts-payable", ",d.nobody,accounts-payable", "manager 'd.nobody' is not in"),
        (
            "people.csv",
            "shared,m.osborne,chief-fin",
            "shared,d.whitlock,chief-fin",
            "managers form a circle: d.wh",
        ),
        ("people.csv", ",accounts-payable,", ",bookkeeper,", "role 'bookkeeper' is unknown"),
        ("people.csv", "Receiving Clerk,1,", "Receiving Clerk,ten,", "job_level: 'ten' is no whole number from 1 on"),
        ("people.csv", "Receiving Clerk,1,", "Receiving Clerk,10,", "job_level is 10: write 1 (staff) to 9"),
        ("people.csv", "Receiving Clerk,1,", "Receiving Clerk,5,", "job_level is above that of the manager"),
        ("cost_centres.csv", "l.whitcomb", "n.okafor", "owner n.okafor must be active and hold the role"),
        ("contracts.csv", "1: 8.90; 50: 8.54", "50: 8.90; 1: 8.54", "tiers: the minimum must rise"),
        ("contracts.csv", "-300d,+400d", "-300d,-400d", "line 2: ends before it starts"),
        ("contracts.csv", "K-30102,", "K-30101,", "line 3: K-30101 stands on line 2 already"),
        ("budgets.csv", "N-4100,610100,current", "N-4100,610100,last", "stands on line 2 already"),
        ("budgets.csv", "N-4100,610100", "N-4100,699000", "account '699000' is no open account"),
        ("suppliers.csv", "9521100100014", "9521100100015", "line 2: gln: Invalid GLN check digit"),
        ("suppliers.csv", ",orders;posting,", ",order;posting,", "blocked_for is 'order'"),
        ("suppliers.csv", "12-5550100", "12-555010", "line 2: tax_id '12-555010' is no employer identification number"),
        ("suppliers.csv", "23-5550108", "12-5550100", "line 3: tax_id 12-5550100 is that of S-1001 already"),
        ("suppliers.csv", "2/10 net 30", "2 in 10", "line 2: terms: '2 in 10' are no terms"),
        ("suppliers.csv", "2/10 net 30", "2/10 net 9", "line 2: terms: '2/10 net 9': the discount ends after"),
        ("suppliers.csv", "30,credit-transfer", "30,cheque", "method is 'cheque': write ach or credit-transfer"),
        ("suppliers.csv", "30,credit-transfer", "30,ach", "its first account has no routing number"),
        ("suppliers.csv", "@pagewell.example,receivables", "pagewell.example,receivables", "sender 'pagewell.example'"),
        ("suppliers.csv", "2/10 net 30,,no", "2/10 net 30,,maybe", "line 2: excluded is 'maybe': write yes or no"),
        ("supplier_accounts.csv", "990000110", "990000111", "line 2: routing_number: '990000111' has a wrong check"),
        ("supplier_accounts.csv", "GB84CORR", "GB85CORR", "iban: 'GB85CORR00000070020002' is no IBAN"),
        ("supplier_accounts.csv", "4400000000", "4", "line 2: account_number is '4'"),
        ("supplier_accounts.csv", "S-1001", "S-0001", "line 2: supplier 'S-0001' is not in suppliers.csv"),
        ("supplier_accounts.csv", "h.lim", "nobody", "line 2: changed_by 'nobody' is not in people.csv"),
        ("supplier_accounts.csv", "-400d", "+1d", "line 2: changed_on lies ahead"),
        ("bank_accounts.csv", "north", "nowhere", "line 2: facility 'nowhere' has no cost centre"),
        ("bank_accounts.csv", "999999992", "99999999", "line 2: routing_number: '99999999' is no routing number"),
        ("bank_accounts.csv", "1940100200", "19401002", "line 2: company_id '19401002' must have 10 characters"),
        ("stock.csv", "east,MS-1041", "east,MS-9999", "item 'MS-9999' is not in catalogue.csv"),
        ("closed_periods.csv", "2026-09-30", "2026-09-31", "ends: '2026-09-31' is no day"),
    ],
)
def test_a_fault_is_told_with_its_place(
    edit: Callable[[str, str, str], str], file: str, old: str, new: str, told: str
) -> None:
    message = edit(file, old, new)
    assert told in message
    assert file in message


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidReferenceFilesError) as caught:
        load(tmp_path, TODAY)
    assert len(caught.value.faults) == 11
    assert "catalogue.csv: the file is missing" in str(caught.value)


async def test_holders_are_active_serve_the_facility_and_come_in_order(system: ReferenceSystem) -> None:
    directory = FileDirectory(system.people)
    owners = await directory.holders("cost-centre-owner", "north")
    assert [owner.person for owner in owners] == sorted(owner.person for owner in owners)
    assert {owner.facility for owner in owners} == {"north"}
    controllers = await directory.holders("finance-controller", "south")
    assert [person.person for person in controllers] == ["s.achebe"]
    assert [person.person for person in await directory.holders("chief-financial-officer", "elm-clinic")] == [
        "v.langley"
    ]
    assert await directory.holders("finance-controller", "nowhere") == ()
    found = await directory.person("g.pruitt")
    assert found is not None
    assert not found.active
    assert await directory.person("nobody") is None


async def test_superiors_go_up_to_the_top(system: ReferenceSystem) -> None:
    directory = FileDirectory(system.people)
    above = await directory.superiors("d.fields")
    assert [person.person for person in above] == ["e.castellanos", "n.okafor", "r.fitch", "m.osborne"]
    assert [person.job_level for person in above] == [4, 6, 8, 9]
    assert await directory.superiors("m.osborne") == ()
    assert await directory.superiors("nobody") == ()


async def test_whoever_works_here_has_a_job_level_that_rises_towards_the_top(system: ReferenceSystem) -> None:
    directory = FileDirectory(system.people)
    for person in system.people:
        assert (person.job_level is None) == (person.roles == ("portal",))
        levels = [person.job_level or 0, *(each.job_level or 0 for each in await directory.superiors(person.person))]
        assert levels == sorted(set(levels)), person.person


async def test_superiors_pass_over_who_left_and_end_in_a_circle() -> None:
    directory = FileDirectory(
        (
            _worker("ann", manager="bob"),
            _worker("bob", manager="cid", active=False),
            _worker("cid", manager="dee"),
            _worker("dee", manager="bob"),
            _worker("eve", manager="gone"),
            _worker("fay", manager="fay"),
        )
    )
    assert [each.person for each in await directory.superiors("ann")] == ["cid", "dee"]
    assert [each.person for each in await directory.superiors("dee")] == ["cid"]
    assert await directory.superiors("eve") == ()
    assert await directory.superiors("fay") == ()


def _worker(person: str, manager: str, active: bool = True) -> Person:
    email = f"{person}@hospital.example"
    return Person(person=person, name=person, email=email, facility="north", manager=manager, active=active)
