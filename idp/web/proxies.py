"""What a proxy tells of the caller behind it: believed from configured peers, forgotten from all others.

Nothing we say to browsers depends on it: issuer, links and cookies come from settings. It can only get a request
refused, name the address it came from, or, where client certificates are asked for, hand one on. A proxy must replace
these headers, not pass on a caller's, in whatever spelling: `X_Forwarded_For` reads as `X-Forwarded-For` here
(docker/README.md has lines for HAProxy).
"""

import ipaddress
from collections.abc import Collection

from flask import Flask, g, request
from werkzeug.exceptions import BadRequest

from federation.client_authentication.certificates import ClientCertificate, UnreadableCertificate
from idp.settings import Network

ADDRESS = "HTTP_X_FORWARDED_FOR"
SCHEME = "HTTP_X_FORWARDED_PROTO"
CERTIFICATE = "HTTP_CLIENT_CERT"
_NEVER_READ = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_PREFIX")


def install_certificates(app: Flask, *, trusted: Collection[Network], host: str | None) -> None:
    """Keep the client certificate that a proxy in `trusted` saw at `host` (RFC 9440); forget all others."""

    @app.before_request
    def read_certificate() -> None:
        environ = request.environ
        told = environ.pop(CERTIFICATE, None)
        if told is None or host is None or environ.get("HTTP_HOST") != host:
            return
        if not is_among(environ.get("REMOTE_ADDR", ""), trusted):
            return
        try:
            g.client_certificate = ClientCertificate.of_header(told)
        except UnreadableCertificate:
            raise BadRequest("the proxy hands on no certificate") from None


def install(app: Flask, *, trusted: Collection[Network], scheme: str) -> None:
    """Read what proxies in `trusted` forward to `app`, which is meant to be reached by `scheme`.

    `g.was_forwarded` says whether any proxy handed the request on, trusted or not.
    """

    @app.before_request
    def read_forwarded() -> None:
        environ = request.environ
        told_scheme, told_addresses = environ.pop(SCHEME, None), environ.pop(ADDRESS, None)
        g.was_forwarded = told_addresses is not None
        for name in _NEVER_READ:
            environ.pop(name, None)
        if not trusted or not is_among(environ.get("REMOTE_ADDR", ""), trusted):
            return
        if told_scheme is not None and told_scheme.strip().lower() != scheme:
            raise BadRequest("the proxy says that the browser came by another scheme")
        if told_addresses is not None:
            request.remote_addr = environ["REMOTE_ADDR"] = _client(told_addresses, trusted)


def _client(told: str, trusted: Collection[Network]) -> str:
    """Return the nearest address that is no proxy of ours; further ones are the browser's own claim."""
    addresses = [entry.strip() for entry in told.split(",")]
    for entry in reversed(addresses):
        try:
            ipaddress.ip_address(entry)
        except ValueError:
            raise BadRequest("the proxy forwards no address") from None
        if not is_among(entry, trusted):
            return entry
    return addresses[0]


def is_among(address: str, networks: Collection[Network]) -> bool:
    """Say whether an address, as text, is in one of the networks."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)
