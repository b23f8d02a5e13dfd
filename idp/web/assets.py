"""The stylesheet, the script and the mark: read once, named by what they hold, never fetched twice."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of `templates/static`, whole and compressed."""

    name: str
    media_type: str
    body: bytes
    compressed: bytes
    fingerprint: str
    """The first 16 hex digits of the SHA-256 of `body`."""

    @property
    def url(self) -> str:
        """Return a path that changes when the content does, so that it may be kept for ever."""
        return f"/static/{self.fingerprint}/{self.name}"


@cache
def assets() -> dict[str, Asset]:
    """Return every asset by name; a file of another kind is none."""
    found = {}
    for file in files("templates").joinpath("static").iterdir():
        suffix = file.name[file.name.rfind(".") :]
        if suffix in MEDIA_TYPES:
            body = file.read_bytes()
            found[file.name] = Asset(
                name=file.name,
                media_type=MEDIA_TYPES[suffix],
                body=body,
                compressed=gzip.compress(body, 9, mtime=0),
                fingerprint=hashlib.sha256(body).hexdigest()[:16],
            )
    return found


def asset_url(name: str) -> str:
    """Return the path of an asset that must exist (else KeyError)."""
    return assets()[name].url
