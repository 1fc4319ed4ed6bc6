"""What every ERP behind the payables port tells of suppliers and of the accounts that money leaves from."""

from __future__ import annotations

from decimal import Decimal

from domain.invoice import PaymentTerms
from domain.payables import PayableSupplier, SupplierQuery
from tests.fixtures.payables_contract import FOREIGN_ACCOUNT, MEDIX_ACCOUNT, House, payables_system


async def found(house: House, query: SupplierQuery) -> list[str]:
    return [each.code for each in await house.erp.payable_suppliers(query)]


async def test_a_supplier_has_the_names_of_the_master_and_the_terms_of_payables(house: House) -> None:
    (medix,) = await house.erp.payable_suppliers(SupplierQuery(codes=("MEDIX", "NOBODY")))
    expected = payables_system().payable_suppliers[0]
    assert medix == expected.model_copy(update={"name": "Medix", "email": "orders@medix.example"})
    assert medix.terms == PaymentTerms(net_days=45, discount_percent=Decimal(2), discount_days=10)
    assert [each.account.masked for each in medix.accounts] == ["…0001", "…0002"]


async def test_a_supplier_that_payables_know_nothing_of_has_the_usual_terms_and_no_account(house: House) -> None:
    (shut,) = await house.erp.payable_suppliers(SupplierQuery(codes=("SHUT",)))
    assert shut == PayableSupplier(
        code="SHUT", name="Shut", currency="USD", email="orders@shut.example", blocked_for=("orders", "payment")
    )


async def test_blocks_and_exclusions_are_told(house: House) -> None:
    (halted, other) = await house.erp.payable_suppliers(SupplierQuery(codes=("OTHER", "HALTED")))
    assert (halted.blocked_for, halted.excluded) == (("posting",), False)
    assert (other.blocked_for, other.excluded, other.method) == ((), True, "credit-transfer")


async def test_suppliers_are_found_by_tax_id_however_it_is_written(house: House) -> None:
    assert await found(house, SupplierQuery(tax_ids=("12 3456789", "99-9999999"))) == ["MEDIX"]
    assert await found(house, SupplierQuery(tax_ids=("",))) == []


async def test_suppliers_are_found_by_an_account_without_its_number(house: House) -> None:
    query = SupplierQuery(account_fingerprints=(FOREIGN_ACCOUNT.fingerprint, MEDIX_ACCOUNT.fingerprint))
    assert await found(house, query) == ["MEDIX", "OTHER"]


async def test_similar_names_bring_candidates(house: House) -> None:
    assert await found(house, SupplierQuery(name="HALTED SURGICAL, LLC")) == ["HALTED"]
    assert await found(house, SupplierQuery(name="Medix Inc.", codes=("OTHER",))) == ["MEDIX", "OTHER"]
    assert await found(house, SupplierQuery(name="The Company, Inc.")) == []
    assert await found(house, SupplierQuery()) == []


async def test_a_facility_pays_from_its_own_accounts_and_else_from_the_shared_ones(house: House) -> None:
    accounts = await house.erp.debtor_accounts("north")
    assert [(each.facility, each.currency) for each in accounts] == [("shared", "CAD"), ("north", "USD")]
    assert accounts[1] == payables_system().debtor_accounts[0]
    assert [each.facility for each in await house.erp.debtor_accounts("elm-clinic")] == ["shared", "shared"]
