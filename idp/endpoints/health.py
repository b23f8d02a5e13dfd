"""GET /healthz, /readyz, /metrics: for load balancers and monitors, on any Host, with nothing about anyone."""

from flask import Blueprint, Response, g, jsonify
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.exceptions import NotFound

from idp import numbers
from idp.web import readiness
from idp.web.access import anyone
from idp.web.services import services

bp = Blueprint("health", __name__)
bp.before_request(anyone)

RETRY_AFTER_SECONDS = "5"


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """Say that this process answers; it touches no store, so a dead database does not restart us."""
    return jsonify(status="ok"), {"Cache-Control": "no-store"}


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Say whether requests may be sent here: the stores answer, the tables are current, keys are published."""
    found = readiness.faults(services())
    if not found:
        return jsonify(status="ok"), {"Cache-Control": "no-store"}
    causes = {fault.part: fault.cause for fault in found}
    return (
        jsonify(status="not ready", faults=causes),
        503,
        {
            "Cache-Control": "no-store",
            "Retry-After": RETRY_AFTER_SECONDS,
        },
    )


@bp.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Give the numbers of all workers, summed, in the Prometheus text format.

    They are for the inside: 404 for what a proxy handed on, however its rules read the path.
    """
    if g.was_forwarded:
        raise NotFound
    return Response(numbers.written(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})
