"""Logs and metrics of the Temporal SDK's own core."""

from __future__ import annotations

import logging
from datetime import timedelta

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    OpenTelemetryConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

EXPORT_EVERY = timedelta(seconds=15)


def sdk_runtime(metrics_address: str = "", otlp_endpoint: str = "", export_every: timedelta = EXPORT_EVERY) -> Runtime:
    """A runtime whose log lines look like ours, and whose metrics are served or sent.

    With `metrics_address` (host and port) there is a Prometheus page under /metrics; else, with `otlp_endpoint` (its
    base address), they are sent by OTLP over HTTP; else there are none. Durations are in seconds.
    """
    return Runtime(
        telemetry=TelemetryConfig(logging=_logging(), metrics=_metrics(metrics_address, otlp_endpoint, export_every))
    )


def _metrics(address: str, endpoint: str, every: timedelta) -> PrometheusConfig | OpenTelemetryConfig | None:
    if address:
        return PrometheusConfig(
            bind_address=address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
        )
    if endpoint:
        return OpenTelemetryConfig(
            url=f"{endpoint.rstrip('/')}/v1/metrics",
            http=True,
            metric_periodicity=every,
            durations_as_seconds=True,
        )
    return None


def _logging() -> LoggingConfig:
    """Without forwarding, the core writes lines of its own form to standard error. Its fields can hold what a step was
    given, so they stay out of the message; `logs.py` keeps those that cannot.
    """
    return LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(
            logger=logging.getLogger("temporalio.core"),
            append_target_to_name=False,
            prepend_target_on_message=False,
            append_log_fields_to_message=False,
        ),
    )
