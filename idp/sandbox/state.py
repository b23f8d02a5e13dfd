"""What the sandbox remembers between starts: one git-ignored folder, readable by its owner alone."""

import json
import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

MADE_ONCE = {
    "key_encryption_key": lambda: urlsafe_b64encode(os.urandom(32)).decode(),
    "cookie_secret": lambda: secrets.token_urlsafe(32),
}


class State:
    """The folder, and `sandbox.json` in it: secrets made once, agencies registered, personas added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._file = self.folder / "sandbox.json"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._kept: dict[str, Any] = json.loads(self._file.read_text("utf-8")) if self._file.exists() else {}

    @property
    def new(self) -> bool:
        """Whether nothing has been kept yet."""
        return not self._file.exists()

    def secret(self, name: str) -> str:
        """Return a secret of `MADE_ONCE`, making it the first time."""
        if name not in self._kept:
            self.keep(name, MADE_ONCE[name]())
        found: str = self._kept[name]
        return found

    def find(self, name: str) -> Any:
        """Return what was kept under a name, or None."""
        return self._kept.get(name)

    def keep(self, name: str, value: Any) -> None:
        """Remember a JSON value, at once and whole: a crash leaves the file of before or the file of after."""
        self._kept[name] = value
        self.write(self._file.name, json.dumps(self._kept, indent=2))

    def write(self, name: str, text: str) -> None:
        """Replace a file of the folder by `text`."""
        unfinished = self.folder / f"{name}.new"
        unfinished.touch(mode=0o600)
        unfinished.write_text(text, "utf-8")
        unfinished.replace(self.folder / name)
