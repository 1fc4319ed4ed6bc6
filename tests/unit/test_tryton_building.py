"""What of Tryton is built again, and what is kept."""

from __future__ import annotations

import stat
from datetime import date, timedelta
from pathlib import Path

import pytest

from adapters.erp.tryton.install import USERS
from adapters.erp.tryton.install import fingerprint as of_system
from adapters.erp.tryton.install_goods import unit_symbol
from adapters.erp.tryton.install_parties import terms_name
from adapters.erp.tryton.install_people import APPROVER, BOT, RIGHTS
from adapters.reference_files import load
from cli.stack.settings import StackSettings
from cli.stack.tryton.databases import in_database
from cli.stack.tryton.environment import present_environment
from cli.stack.tryton.passwords import fingerprint, passwords
from cli.stack.tryton.server import database_of, server_spec
from domain.invoice import PaymentTerms
from tests.fixtures.purchasing import TODAY, small_system

EXAMPLES = Path(__file__).parents[2] / "examples"
DSN = "postgresql://postgres@/tryton?host=/run/of/a/stack"


class TestPasswords:
    def test_are_made_once_and_only_their_owner_may_read_them(self, tmp_path: Path) -> None:
        first = passwords(tmp_path, USERS)
        assert passwords(tmp_path, USERS) == first
        assert len(set(first.values())) == len(USERS) + 1
        assert stat.S_IMODE((tmp_path / "passwords.json").stat().st_mode) == 0o600

    def test_a_new_user_gets_one_and_the_others_keep_theirs(self, tmp_path: Path) -> None:
        first = passwords(tmp_path, ("a",))
        both = passwords(tmp_path, ("a", "b"))
        assert first.items() <= both.items()
        assert fingerprint(first) != fingerprint(both)


class TestWhatIsBuiltAnew:
    def test_another_system_or_another_day_is_another_database(self) -> None:
        system = small_system()
        assert of_system(system, TODAY) == of_system(small_system(), TODAY)
        assert of_system(system, TODAY) != of_system(system, TODAY + timedelta(days=1))
        assert of_system(system, TODAY) != of_system(system.model_copy(update={"stock": ()}), TODAY)

    def test_the_environment_is_the_same_until_what_is_installed_changes(self, tmp_path: Path) -> None:
        environment = present_environment(tmp_path)
        assert environment == present_environment(tmp_path)
        assert environment.digest in str(environment.programs)
        assert not environment.mark.exists()


class TestServing:
    def test_names_its_database_and_keeps_prices_to_six_decimals(self, tmp_path: Path) -> None:
        spec = server_spec(present_environment(tmp_path), DSN, "127.0.0.1:8100", tmp_path, tmp_path / "log")
        assert spec.environment["TRYTOND_DATABASE_NAMES"] == "tryton"
        configuration = Path(spec.environment["TRYTOND_CONFIG"]).read_text()
        assert "uri = postgresql://postgres@/?host=/run/of/a/stack\n" in configuration
        assert "price_decimal = 6\n" in configuration

    def test_databases_are_told_apart_on_one_server(self) -> None:
        assert database_of(in_database(DSN, "other")) == "other"
        assert in_database(DSN, "tryton") == DSN

    def test_a_demonstration_uses_what_was_built_for_the_stack(self, tmp_path: Path) -> None:
        settings = StackSettings(data_dir=tmp_path, tryton_dir=None)
        assert settings.tryton_folder == tmp_path / "tryton"
        moved = settings.model_copy(update={"data_dir": tmp_path / "demo", "tryton_dir": settings.tryton_folder})
        assert moved.tryton_folder == tmp_path / "tryton"


def test_nobody_both_submits_and_approves_payments() -> None:
    assert not [user for user, groups in RIGHTS.items() if {"Payment", "Payment Approval"} <= set(groups)]
    assert "Payment" in RIGHTS[BOT]
    assert RIGHTS[APPROVER] == ("Payment Approval",)


@pytest.mark.parametrize(
    ("terms", "name"),
    [
        (PaymentTerms(net_days=30), "30"),
        (PaymentTerms(net_days=30, discount_percent=2, discount_days=10), "2/10 net 30"),
        (PaymentTerms(net_days=45, discount_percent="1.50", discount_days=15), "1.5/15 net 45"),
    ],
)
def test_terms_are_called_what_buyers_call_them(terms: PaymentTerms, name: str) -> None:
    assert terms_name(terms) == name


def test_units_of_the_catalogue_fit_into_trytons_symbols() -> None:
    """Ten letters are what a symbol has in Tryton 8.2."""
    symbols = {unit_symbol(item.unit) for item in load(EXAMPLES, date(2026, 3, 10)).items}
    assert "EA/1" in symbols
    assert max(len(symbol) for symbol in symbols) <= 10
