"""Traces (OpenTelemetry): a span a request, and below it one for each call of a store and each signature.

On where the standard variable names a collector, and the extra `tracing` is installed. A span is named by its endpoint;
no path, query, address, token, statement or key is in it, and nothing about anyone. A trace begun elsewhere (W3C
`traceparent`) is gone on with only where a proxy of ours hands it on: any other would be a stranger's word. Spans leave
from a thread of their own; where they cannot, they are dropped.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from flask import Flask, Response, g, request

from idp.settings import Network
from idp.web.proxies import is_among
from idp.web.telemetry import request_id
from idp.web.watching import During

VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
"""Either names the collector; OpenTelemetry's own documents name the rest."""
EXPORT_SECONDS = "2"
"""How long a collector may take, unless told otherwise: a worker that ends waits for its last spans."""


def is_wanted() -> bool:
    """Say whether a collector is named."""
    return any(os.environ.get(name) for name in VARIABLES)


def is_installed() -> bool:
    """Say whether the extra is there."""
    try:
        return find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:
        return False


def install(app: Flask, *, trusted: Collection[Network]) -> During:
    """Make every request of `app` a span; return what surrounds the work within."""
    from opentelemetry import context, propagate, trace  # noqa: PLC0415 - an extra, and slow to import

    tracer = _tracer()

    @app.before_request
    def begin() -> None:
        environ = request.environ
        told = {"traceparent": environ.get("HTTP_TRACEPARENT", "")}
        ours = is_among(environ.get("REMOTE_ADDR", ""), trusted)
        span = tracer.start_span(
            request.endpoint or "unknown",
            context=propagate.extract(told) if ours else context.Context(),
            kind=trace.SpanKind.SERVER,
            attributes={"http.request.method": _method(request.method), "countersign.request_id": request_id()},
        )
        g.span, g.traced = span, context.attach(trace.set_span_in_context(span))

    @app.after_request
    def answered(response: Response) -> Response:
        if (span := g.get("span")) is not None:
            span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= 500:  # noqa: PLR2004 - the class of status
                span.set_status(trace.StatusCode.ERROR)
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        if (span := g.pop("span", None)) is not None:
            context.detach(g.pop("traced"))
            span.end()

    return _during(tracer)


def _during(tracer: Any) -> During:
    """Return what makes a span of a piece of work. That it failed is told, not why: errors quote what was asked."""
    from opentelemetry.trace import SpanKind, StatusCode  # noqa: PLC0415 - as above

    @contextmanager
    def during(kind: str) -> Iterator[None]:
        silent = {"record_exception": False, "set_status_on_exception": False}
        with tracer.start_as_current_span(kind, kind=SpanKind.CLIENT, **silent) as span:
            try:
                yield
            except Exception:
                span.set_status(StatusCode.ERROR)
                raise

    return during


def _method(named: str) -> str:
    return named if named in {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"} else "_OTHER"


def _tracer() -> Any:
    """Return what makes spans, and sends them to the collector from a thread of its own."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - as above
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - as above
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above

    os.environ.setdefault("OTEL_EXPORTER_OTLP_TIMEOUT", EXPORT_SECONDS)
    os.environ.setdefault("OTEL_SERVICE_NAME", "countersign")
    provider = TracerProvider(resource=Resource.create())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("countersign")
