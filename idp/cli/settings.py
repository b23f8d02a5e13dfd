"""countersign settings: the table of every setting, with what is in force."""

from typing import Any

import click

from idp.cli.printing import json_option, print_json, print_rows
from idp.setting_faults import SettingsFaults
from idp.settings import Settings, load, variable


@click.command()
@json_option
def settings(*, as_json: bool) -> None:
    """List every setting: its variable, default, value in force and meaning. Secrets are never shown."""
    try:
        current: Settings | None = load()
    except SettingsFaults:
        current = None
    rows = [describe(name, current) for name in Settings.model_fields]
    if as_json:
        print_json(rows)
    else:
        print_rows(("variable", "default", "value", "meaning"), rows)


def describe(name: str, current: Settings | None) -> dict[str, Any]:
    """Return the row of one setting; `value` is None while the settings as a whole have faults."""
    field = Settings.model_fields[name]
    secret = isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra.get("secret"))
    value = None if current is None else getattr(current, name)
    return {
        "variable": variable(name),
        "default": "required" if field.is_required() else written(field.default),
        "value": None if current is None else "(set)" if secret else written(value),
        "meaning": field.description,
    }


def written(value: Any) -> str:
    """Return a value as it would stand in the environment."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    if hasattr(value, "total_seconds"):
        seconds = int(value.total_seconds())
        return f"{seconds // 3600}h" if seconds % 3600 == 0 else f"{seconds}s"
    return str(value)
