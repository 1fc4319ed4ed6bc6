"""The settings of the embedded stack, from the environment."""

from pathlib import Path

import pytest

from cli.stack import StackError, load_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA_DIR", "HOST", "SMTP_PORT", "BANK_PORT", "OIDC_PORT", "GATEWAY_PORT", "STOP_GRACE_SECONDS"):
        monkeypatch.delenv(f"CORRIDOR_{name}", raising=False)


def test_defaults_are_the_documented_ones() -> None:
    settings = load_settings()
    assert settings.data_dir == Path(".corridor")
    assert (settings.gateway_port, settings.oidc_port, settings.smtp_port) == (8080, 9000, 8025)
    assert settings.bank_port == 8090
    assert settings.identity_port == 8095


@pytest.mark.parametrize("value", ["auto", "AUTO", "0", " auto "])
def test_a_port_may_be_left_to_the_operating_system(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CORRIDOR_SMTP_PORT", value)
    assert load_settings().smtp_port == "auto"


def test_the_data_folder_is_absolute_for_children(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CORRIDOR_DATA_DIR", "data")
    assert load_settings().folder == tmp_path / "data"


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("CORRIDOR_GATEWAY_PORT", "http", "a port number from 1 to 65535, or auto"),
        ("CORRIDOR_GATEWAY_PORT", "65536", "a port number from 1 to 65535, or auto"),
        ("CORRIDOR_GATEWAY_PORT", "-1", "a port number from 1 to 65535, or auto"),
        ("CORRIDOR_STOP_GRACE_SECONDS", "0", "a number of seconds above zero"),
        ("CORRIDOR_HOST", "0.0.0.0", "listens on 127.0.0.1 only"),  # noqa: S104 - the refused value
    ],
)
def test_what_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StackError, match=reason) as refusal:
        load_settings()
    assert str(refusal.value).startswith(f"{name} cannot be used")


def test_all_faults_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORRIDOR_SMTP_PORT", "x")
    monkeypatch.setenv("CORRIDOR_OIDC_PORT", "y")
    with pytest.raises(StackError, match=r"(?s)CORRIDOR_OIDC_PORT.*CORRIDOR_SMTP_PORT"):
        load_settings()
