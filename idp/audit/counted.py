"""How often each event of the audit log came, for dashboards and alarms: the log itself is no place to count in."""

from functools import cache

from prometheus_client import Counter

from idp.numbers import REGISTRY

_events = Counter("countersign_events_total", "Events given to the audit log.", ["name"], registry=REGISTRY)


def count(name: str) -> None:
    """Count one event; names are a closed list."""
    _counter(name).inc()


@cache
def _counter(name: str) -> Counter:
    return _events.labels(name)
