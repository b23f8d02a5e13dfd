"""Numbers for Prometheus: every process of one `serve` keeps its own in one folder, and any of them reads out all."""

import os

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Variable naming the folder; `serve` sets it before anything is counted. Without it each process knows its own."""
REGISTRY = CollectorRegistry()


def written() -> bytes:
    """Return the numbers of all processes, summed, in the Prometheus text format."""
    folder = os.environ.get(FOLDER)
    if folder is None:
        return generate_latest(REGISTRY)
    every = CollectorRegistry()
    MultiProcessCollector(every, path=folder)  # type: ignore[no-untyped-call]  # the library has no types here
    return generate_latest(every)
