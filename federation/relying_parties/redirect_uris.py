"""Which registered address a request means: the exact string, but for the port of a native loopback address.

RFC 9700 section 4.1.3 for the exact comparison, RFC 8252 section 7.3 for the one thing that may differ.
"""

import re
from urllib.parse import urlsplit

from federation.relying_parties.model import RelyingParty

_LOOPBACK = re.compile(
    r"http://(?P<host>127\.0\.0\.1|\[::1\]|localhost)(?::(?P<port>[1-9][0-9]{0,4}))?(?P<rest>[/?].*)?"
)
_LAST_PORT = 65_535
NAMELESS = "unnamed service"


def is_registered(relying_party: RelyingParty, redirect_uri: str) -> bool:
    """Say whether citizens may be returned to `redirect_uri`. What is not registered is never redirected to."""
    if redirect_uri in relying_party.redirect_uris:
        return True
    if relying_party.application_type != "native":
        return False
    asked = _without_port(redirect_uri)
    return asked is not None and any(asked == _without_port(known) for known in relying_party.redirect_uris)


def is_registered_after_logout(relying_party: RelyingParty, uri: str) -> bool:
    """Say whether citizens may be returned to `uri` after signing out: the exact string."""
    return uri in relying_party.post_logout_redirect_uris


def default_name(redirect_uris: tuple[str, ...]) -> str:
    """Return what to call a service that gave no name: the host it returns citizens to."""
    hosts = (urlsplit(uri).hostname for uri in redirect_uris)
    return next((host for host in hosts if host), NAMELESS)


def _without_port(uri: str) -> tuple[str, str] | None:
    """Return the host and all that follows the port of a loopback http address, or None if it is not one."""
    found = _LOOPBACK.fullmatch(uri)
    if found is None or int(found["port"] or 80) > _LAST_PORT:
        return None
    return found["host"], found["rest"] or ""
