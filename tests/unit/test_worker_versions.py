"""Which version a worker is, and what is shown of versions."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from temporalio.common import VersioningBehavior

from cli.commands.release import _rows
from cli.processes import LONG_NAMES, PROCESSES, SHORT_NAMES
from cli.releases import Standing, Version
from cli.versions import pinned_under, version_of
from cli.worker_settings import WorkerSettings


def test_without_a_build_id_a_worker_has_no_version_and_nothing_is_pinned() -> None:
    assert version_of("corridor", "") is None
    assert pinned_under(None) == ()


def test_with_one_long_cases_move_on_and_short_ones_stay() -> None:
    version = version_of("corridor", "2026-12")
    assert version is not None
    assert version.version.to_canonical_string() == "corridor.2026-12"
    assert version.default_versioning_behavior == VersioningBehavior.AUTO_UPGRADE
    assert tuple(pinned_under(version)) == SHORT_NAMES
    assert len({*LONG_NAMES, *SHORT_NAMES}) == len(PROCESSES)


@pytest.mark.parametrize("given", [{"deployment": "a.b"}, {"deployment": ""}, {"build_id": "with space"}])
def test_names_that_the_server_would_misread_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        WorkerSettings.model_validate({"database_dsn": "postgresql://x", **given})


def test_shares_are_shown_of_what_gets_new_cases() -> None:
    versions = (Version("2026-12", "ramping"), Version("2026-11", "current"), Version("2026-10", "drained"))
    shown = _rows(Standing(current="2026-11", ramping="2026-12", percent=10, versions=versions))
    assert shown == (
        ("2026-12", "ramping", "10 %"),
        ("2026-11", "current", "90 %"),
        ("2026-10", "drained", ""),
    )


def test_workers_without_a_version_are_shown_while_they_are_current() -> None:
    versions = (Version("2026-12", "inactive"),)
    shown = _rows(Standing(current="", ramping="", percent=0, versions=versions))
    assert shown == (("(without a version)", "current", "100 %"), ("2026-12", "inactive", ""))
