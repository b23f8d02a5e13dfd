"""Pairwise subjects: what one sector knows a citizen by, and no other (OIDC Core section 8.1)."""

import hmac
import json
from collections.abc import Collection
from http import HTTPStatus
from urllib.parse import urlsplit

from federation.hashing import base64url
from federation.outbound import Fetcher, FetchFailed, FetchRefused
from federation.relying_parties.faults import Fault, refusal
from federation.relying_parties.uris import is_loopback

LONGEST_SECTOR_DOCUMENT = 64 * 1024
_FIELD = "sector_identifier_uri"
_ITS_OWN = "client:"
"""Begins the sector of a service that shares it with no other; no host has a colon."""


def subject(citizen_id: str, sector: str, salt: bytes) -> str:
    """Return the `sub` of a citizen in a sector: HMAC-SHA256, base64url, 43 characters.

    A fixed function of person, sector and salt. The length of the sector stands first, so that no
    two pairs of sector and person are ever the same bytes.
    """
    if not salt or not sector or not citizen_id:
        raise ValueError("a pairwise subject needs a citizen, a sector and a salt")
    named = sector.encode()
    message = b"sub" + len(named).to_bytes(4, "big") + named + citizen_id.encode()
    return base64url(hmac.digest(salt, message, "sha256"))


def sectors_of(redirect_uris: Collection[str]) -> set[str]:
    """Return the hosts that decide the sector. An address that proves no host counts as none.

    Loopback hosts and own schemes belong to anyone, so two services never share subjects by them.
    """
    parts = [urlsplit(uri) for uri in redirect_uris]
    return {_sector(part.scheme, part.hostname or "") for part in parts}


def sector_of(
    client_id: str, redirect_uris: Collection[str], sector_identifier_uri: str | None, *, fetcher: Fetcher
) -> str:
    """Return the sector of a service being registered; read and check its sector document if it names one."""
    if sector_identifier_uri is not None:
        _check_document(sector_identifier_uri, redirect_uris, fetcher)
        parts = urlsplit(sector_identifier_uri)
        return parts.netloc.lower() if is_loopback(parts.hostname or "") else (parts.hostname or "")
    sectors = sectors_of(redirect_uris)
    host = sectors.pop() if len(sectors) == 1 else ""
    return host or f"{_ITS_OWN}{client_id}"


def host_of(sector: str) -> str | None:
    """Return the host that answers for every redirect address in a sector; None for a sector of one service alone."""
    return None if sector.startswith(_ITS_OWN) else sector


def _sector(scheme: str, host: str) -> str:
    return host.lower() if scheme == "https" and not is_loopback(host) else ""


def _check_document(uri: str, redirect_uris: Collection[str], fetcher: Fetcher) -> None:
    try:
        fetched = fetcher.get(uri, max_bytes=LONGEST_SECTOR_DOCUMENT, accept="application/json")
    except (FetchFailed, FetchRefused) as error:
        raise refusal([Fault(_FIELD, f"could not be read: {error}")]) from error
    try:
        listed = json.loads(fetched.body) if fetched.status == HTTPStatus.OK else None
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise refusal([Fault(_FIELD, "must answer 200 with a JSON list of strings.")])
    if not set(redirect_uris) <= set(listed):
        raise refusal([Fault(_FIELD, "must list every one of the redirect_uris, letter by letter.")])
