"""The files for Kubernetes: valid, and consistent with one another, with the images and with the settings."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from api.app import create_app
from api.settings import GatewaySettings
from cli.composition import MIGRATIONS
from cli.worker_settings import WorkerSettings
from workflows.case import STEP_TIMEOUT

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
VERSIONS = ("1.30", "1.37")
USER = 10001
CLAIMS_CONNECTIONS = 10  # a worker's second pool, with an ERP that has no unique external ids
Resource = Mapping[str, Any]

RESOURCES: tuple[Resource, ...] = tuple(each for file in FILES for each in yaml.safe_load_all(file.read_text()))
SECRETS = {  # docs/kubernetes.md says how these are made
    "corridor-secrets": {
        "CORRIDOR_DATABASE_DSN": "postgresql://corridor@db/corridor",
        "CORRIDOR_ERP_DSN": "postgresql://erp@db/erp",
        "CORRIDOR_HRIS_DSN": "postgresql://hris@db/hris",
        "CORRIDOR_EVENT_SOURCES": "[]",
    },
    "corridor-keys": {},
}


def of_kind(kind: str) -> list[Resource]:
    return [each for each in RESOURCES if each["kind"] == kind]


def named(kind: str, name: str) -> Resource:
    (found,) = (each for each in of_kind(kind) if each["metadata"]["name"] == name)
    return found


def pods() -> Iterator[tuple[str, Resource]]:
    for each in RESOURCES:
        if each["kind"] in ("Deployment", "Job"):
            yield each["metadata"]["name"], each["spec"]["template"]


def container(name: str) -> Resource:
    (found,) = named("Deployment", name)["spec"]["template"]["spec"]["containers"]
    return dict(found)


def variables(name: str) -> dict[str, str]:
    """What a container is told, with made-up secrets."""
    pod = dict(pods())[name]
    (only,) = pod["spec"]["containers"]
    told: dict[str, str] = {}
    for source in only["envFrom"]:
        if "configMapRef" in source:
            told |= named("ConfigMap", source["configMapRef"]["name"])["data"]
        else:
            told |= SECRETS[source["secretRef"]["name"]]
    return told | {each["name"]: each["value"] for each in only.get("env", ())}


def settings_known() -> set[str]:
    """Every variable that a process reads, by its field."""
    known = {"FORWARDED_ALLOW_IPS", "CORRIDOR_RETENTION_DAYS", *(each.variable for each in MIGRATIONS)}
    for kind in (GatewaySettings, WorkerSettings):
        for name, field in kind.model_fields.items():
            known.add(str(field.validation_alias or f"CORRIDOR_{name.upper()}"))
    return known


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_each_resource_fits_the_schema_of_its_kind(resource: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(resource, version, strict=True)


def test_the_schemas_refuse_a_word_that_is_wrong() -> None:
    wrong = {**named("Deployment", "corridor-gateway"), "spec": {"replica": 3}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def test_names_are_unique_and_in_one_namespace() -> None:
    names = [(each["kind"], each["metadata"]["name"]) for each in RESOURCES]
    assert len(set(names)) == len(names)
    for each in RESOURCES:
        expected = None if each["kind"] == "Namespace" else "corridor"
        assert each["metadata"].get("namespace") == expected


@pytest.mark.parametrize("name", ["corridor-setup", "corridor-worker", "corridor-gateway"])
def test_every_variable_is_one_that_a_process_reads_and_the_documentation_explains(name: str) -> None:
    documentation = (ROOT / "docs" / "deployment.md").read_text()
    for variable in variables(name):
        assert variable in settings_known(), f"{variable} is read by nobody"
        assert f"`{variable}`" in documentation


def test_the_processes_start_with_what_they_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in settings_known():
        monkeypatch.delenv(each, raising=False)
    for kind, name in ((GatewaySettings, "corridor-gateway"), (WorkerSettings, "corridor-worker")):
        with monkeypatch.context() as own:
            for variable, value in variables(name).items():
                own.setenv(variable, value)
            settings = kind()
            assert settings.keys_dir == Path(mount(name, "keys"))
            assert settings.plain_payloads == "refuse"


def mount(name: str, volume: str) -> str:
    (path,) = (each["mountPath"] for each in container(name)["volumeMounts"] if each["name"] == volume)
    return str(path)


def test_what_is_secret_is_nowhere_in_the_files() -> None:
    secret = re.compile("PASSWORD|SECRET|TOKEN|DSN")
    for settings in of_kind("ConfigMap"):
        assert not [name for name in settings["data"] if secret.search(name)]
    assert not of_kind("Secret")
    for file in FILES:
        assert "://" not in file.read_text() or not re.search(r"://[^/\s]+:[^/\s]+@", file.read_text())


def test_everything_that_is_named_is_there_or_explained() -> None:
    documentation = (ROOT / "docs" / "kubernetes.md").read_text()
    claims = {each["metadata"]["name"] for each in of_kind("PersistentVolumeClaim")}
    accounts = {each["metadata"]["name"] for each in of_kind("ServiceAccount")}
    for _, pod in pods():
        spec = pod["spec"]
        assert spec["serviceAccountName"] in accounts
        volumes = {each["name"]: each for each in spec["volumes"]}
        for each in volumes.values():
            if "persistentVolumeClaim" in each:
                assert each["persistentVolumeClaim"]["claimName"] in claims
            if "secret" in each:
                assert each["secret"]["secretName"] in SECRETS
        for each in spec["containers"][0]["volumeMounts"]:
            assert each["name"] in volumes
    for name, keys in SECRETS.items():
        assert name in documentation
        assert all(key in documentation for key in keys)


def test_budgets_scalers_and_services_reach_the_pods_that_they_are_for() -> None:
    for name in ("corridor-worker", "corridor-gateway"):
        deployment = named("Deployment", name)
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert named("PodDisruptionBudget", name)["spec"]["selector"]["matchLabels"] == labels
        scaler = named("HorizontalPodAutoscaler", name)["spec"]
        assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        assert scaler["minReplicas"] >= 2, "one may always be away"
        assert "replicas" not in deployment["spec"], "which the autoscaler would be set back by at each release"
    service = named("Service", "corridor-gateway")["spec"]
    assert service["selector"] == named("Deployment", "corridor-gateway")["spec"]["selector"]["matchLabels"]


def test_ports_are_those_of_the_images() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    (http,) = container("corridor-gateway")["ports"]
    assert f"EXPOSE {http['containerPort']}" in dockerfile
    assert [each["targetPort"] for each in named("Service", "corridor-gateway")["spec"]["ports"]] == [http["name"]]
    (metrics,) = container("corridor-worker")["ports"]
    assert variables("corridor-worker")["CORRIDOR_METRICS_ADDRESS"] == f"0.0.0.0:{metrics['containerPort']}"
    open_ports = named("NetworkPolicy", "corridor")["spec"]["ingress"][0]["ports"]
    assert {each["port"] for each in open_ports} == {http["containerPort"], metrics["containerPort"]}


def test_probes_ask_what_there_is_and_life_does_not_hang_on_others() -> None:
    paths = create_app().openapi()["paths"]
    gateway, worker = container("corridor-gateway"), container("corridor-worker")
    assert gateway["livenessProbe"]["httpGet"]["path"] == gateway["startupProbe"]["httpGet"]["path"] == "/healthz"
    assert gateway["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert {"/healthz", "/readyz"} <= paths.keys()
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    words = ", ".join(f'"{word}"' for word in worker["readinessProbe"]["exec"]["command"])
    assert f"[{words}]" in dockerfile, "the image's own health check"
    assert "exec" not in worker["livenessProbe"], "a Temporal that is away would have every worker started anew"


def test_nothing_runs_with_more_rights_than_it_needs() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    assert f"--uid {USER}" in dockerfile
    for _, pod in pods():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == USER
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for each in spec["containers"]:
            own = each["securityContext"]
            assert own["readOnlyRootFilesystem"] is True
            assert own["allowPrivilegeEscalation"] is False
            assert own["capabilities"] == {"drop": ["ALL"]}
            assert {"cpu", "memory"} <= each["resources"]["requests"].keys()
            assert "memory" in each["resources"]["limits"]


def test_the_images_are_those_that_the_dockerfile_makes() -> None:
    stages = re.findall(r"^FROM \S+ AS (\w+)$", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE)
    for name, pod in pods():
        (only,) = pod["spec"]["containers"]
        assert only["image"].partition(":")[0] == name
        assert name.removeprefix("corridor-") in stages


def test_a_worker_that_is_told_to_stop_may_finish_any_step_of_a_case() -> None:
    drain = timedelta(seconds=int(variables("corridor-worker")["CORRIDOR_DRAIN_SECONDS"]))
    grace = timedelta(seconds=named("Deployment", "corridor-worker")["spec"]["template"]["spec"][
        "terminationGracePeriodSeconds"
    ])  # fmt: skip
    assert STEP_TIMEOUT < drain < grace - timedelta(seconds=10)
    compose = yaml.safe_load((ROOT / "docker-compose.temporal.yml").read_text())["services"]["worker"]
    assert compose["environment"]["CORRIDOR_DRAIN_SECONDS"] == variables("corridor-worker")["CORRIDOR_DRAIN_SECONDS"]
    assert compose["stop_grace_period"] == f"{grace.seconds}s"


def test_a_gateway_that_is_told_to_stop_may_finish_what_it_answers() -> None:
    pod = named("Deployment", "corridor-gateway")["spec"]["template"]["spec"]
    (asked,) = re.findall(r'"--timeout-graceful-shutdown", "(\d+)"', (ROOT / "deploy" / "Dockerfile").read_text())
    before = container("corridor-gateway")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] >= before + int(asked) + 10


def test_all_of_them_together_leave_the_database_connections() -> None:
    workers = named("HorizontalPodAutoscaler", "corridor-worker")["spec"]["maxReplicas"]
    gateways = named("HorizontalPodAutoscaler", "corridor-gateway")["spec"]["maxReplicas"]
    surge = 1  # of each during a release
    of_worker = int(variables("corridor-worker")["CORRIDOR_DATABASE_CONNECTIONS"]) + CLAIMS_CONNECTIONS
    of_gateway = int(variables("corridor-gateway")["CORRIDOR_DATABASE_CONNECTIONS"])
    most = (workers + surge) * of_worker + (gateways + surge) * of_gateway
    (there,) = re.findall(r"max_connections=(\d+)", (ROOT / "docker-compose.temporal.yml").read_text())
    assert f"max_connections={there}" in (ROOT / "docs" / "scaling.md").read_text()
    assert most < int(there) - 10, "some are left for people and for the setup job"
