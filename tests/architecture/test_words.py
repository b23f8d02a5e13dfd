"""What must not stand in the repository: vague names, places of one machine, silent exceptions."""

import re

from tests.architecture.source import PACKAGES, modules, name, tracked

VAGUE = {"utils", "helpers", "common", "manager", "managers", "base", "misc"}
PLACES = re.compile(r"/(?:home|root|Users)/\w|(?<![\w.$])/work/")
EXCEPTION = re.compile(r"#\s*(noqa|type:\s*ignore|nosec|pragma: no cover)(?P<rest>.*)")
SKIP = re.compile(r"pytest\.(mark\.)?(skip|skipif|xfail)\b|importorskip")
NOT_READ = {".lock", ".svg", ".png", ".mo", ".ico", ".woff2"}
OURSELVES = "tests/architecture/test_words.py"


def test_no_module_has_a_name_that_says_nothing():
    vague = [name(path) for path in modules(*PACKAGES, "tests") if VAGUE & {*path.parts, path.stem}]

    assert vague == []


def test_no_file_names_a_place_on_one_machine():
    named = [
        name(path)
        for path in tracked()
        if path.suffix not in NOT_READ and name(path) != OURSELVES and PLACES.search(path.read_text(errors="replace"))
    ]

    assert named == []


def test_every_exception_to_lint_or_types_gives_its_reason():
    silent = [
        f"{name(path)}:{number}"
        for path in modules(*PACKAGES, "tests", "templates")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (found := EXCEPTION.search(line)) and name(path) != OURSELVES and not _gives_reason(found["rest"])
    ]

    assert silent == []


def test_no_test_can_be_skipped():
    skipping = [name(path) for path in modules("tests") if name(path) != OURSELVES and SKIP.search(path.read_text())]

    assert skipping == []


def test_no_work_is_put_off_in_a_comment():
    put_off = re.compile(r"#\s*(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")

    assert [name(path) for path in modules(*PACKAGES, "tests") if put_off.search(path.read_text())] == []


def _gives_reason(rest):
    codes, _, reason = rest.partition(" - ")
    if not reason:
        codes, _, reason = rest.partition("  # ")
    return len(reason.strip()) > 4 and bool(re.search(r"[A-Z\[]", codes))
