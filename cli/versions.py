"""Which version of the code a worker is, and which cases stay with it when the next one comes."""

from __future__ import annotations

from collections.abc import Collection

from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import WorkerDeploymentConfig

from cli.processes import SHORT_NAMES


def version_of(deployment: str, build_id: str) -> WorkerDeploymentConfig | None:
    """What the SDK's worker is told; None, a worker without a version, when `build_id` is empty.

    Cases move on to the version that is current, with patches, unless their process is among `pinned_under`.
    """
    if not build_id:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=deployment, build_id=build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


def pinned_under(version: WorkerDeploymentConfig | None) -> Collection[str]:
    """Whose cases end under the version that they began with: none without versions, which the server refuses."""
    return SHORT_NAMES if version is not None and version.use_worker_versioning else ()
