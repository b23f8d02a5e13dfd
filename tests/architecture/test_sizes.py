"""The tails tell good from bad: the longest file, the longest function, the deepest path."""

from tests.architecture.source import PACKAGES, functions, modules, name

LINES_A_FILE = 250
LINES_A_TEST_FILE = 400
LINES_A_FUNCTION = 40
FOLDERS_DEEP = 4

LONGER_FILES: dict[str, str] = {}
"""File -> why it may be longer."""

LONGER_FUNCTIONS: dict[str, str] = {}
"""file:function -> why it may be longer."""


def test_no_file_is_longer_than_one_sitting():
    too_long = {name(path): lines for path in modules(*PACKAGES) if (lines := _lines(path)) > LINES_A_FILE}
    too_long |= {name(path): lines for path in modules("tests") if (lines := _lines(path)) > LINES_A_TEST_FILE}

    assert {file: lines for file, lines in too_long.items() if file not in LONGER_FILES} == {}


def test_no_function_is_longer_than_one_screen():
    too_long = {
        f"{name(path)}:{function.name}": lines
        for path in modules(*PACKAGES)
        for function in functions(path)
        if (lines := (function.end_lineno or 0) - function.lineno) > LINES_A_FUNCTION
    }

    assert {where: lines for where, lines in too_long.items() if where not in LONGER_FUNCTIONS} == {}


def test_no_module_lies_deeper_than_four_folders():
    too_deep = [name(path) for path in modules(*PACKAGES) if len(name(path).split("/")) - 1 > FOLDERS_DEEP]

    assert too_deep == []


def _lines(path):
    return path.read_text().count("\n")
