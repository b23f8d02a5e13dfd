"""The lock installs the same bytes everywhere: exact versions, hashes, no place they must come from."""

import re
import tomllib

import pytest

from tests.architecture.source import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ["requirements.lock", "requirements-dev.lock"]


def _locked(lock):
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    return {re.split(r"==", line)[0].strip(): line for line in text.splitlines() if line.strip()}


def _names(requirements):
    return {re.split(r"[\[<>=!~ ]", text)[0].lower() for text in requirements if isinstance(text, str)}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_an_exact_version_and_a_hash(lock):
    loose = [line for line in _locked(lock).values() if not re.match(r"^[a-z0-9-]+==\S+ .*--hash=sha256:", line)]

    assert loose == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_folder_and_no_index(lock):
    assert not re.search(r"file:|https?:|--index|--find-links|@ ", (ROOT / lock).read_text())


def test_every_declared_dependency_is_locked():
    """The image has the extras too: what they are for is chosen by settings."""
    extras = (_names(extra) for extra in PROJECT["project"]["optional-dependencies"].values())
    run = _names(PROJECT["project"]["dependencies"]).union(*extras)
    develop = {name for group in PROJECT["dependency-groups"].values() for name in _names(group)}

    assert run <= set(_locked("requirements.lock"))
    assert run | develop <= set(_locked("requirements-dev.lock"))


def test_both_locks_agree():
    run, develop = _locked("requirements.lock"), _locked("requirements-dev.lock")

    assert {name: line for name, line in develop.items() if name in run} == run
