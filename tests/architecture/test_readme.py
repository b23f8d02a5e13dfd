"""The README promises what is there: every setting, command, target and endpoint, each once."""

import re
from pathlib import Path

import click
import pytest

from idp.cli import COMMANDS, main
from idp.cli.settings import describe
from idp.settings import Settings
from tests.architecture.source import ROOT
from tests.support.pair import on_files

README = (ROOT / "README.md").read_text()
TOP_FOLDERS = ("idp", "federation", "keys", "templates", "tests", "docker")
HEADINGS = ["What is here", "The path of one request", "What must never happen", "How to change it"]


def _rows(heading: str) -> dict[str, list[str]]:
    """Return the table under a heading by the code in its first column."""
    section = README.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    found = [row for row in rows if row[0].startswith("`")]
    assert len({row[0] for row in found}) == len(found), "a row stands twice"
    return {row[0].strip("`"): row[1:] for row in found}


def _walk(command: click.Command | None, path: tuple[str, ...] = ()) -> list[str]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        return [
            name
            for sub in command.list_commands(context)
            for name in _walk(command.get_command(context, sub), (*path, sub))
        ]
    assert command is not None, path
    return [" ".join(path)]


def test_every_setting_is_in_the_readme_with_its_default_and_meaning():
    said = {row: (default.strip("`"), meaning) for row, (default, meaning) in _rows("Settings").items()}
    declared = {row["variable"]: (row["default"], row["meaning"]) for row in map(_described, Settings.model_fields)}

    assert said == declared


def test_every_command_is_in_the_readme():
    said = {re.sub(r"^countersign | [\[A-Z-].*", "", row) for row in _rows("Commands")}

    assert said == set(_walk(main))


def test_every_endpoint_for_machines_is_in_the_readme_and_no_other(tmp_path):
    app = on_files(tmp_path, registration="guarded").app
    mounted = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if app.view_functions[rule.endpoint].__module__.startswith("idp.endpoints.") and "<" not in rule.rule
    }

    assert set(_rows("Endpoints")) == mounted


def test_every_loaded_command_has_a_module():
    assert set(COMMANDS) == set(main.list_commands(click.Context(main)))


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:`|^)make ([a-z]+)", README, re.MULTILINE))))
def test_every_make_target_the_readme_names_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("folder", TOP_FOLDERS)
def test_every_top_level_folder_explains_itself_under_the_same_headings(folder):
    text = Path(ROOT / folder / "README.md").read_text()

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS


def test_the_top_level_holds_the_folders_of_the_design_alone():
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}

    assert folders - {"dist", "build", "node_modules"} == set(TOP_FOLDERS)


def _described(name):
    return describe(name, None)
