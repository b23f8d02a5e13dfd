"""What can be told of the container without building it."""

import re
from ipaddress import ip_address, ip_network

import pytest
import yaml

from idp.cli.serve import LONGEST_REQUEST_SECONDS
from idp.settings import Settings, variable
from tests.architecture.source import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())
DOCKERFILE = (ROOT / "docker/Dockerfile").read_text()
OURS = [name for name, service in COMPOSE["services"].items() if service["image"] == "countersign"]
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()
PROXIES = variable("trusted_proxies")


def test_the_container_gets_the_required_settings_and_those_of_the_operators_file():
    required = {variable(name) for name, field in Settings.model_fields.items() if field.is_required()}

    assert {name: set(COMPOSE["services"][name]["environment"]) for name in OURS} == dict.fromkeys(
        OURS, required | {PROXIES}
    )
    assert {COMPOSE["services"][name]["env_file"] for name in OURS} == {"../production.env"}
    assert "/production.env" in (ROOT / ".gitignore").read_text().splitlines()


def test_the_proxy_is_believed_and_nobody_else():
    (subnet,) = COMPOSE["networks"]["default"]["ipam"]["config"]
    proxy = COMPOSE["services"]["proxy"]["networks"]["default"]["ipv4_address"]

    assert {COMPOSE["services"][name]["environment"][PROXIES] for name in OURS} == {proxy}
    assert ip_address(proxy) in ip_network(subnet["subnet"])


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
    assert "USER 10001" in DOCKERFILE
    for name in OURS:
        service = COMPOSE["services"][name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_the_proxy_knows_every_node_by_the_variables_of_its_file():
    proxy = COMPOSE["services"]["proxy"]
    named = set(re.findall(r"\$\{(\w+)\}", (ROOT / "docker/haproxy.cfg").read_text()))
    nodes = {proxy["environment"][name].partition(":")[0] for name in ("COUNTERSIGN", "COUNTERSIGN_TWO")}

    assert set(proxy["environment"]) == named
    assert {name for name in OURS if "serve" in COMPOSE["services"][name]["command"]} == nodes
    assert set(proxy["depends_on"]) == nodes


@pytest.mark.parametrize("file", ["haproxy.cfg", "haproxy-mtls.cfg"])
@pytest.mark.parametrize("header", ["Client-Cert", "X-Forwarded-For", "traceparent"])
def test_no_proxy_hands_on_what_only_a_proxy_may_say(file, header):
    assert f"http-request del-header {header}\n" in (ROOT / "docker" / file).read_text()


def test_a_node_has_time_for_what_is_in_flight():
    grace = {name: int(COMPOSE["services"][name]["stop_grace_period"].removesuffix("s")) for name in ("one", "two")}

    assert min(grace.values()) > LONGEST_REQUEST_SECONDS
