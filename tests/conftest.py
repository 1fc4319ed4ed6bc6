"""Fixtures that many kinds of test share live in plugins of their own, one idea each."""

from hypothesis import settings

settings.register_profile("corridor", deadline=None)  # a machine that stands still for a moment fails no property
settings.load_profile("corridor")

pytest_plugins = [
    "tests.fixtures.garbage",
    "tests.fixtures.settle",
    "tests.fixtures.quiet_steps",
    "tests.fixtures.side_by_side",
    "tests.fixtures.commands",
    "tests.fixtures.policies",
    "tests.fixtures.postgres",
    "tests.fixtures.tryton",
    "tests.fixtures.commitments",
    "tests.fixtures.evidence",
    "tests.fixtures.payable_stores",
    "tests.fixtures.hire_stores",
    "tests.fixtures.slapd",
    "tests.fixtures.mail",
    "tests.fixtures.mock_bank",
    "tests.fixtures.identity",
    "tests.fixtures.reference_erp",
    "tests.fixtures.erp_contract",
    "tests.fixtures.hris_contract",
    "tests.fixtures.payables_contract",
    "tests.fixtures.temporal",
    "tests.fixtures.world",
    "tests.fixtures.tryton_world",
    "tests.fixtures.followed_world",
    "tests.fixtures.invoice_world",
    "tests.fixtures.hire_world",
]
