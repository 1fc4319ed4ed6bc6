"""Fixtures that many kinds of test share live in plugins of their own, one idea each."""

pytest_plugins = [
    "tests.fixtures.evidence",
    "tests.fixtures.mail",
    "tests.fixtures.postgres",
    "tests.fixtures.reference_erp",
    "tests.fixtures.temporal",
]
