"""What tests/CONFORMANCE.md says of the modules of the conformance suite: each row leads to a test that exists."""

import re

from tests.architecture.source import ROOT, functions

TESTS = ROOT / "tests"
PAGE = (TESTS / "CONFORMANCE.md").read_text()
PLANS = ("openid_plans/", "fapi_plans/")
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
EXPECTED = re.compile(r"(passes|warns|skips|fails|for whoever looks)\b")


def _rows() -> list[list[str]]:
    rows = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith(("| `oidcc-", "| `fapi2-"))]
    assert len(rows) > 90
    return rows


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(PAGE)
    files = {file: TESTS / (f"specs/{file}" if file.startswith(PLANS) else file) for file, _ in named}
    there = {file: {each.name for each in functions(path)} for file, path in files.items()}

    assert [f"{file}::{test}" for file, test in named if test not in there[file]] == []


def test_every_module_has_a_demand_an_expectation_and_a_test() -> None:
    for row in _rows():
        assert len(row) == 4, row
        assert EXPECTED.match(row[2].strip()), row
        assert NAMED.search(row[3]), row


def test_every_test_that_asks_as_the_suite_asks_is_named() -> None:
    files = {f"{plans}{path.name}": path for plans in PLANS for path in (TESTS / "specs" / plans).glob("test_*.py")}
    written = {
        f"{file}::{each.name}"
        for file, path in files.items()
        if f"`{file}`" not in PAGE
        for each in functions(path)
        if each.name[:5] == "test_"
    }
    named = {f"{file}::{test}" for file, test in NAMED.findall(PAGE)}

    assert sorted(written - named) == []


def test_the_page_says_plainly_that_the_suite_was_not_run_and_the_readme_leads_to_it() -> None:
    assert "**The suite itself was not run.**" in PAGE
    assert "tests/CONFORMANCE.md" in (ROOT / "README.md").read_text()
