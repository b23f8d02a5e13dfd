"""What operators watch: rules that fire when they should, and rules and dashboards that name numbers which exist."""

import importlib
import json
import pkgutil
import re
import subprocess
import time
from pathlib import Path

import pytest
import requests

import idp.audit
from idp.web.gate import Rank
from tests.support import server
from tests.support.pair import on_files
from tests.support.public_app import BACK, client_id, question
from tests.support.service import Service
from tests.support.visitor import Citizen

__all__ = ["client_id"]

DOCKER = Path(__file__).parents[2] / "docker"
RULES = (DOCKER / "prometheus" / "rules.yml").read_text()
DASHBOARD = json.loads((DOCKER / "grafana" / "countersign.json").read_text())
ASKED = RULES + "\n".join(target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"])


def promtool(*arguments: str) -> None:
    program = server.find_program("promtool", package="prometheus")
    done = subprocess.run([program, *arguments], cwd=DOCKER / "prometheus", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_fire_when_they_should_and_are_silent_otherwise() -> None:
    promtool("check", "rules", "rules.yml")
    promtool("test", "rules", "rules_test.yml")


@pytest.fixture(scope="module")
def numbers(service: Service, client_id: str) -> str:
    """What a service tells after one sign-in, when its worker has looked."""
    citizen = f"{client_id}@example.org"
    service.cli("citizens", "add", "--email", citizen, "--password", "correct horse battery staple 42")
    Citizen(citizen).come_back(question(service, client_id), to=BACK)
    for _ in range(200):
        told = requests.get(f"{service.base_url}/metrics", timeout=10).text
        if 'job="look"' in told and 'name="authentication.succeeded"' in told:
            return told
        time.sleep(0.1)
    pytest.fail(told)


def test_every_number_that_is_asked_for_exists(numbers: str) -> None:
    named = set(re.findall(r"\bcountersign_[a-z_]+", ASKED))

    assert len(named) >= 8
    assert {name for name in named if not re.search(rf"^{name}[ {{]", numbers, re.MULTILINE)} == set()


def test_every_event_and_job_that_is_asked_for_exists(numbers: str) -> None:
    found = [importlib.import_module(f"idp.audit.{each.name}") for each in pkgutil.iter_modules(idp.audit.__path__)]
    names = [getattr(each, "name", None) for module in found for each in vars(module).values()]
    events = {name for name in names if isinstance(name, str)}
    jobs = set(re.findall(r'job="([^"]+)"', numbers))

    asked = {each for names in re.findall(r'\bname=~?"([^"]+)"', ASKED) for each in names.split("|")}
    assert asked - events == set()
    assert set(re.findall(r'\bjob="([^"]+)"', ASKED)) <= jobs


def test_every_endpoint_that_is_asked_for_exists(tmp_path: Path) -> None:
    endpoints = {rule.endpoint for rule in on_files(tmp_path).app.url_map.iter_rules()}
    endpoints |= {f"refused.{rank.name.lower()}" for rank in Rank}

    asked = {each for names in re.findall(r'endpoint=~"([^"]+)"', ASKED) for each in names.split("|")}

    assert {each for each in asked if not any(re.fullmatch(each, name) for name in endpoints)} == set()


def test_names_of_people_and_services_are_in_no_number(numbers: str, client_id: str) -> None:
    assert client_id not in numbers
    assert "@" not in numbers
