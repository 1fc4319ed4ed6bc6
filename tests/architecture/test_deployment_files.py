"""The deployment for a team: valid, without default passwords, watched, and documented."""

import importlib.resources
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE_FILE = ROOT / "docker-compose.temporal.yml"
VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?P<operator>:?[-?])?(?P<rest>[^}]*)\}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())
    return loaded


def variables() -> dict[str, tuple[str, str]]:
    """Name of each variable, with what it says when the variable is missing (`:?`, `:-`) and the text after it."""
    return {
        match["name"]: (match["operator"] or "", match["rest"]) for match in VARIABLE.finditer(COMPOSE_FILE.read_text())
    }


def jobs(compose: dict[str, Any]) -> set[str]:
    """Services that end: others wait for their success."""
    return {
        name
        for service in compose["services"].values()
        for name, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }


def test_it_fits_the_compose_specification(compose: dict[str, Any]) -> None:
    shipped = importlib.resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(shipped.read_text())
    jsonschema.Draft202012Validator(schema).validate(compose)
    with pytest.raises(jsonschema.ValidationError):  # the schema does look at the services
        jsonschema.Draft202012Validator(schema).validate({**compose, "services": {"worker": {"imagee": "x"}}})


def test_it_runs_all_parts(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) - jobs(compose) == {"postgres", "temporal", "temporal-ui", "worker", "gateway"}
    assert jobs(compose) == {"temporal-schema", "setup"}


def test_every_service_that_stays_has_a_health_check_and_comes_back(compose: dict[str, Any]) -> None:
    for name in set(compose["services"]) - jobs(compose):
        service = compose["services"][name]
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["restart"] == "unless-stopped", name


def test_dependencies_wait_for_health_or_success(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if name in jobs(compose) else "service_healthy"
            assert how["condition"] == wanted


def test_no_password_has_a_default(compose: dict[str, Any]) -> None:
    secret = re.compile("PASSWORD|PWD|SECRET|TOKEN")
    for name, (operator, message) in variables().items():
        if secret.search(name):
            assert operator == ":?" and message, f"{name} must be given"
    for service in compose["services"].values():
        for name, value in (service.get("environment") or {}).items():
            if secret.search(name):
                assert VARIABLE.fullmatch(str(value)), f"{name} is written into the file"
    dsns = re.findall(r"://\w+:([^@]+)@", COMPOSE_FILE.read_text())
    assert dsns
    assert all(password.startswith("${") for password in dsns)


def test_ports_are_open_to_this_machine_only_unless_somebody_says_otherwise(compose: dict[str, Any]) -> None:
    assert variables()["BIND_ADDRESS"] == (":-", "127.0.0.1")
    for service in compose["services"].values():
        for port in service.get("ports", []):
            assert port.startswith("${BIND_ADDRESS:-127.0.0.1}:")
    assert "ports" not in compose["services"]["postgres"]


def test_every_setting_is_documented_with_its_default() -> None:
    documentation = (ROOT / "docs" / "deployment.md").read_text()
    rows = {
        name: default.strip()
        for name, default in re.findall(r"^\| `([A-Z_]+)` \|[^|]*\|([^|]*)\|$", documentation, re.MULTILINE)
    }
    for name, (operator, rest) in variables().items():
        assert name in rows, f"docs/deployment.md does not say what {name} is"
        assert rows[name] == ("must be given" if operator == ":?" else rest), name


def test_the_example_environment_asks_for_exactly_what_must_be_given() -> None:
    example = (ROOT / "deploy" / "example.env").read_text()
    asked = dict(re.findall(r"^([A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert set(asked) == {name for name, (operator, _) in variables().items() if operator == ":?"}
    assert set(asked.values()) == {""}


def test_the_images_are_built_from_hashes_and_run_without_root(compose: dict[str, Any]) -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    stages = set(re.findall(r"^FROM \S+ AS (\w+)$", dockerfile, re.MULTILINE))
    built = {service["build"]["target"] for service in compose["services"].values() if "build" in service}
    assert built <= stages
    assert dockerfile.count("--require-hashes") == 2
    assert dockerfile.index("USER corridor") < dockerfile.index("AS worker")
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE):
        assert all((ROOT / name).exists() for name in source.split())


def test_files_that_are_mounted_exist(compose: dict[str, Any]) -> None:
    mounted = [
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
        if volume.startswith("./")
    ]
    assert mounted
    assert all((ROOT / path).is_file() for path in mounted)


def test_keys_reach_only_the_worker_and_the_gateway_and_neither_can_write_them(compose: dict[str, Any]) -> None:
    with_keys = {
        name
        for name, service in compose["services"].items()
        if any("CORRIDOR_KEYS_FOLDER" in volume for volume in service.get("volumes", []))
    }
    assert with_keys == {"worker", "gateway"}
    mounted = re.findall(r"\$\{CORRIDOR_KEYS_FOLDER[^}]*\}(\S+)", COMPOSE_FILE.read_text())
    assert mounted == [":/run/corridor-keys:ro"]
    assert "/keys/" in (ROOT / ".gitignore").read_text().splitlines(), "keys made beside the files stay out of them"
