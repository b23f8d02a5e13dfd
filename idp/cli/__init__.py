"""The command line: `countersign <room> <verb>`. Each room's commands live in a module of its own.

A command is loaded when it is called, so that `countersign settings` does not import the web. People get
tables, machines get `--json`; whatever goes wrong is one sentence on stderr and exit code 2.
"""

import importlib
from importlib.util import find_spec

import click

from federation.ephemeral import StoreUnavailable
from idp.setting_faults import SettingsFaults
from keys.errors import KeysError

COMMANDS = {
    "agencies": "idp.cli.agencies",
    "audit": "idp.cli.audit",
    "citizens": "idp.cli.citizens",
    "db": "idp.cli.db",
    "doctor": "idp.cli.doctor",
    "invitations": "idp.cli.invitations",
    "keys": "idp.cli.keys",
    "passwords": "idp.cli.passwords",
    "sandbox": "idp.sandbox.command",
    "serve": "idp.cli.serve",
    "settings": "idp.cli.settings",
    "worker": "idp.cli.worker",
}
"""Command -> the module whose attribute of the same name it is."""

REFUSED = 2
TAKES_ID = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
"""For commands that are given an id: a random one may begin with a hyphen, and `-h` in it must not ask for help."""


class Refusal(click.ClickException):
    """What the operator asked for cannot be done; the argument says why and what to do, in one sentence."""

    exit_code = REFUSED


class Commands(click.Group):
    """Loads a command when it is called, and turns expected errors into one sentence."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands."""
        return [name for name, module in sorted(COMMANDS.items()) if find_spec(module) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name]), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; an error that has a plain sentence ends with exit code 2, never with a traceback."""
        try:
            return super().invoke(ctx)
        except SettingsFaults as error:
            raise Refusal("\n       ".join(error.faults)) from None
        except KeysError as error:
            raise Refusal(str(error)) from None
        except StoreUnavailable as error:
            raise Refusal(
                f"A store does not answer ({error}). `countersign doctor` says which and what to do."
            ) from None
        except click.ClickException as error:
            if isinstance(error, Refusal | click.UsageError):
                raise
            raise Refusal(error.format_message()) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="countersign")
def main() -> None:
    """One identity for every public service: run it, register agencies, rotate keys."""
