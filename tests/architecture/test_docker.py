"""What can be told of the container without building it."""

import re

import yaml

from idp.settings import Settings, variable
from tests.architecture.source import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())
DOCKERFILE = (ROOT / "docker/Dockerfile").read_text()
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()


def test_the_container_gets_the_required_settings_and_no_unknown_one():
    given = set(COMPOSE["services"]["countersign"]["environment"])
    required = {variable(name) for name, field in Settings.model_fields.items() if field.is_required()}

    assert given == required


def test_no_secret_is_written_down():
    values = [
        value
        for service in COMPOSE["services"].values()
        for name, value in service.get("environment", {}).items()
        if re.search(r"PASSWORD|KEY|DATABASE_URL", name)
    ]

    assert values
    assert all("${" in value for value in values)
    assert not re.search(r"^(ARG|ENV) .*(PASSWORD|KEY|SECRET)", DOCKERFILE, re.MULTILINE)


def test_everything_the_dockerfile_copies_reaches_the_builder():
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()
    }

    assert {f"!{name}" for name in copied} <= set(IGNORED)
    assert all((ROOT / name).exists() for name in copied)


def test_it_runs_without_rights_it_does_not_need():
    service = COMPOSE["services"]["countersign"]

    assert "USER 10001" in DOCKERFILE
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
