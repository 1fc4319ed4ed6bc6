"""When the worker puts links into mails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from adapters.key_files import make_missing
from cli.worker_mail import mail_links
from cli.worker_settings import WorkerSettings


def settings(keys: Path | None, **changes: object) -> WorkerSettings:
    given = {"database_dsn": "x", "erp_dsn": "x", "keys_dir": keys, "public_url": "https://corridor.example"}
    return WorkerSettings.model_validate(given | changes)


def test_links_are_signed_when_there_are_keys(tmp_path: Path) -> None:
    make_missing(tmp_path, datetime.now(UTC))
    links = mail_links(settings(tmp_path, link_hours=24))
    assert links is not None
    assert (links.base_url, links.validity) == ("https://corridor.example", timedelta(hours=24))
    assert len(links.ring().ids) == 1


def test_without_good_keys_there_are_none_and_the_log_says_why(tmp_path: Path) -> None:
    with capture_logs() as logs:
        assert mail_links(settings(None)) is None
        assert mail_links(settings(tmp_path)) is None
    assert [(line["event"], line["log_level"]) for line in logs] == [("links_off", "warning"), ("links_off", "error")]
    assert "links.json" in logs[1]["reason"]


@pytest.mark.parametrize("hours", [0, -1, 721])
def test_a_link_neither_ends_at_once_nor_lives_for_ever(hours: int) -> None:
    with pytest.raises(ValidationError):
        settings(None, link_hours=hours)
