"""Runs `countersign` commands inside the sandbox's own process, so that one start imports everything once."""

from collections.abc import Mapping, Sequence

import click
from click.testing import CliRunner

from idp.sandbox.processes import SandboxFault, foreign_settings


class Commands:
    """The command line, as operators type it, on one installation."""

    def __init__(self, countersign: click.Group, settings: Mapping[str, str]) -> None:
        self._countersign = countersign
        self._environment: dict[str, str | None] = {**dict.fromkeys(foreign_settings()), **settings}

    def run(self, *arguments: str, told: str = "") -> str:
        """Run `countersign <arguments>` with `told` as its input; return what it prints, or raise SandboxFault."""
        done = CliRunner().invoke(self._countersign, arguments, input=told, env=self._environment)
        if done.exit_code != 0:
            said = done.stderr.strip() or done.stdout.strip() or repr(done.exception)
            raise SandboxFault(f"`countersign {_shown(arguments)}` was refused: {said}")
        return done.stdout


def _shown(arguments: Sequence[str]) -> str:
    """Return the command without its options, which may hold a password."""
    return " ".join(arguments[:2])
