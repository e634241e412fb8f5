"""Prometheus metrics of all processes of one machine, gathered through files that they share.

Whoever starts the processes prepares the directory (`metricfiles`); without it each process speaks for itself.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from rostra.kit.metricfiles import DIRECTORY

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

requests = Counter("rostra_http_requests", "HTTP requests answered", ["route", "method", "status"])
request_seconds = Histogram(
    "rostra_http_request_seconds", "Time to answer an HTTP request", ["route"], buckets=_SECONDS
)
jobs = Counter("rostra_jobs", "Jobs run", ["name", "outcome"])
job_seconds = Histogram("rostra_job_seconds", "Time that a job took", ["name"], buckets=_SECONDS)
streams = Gauge("rostra_streams", "Open streaming connections", multiprocess_mode="livesum")

external = Counter("rostra_external_model", "Texts for the external model of the policy", ["outcome"])
external_seconds = Histogram("rostra_external_model_seconds", "Time until it answered", buckets=_SECONDS)
external_paused = Gauge(
    "rostra_external_model_paused", "Processes that leave the external model alone", multiprocess_mode="livesum"
)


# Looking a child up by its labels costs as much as counting; there are only so many of them.
_requests_like = cache(requests.labels)
_seconds_of = cache(request_seconds.labels)


def observe_request(route: str, method: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    _requests_like(route, method, str(status)).inc()
    _seconds_of(route).observe(seconds)


def observe_job(name: str, outcome: str, seconds: float) -> None:
    """Count one run of a job."""
    jobs.labels(name, outcome).inc()
    job_seconds.labels(name).observe(seconds)


def observe_external(outcome: str, seconds: float | None = None) -> None:
    """Count what became of one text for the external model, and how long an answer took."""
    external.labels(outcome).inc()
    if seconds is not None:
        external_seconds.observe(seconds)


def exposition() -> bytes:
    """All metrics in Prometheus's text format."""
    if not os.environ.get(DIRECTORY):
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)
