"""How the text of an environment variable becomes a value. Each raises ValueError with the end of a sentence."""

import ipaddress
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from federation.authorization import detail_types
from federation.relying_parties.uris import is_loopback
from federation.strict_json import NotStrictJson, parse_list

if TYPE_CHECKING:
    from federation.dynamic_registration.software_statement import Authority

KEY_BYTES = 32
MAIL_PORTS = {"smtp": 587, "smtps": 465}
ON_SCREEN = "screen:"
_DURATION = re.compile(r"(\d{1,6})([smhd])")
_HOSTS = r"([^/@\s]*@)?[^/@,:\s]+(:\d{1,5})?(,[^/@,:\s]+(:\d{1,5})?)*"
_SEVERAL_REDIS = re.compile(
    rf"rediss?\+(sentinel://{_HOSTS}/[^/?\s]+(/\d{{1,2}})?(\?sentinel_password=[^&\s]+)?|cluster://{_HOSTS})"
)
_UNIT = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MAX_PORT = 65_535


def issuer(text: Any) -> str:
    """Check an issuer identifier (OpenID Connect Discovery 1.0 section 3; http on loopback is our addition)."""
    try:
        parts = urlsplit(str(text))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("is not an address") from None
    if not host or parts.username is not None or parts.password is not None:
        raise ValueError("must be an address with a host and without a user name")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError("must begin with https:// (http:// is accepted on a loopback host only)")
    if parts.path or set(str(text)) & set("?#\\ \t\r\n"):
        raise ValueError("must end with the host or port: no path, trailing slash, query or fragment")
    if parts.netloc != parts.netloc.lower() or port == {"https": 443, "http": 80}[parts.scheme]:
        raise ValueError("must be written as browsers write it: a host in small letters and no default port")
    return str(text)


def database_url(text: Any) -> str:
    """Check the address of the durable store."""
    _check_ports(text)
    if str(text).startswith("postgresql+psycopg://"):
        return str(text)
    return _sqlite_file(str(text), otherwise="postgresql+psycopg://...")


def ephemeral_url(text: Any) -> str:
    """Check the address of the ephemeral store."""
    _check_ports(text)
    if str(text).startswith(("redis://", "rediss://", "unix://")) or _SEVERAL_REDIS.fullmatch(str(text)):
        return str(text)
    if str(text).startswith(("redis+", "rediss+")):
        raise ValueError("must be redis+sentinel://host:port,host:port/NAME or redis+cluster://host:port,host:port")
    return _sqlite_file(str(text), otherwise="redis://...")


def _check_ports(url: Any) -> None:
    try:
        for place in urlsplit(str(url)).netloc.rpartition("@")[2].split(","):
            _ = urlsplit(f"//{place}").port
    except ValueError:
        raise ValueError("names a host or port that cannot be") from None


def key_encryption_keys(text: Any) -> tuple[bytes, ...]:
    """Decode a comma-separated list of base64url keys of 32 bytes, newest first."""
    if isinstance(text, tuple):
        return text
    return tuple(_key(part.strip()) for part in str(text).split(","))


def is_public(issuer: str) -> bool:
    """Say whether others than this machine can reach the issuer."""
    return not is_loopback(urlsplit(issuer).hostname or "")


def duration(text: Any) -> timedelta:
    """Read `90s`, `15m`, `48h` or `7d`."""
    if isinstance(text, timedelta):
        return text
    found = _DURATION.fullmatch(str(text).strip())
    if found is None:
        raise ValueError("must be a number and a unit, such as 90s, 15m, 48h or 7d")
    return timedelta(**{_UNIT[found[2]]: int(found[1])})


def host_ports(text: Any) -> tuple[str, ...]:
    """Read `host:port,...`."""
    found = _list(text)
    for entry in found:
        host, _, port = entry.rpartition(":")
        if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) <= _MAX_PORT:
            raise ValueError("must be a list such as 127.0.0.1:8001,agency.test:443")
    return found


def networks(text: Any) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Read `cidr,...`."""
    try:
        return tuple(ipaddress.ip_network(entry) for entry in _list(text))
    except ValueError:
        raise ValueError("must be a list of networks such as 10.0.0.0/8,127.0.0.1/32") from None


def readable_file(text: Any) -> Path | None:
    """Check that a named file can be read; nothing named is nothing."""
    if text is None or str(text) == "":
        return None
    try:
        with Path(text).open("rb"):
            return Path(text)
    except OSError:
        raise ValueError("must name a file that can be read") from None


def mtls_url(text: Any) -> str | None:
    """Check the address where client certificates are shown; nothing named is nothing."""
    if text is None or str(text) == "":
        return None
    if not str(text).startswith("https://"):
        raise ValueError("must begin with https://")
    return issuer(text)


def client_ca(text: Any) -> Path | None:
    """Check that a named file holds certificates; nothing named is nothing."""
    path = readable_file(text)
    if path is not None:
        from federation.client_authentication.certificates import Authorities  # noqa: PLC0415 - few have any

        try:
            Authorities(path.read_bytes())
        except ValueError:
            raise ValueError("must name a PEM file of certificates") from None
    return path


def authorities_file(text: Any) -> Path | None:
    """Check that a named file holds authorities of software statements (RFC 7591 section 2.3)."""
    path = readable_file(text)
    if path is not None:
        authorities(path)
    return path


def authorities(path: Path | None) -> "Mapping[str, Authority]":
    """Read them, by issuer."""
    if path is None:
        return {}
    from federation.dynamic_registration.software_statement import (  # noqa: PLC0415 - few have any, and keys take long to import
        read_authorities,
    )

    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        raise ValueError("must name a file of JSON") from None
    return read_authorities(document)


def detail_types_file(text: Any) -> Path | None:
    """Check that a named file says what agencies may ask citizens to allow; nothing named is nothing."""
    path = readable_file(text)
    try:
        detail_types_in(path)
    except detail_types.MalformedTypes as error:
        raise ValueError(f"names a file that cannot be used: {error}") from None
    return path


def detail_types_in(path: Path | None) -> dict[str, detail_types.DetailType]:
    """Return the types that a file says; raise MalformedTypes."""
    if path is None:
        return {}
    try:
        document = parse_list(path.read_bytes())
    except NotStrictJson as error:
        raise detail_types.MalformedTypes(str(error)) from error
    return detail_types.read(document)


def mail_url(text: Any) -> str | None:
    """Check where letters go: a mail server, or the outbox itself; None is nowhere yet."""
    if text is None:
        return None
    if str(text) == ON_SCREEN:
        return ON_SCREEN
    try:
        parts = urlsplit(str(text))
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not named or parts.scheme not in MAIL_PORTS or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"must be smtp://[user:password@]host[:port], smtps://... or {ON_SCREEN}")
    return str(text)


def _sqlite_file(url: str, *, otherwise: str) -> str:
    path = url.removeprefix("sqlite:///")
    if path == url or not path or path.startswith(":memory:") or "?" in path:
        raise ValueError(f"must be {otherwise} or sqlite:///path, a file that all workers share")
    if not Path(path).absolute().parent.is_dir():
        raise ValueError("names a file in a folder that does not exist")
    return url


def _key(text: str) -> bytes:
    try:
        key = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES or not re.fullmatch(r"[A-Za-z0-9_-]+=?", text):
        raise ValueError(
            "must be base64url of 32 random bytes; make one with: "
            "python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"
        )
    return key


def _list(text: Any) -> tuple[str, ...]:
    parts = text if isinstance(text, (tuple, list)) else str(text).split(",")
    return tuple(str(part).strip() for part in parts if str(part).strip())
