"""An SQLite installation made once a test process and copied for each test that wants a fresh one."""

import base64
import secrets
import shutil
import tempfile
from functools import cache
from pathlib import Path

from idp.assembly import prepare
from idp.settings import load

KEY_ENCRYPTION_KEY = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
"""Opens the keys and secrets of every copy."""


def copy_to(folder: Path) -> str:
    """Put a migrated database with first keys and secrets into `folder`; return its URL."""
    copy = folder / "durable.db"
    shutil.copyfile(_template(), copy)
    return f"sqlite:///{copy}"


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="countersign-template-")


@cache
def _template() -> Path:
    folder = Path(_folder().name)
    made = folder / "durable.db"
    prepare(
        load(
            issuer="https://template.example",
            database_url=f"sqlite:///{made}",
            ephemeral_url=f"sqlite:///{folder / 'ephemeral.db'}",
            key_encryption_key=KEY_ENCRYPTION_KEY,
        )
    )
    return made
