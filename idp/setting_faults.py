"""What is wrong with the settings, told all at once: a sentence for each."""

from collections.abc import Mapping
from typing import Any

_LIMITS = {"greater_than_equal": ("at least", "ge"), "less_than_equal": ("at most", "le")}


class SettingsFaults(Exception):
    """The environment cannot be run with. `faults` holds one plain sentence each, all of them."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def ending(fault: Mapping[str, Any], meaning: str) -> str:
    """Return the end of a sentence that begins with the variable; `fault` is pydantic's, `meaning` the setting's."""
    context = fault.get("ctx", {})
    match fault["type"]:
        case "missing":
            return f"is not set. {meaning}"
        case "value_error":
            return f"{context['error']}."
        case "literal_error":
            return f"must be one of: {context['expected']}."
        case "int_parsing":
            return "must be a whole number."
        case "greater_than_equal" | "less_than_equal" as limit:
            words, key = _LIMITS[limit]
            return f"must be {words} {context[key]}."
        case _:
            return f"cannot be used: {fault['msg']}."
