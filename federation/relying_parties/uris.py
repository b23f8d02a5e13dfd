"""Which addresses an agency may register: everything a browser or we ourselves would follow.

RFC 3986 for the form, RFC 8252 sections 7 and 8 for native applications, RFC 9700 section 4.1.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlsplit

LONGEST = 2_000
_ALLOWED = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_ANSWER_PARAMETERS = frozenset({"code", "state", "iss", "error", "error_description", "response", "session_state"})
_LONGEST_HOST = 253
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class UriRules:
    """What one kind of address may be, beyond https."""

    loopback_http: bool = False
    """http is fine when the host is this machine."""
    own_scheme: bool = False
    """A scheme that the operating system hands to a native application (RFC 8252 section 7.1)."""
    takes_answer: bool = False
    """We add parameters to it, so it may not have the same already."""


def problem_with(uri: object, rules: UriRules) -> str | None:
    """Say what is wrong with a URI and what to do, or None. Never raises, whatever `uri` is."""
    if not isinstance(uri, str):
        return "must be a string."
    if not uri or len(uri) > LONGEST:
        return f"must have 1 to {LONGEST} characters."
    if not _ALLOWED.fullmatch(uri) or _PERCENT.search(uri):
        return "has a character that no URI may hold; percent-encode it."
    if "#" in uri:
        return "must not have a fragment; remove # and what follows."
    try:
        return _problem_with_parts(urlsplit(uri), rules)
    except ValueError:
        return "is not a URI: its host or port cannot be read."


def _problem_with_parts(parts: SplitResult, rules: UriRules) -> str | None:
    if "@" in parts.netloc:
        return "must not hold a user name or password; remove what stands before @."
    if rules.takes_answer and _ANSWER_PARAMETERS & {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}:
        return "must not already have a parameter that an answer adds, such as code or state."
    if parts.scheme in {"https", "http"}:
        return _problem_with_host(parts, parts.port) or _problem_with_http(parts, rules)
    return _problem_with_scheme(parts, rules)


def is_loopback(host: str) -> bool:
    """Say whether a host, as `urlsplit` gives it, is this machine by its very name (RFC 6761, RFC 8252).

    A name under `localhost` is not: some resolvers ask the network for it.
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _problem_with_host(parts: SplitResult, port: int | None) -> str | None:
    if parts.netloc.endswith(":") or (port is not None and not 0 < port <= _LAST_PORT):
        return "has a port that cannot be used; give 1 to 65535 or leave the colon out."
    host = parts.hostname or ""
    if parts.netloc.startswith("["):
        return None if _is_ipv6(host) else "has an IPv6 address that cannot be read."
    if not host or len(host) > _LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        return "has no proper host name; write it in full, without wildcards, in its ASCII form."
    return None


def _problem_with_http(parts: SplitResult, rules: UriRules) -> str | None:
    if parts.scheme == "https" or (rules.loopback_http and is_loopback(parts.hostname or "")):
        return None
    if rules.loopback_http:
        return "must begin with https://; http is for localhost alone."
    return "must begin with https://."


def _problem_with_scheme(parts: SplitResult, rules: UriRules) -> str | None:
    if not rules.own_scheme:
        return "must begin with https://."
    if "." not in parts.scheme:
        return "must begin with https://, or with a scheme that is a domain name reversed, such as com.example.app:/."
    if not parts.path.startswith("/") and not parts.netloc:
        return "needs a path that begins with / after its scheme."
    return None


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.IPv6Address(host).scope_id is None
    except ValueError:
        return False
