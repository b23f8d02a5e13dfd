"""What the Helm chart makes, rendered and held against the schemas of Kubernetes."""

import re
from typing import Any

import kubernetes_validate
import pytest

from idp.cli.serve import LONGEST_REQUEST_SECONDS
from idp.settings import Settings, variable
from tests.support.helm import Refused, objects, rendered

LEAST = {"issuer": "https://id.example.org", "image": {"repository": "registry.example.org/id"}, "secretName": "id"}
ALL = LEAST | {
    "pullSecrets": [{"name": "pull"}],
    "settings": {"COUNTERSIGN_TRUSTED_PROXIES": "10.0.0.0/8", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:4318"},
    "ingress": {"enabled": True, "className": "nginx", "annotations": {"a/b": "c"}, "tlsSecretName": "tls"},
    "networkPolicy": {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}]},
    "podMonitor": {"enabled": True},
}
KUBERNETES = "1.30"
pytestmark = pytest.mark.timeout(600)  # what renders is compiled first, beside all that tests at the same time
PODS = [("Deployment", "id-web"), ("Deployment", "id-worker"), ("Job", "id-upgrade")]


def pod(kind: str, name: str, values: dict[str, Any] = ALL) -> dict[str, Any]:
    spec: dict[str, Any] = objects(values)[kind, name]["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("values", [LEAST, ALL], ids=["least", "all"])
def test_everything_it_makes_is_what_kubernetes_knows(values):
    made = objects(values)

    for (kind, _), each in made.items():
        if kind != "PodMonitor":
            kubernetes_validate.validate(each, KUBERNETES, strict=True)
    assert set(PODS) < set(made)


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": ""},
        {"issuer": "http://id.example.org"},
        {"issuer": "https://id.example.org/"},
        {"issuer": "https://id.example.org/path"},
        {"secretName": ""},
        {"image": {"repository": ""}},
        {"settings": {"COUNTERSIGN_KEY_ENCRYPTION_KEY": "in a release's history"}},
        {"settings": {"PATH": "/tmp"}},
        {"settings": {"COUNTERSIGN_JWKS_MAX_AGE": 1000000}},
        {"web": {"replicas": {"min": 1, "max": 1}}},
        {"workers": 3},
    ],
)
def test_values_that_would_not_serve_are_refused(wrong):
    with pytest.raises(Refused):
        rendered(LEAST | wrong)


@pytest.mark.parametrize(("kind", "name"), PODS)
def test_no_pod_has_rights_it_does_not_need(kind, name):
    spec = pod(kind, name)
    [container] = spec["containers"]

    assert spec["automountServiceAccountToken"] is spec["enableServiceLinks"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize(("kind", "name"), PODS)
def test_every_required_setting_comes_from_the_values_or_the_secret(kind, name):
    [container] = pod(kind, name)["containers"]
    told = {each["name"] for each in container["env"]}
    secret = {"COUNTERSIGN_DATABASE_URL", "COUNTERSIGN_EPHEMERAL_URL", "COUNTERSIGN_KEY_ENCRYPTION_KEY"}

    assert container["envFrom"] == [{"secretRef": {"name": "id"}}]
    assert {variable(name) for name, field in Settings.model_fields.items() if field.is_required()} <= told | secret
    assert not told & secret
    assert {"COUNTERSIGN_TRUSTED_PROXIES", "OTEL_EXPORTER_OTLP_ENDPOINT"} < told


def test_nobody_is_sent_to_a_pod_that_ends_and_it_has_time_for_what_is_in_flight():
    spec = pod("Deployment", "id-web")
    [container] = spec["containers"]
    leaves = int(container["lifecycle"]["preStop"]["exec"]["command"][1])

    assert spec["terminationGracePeriodSeconds"] > leaves + LONGEST_REQUEST_SECONDS
    assert leaves > container["readinessProbe"]["periodSeconds"]
    assert objects(ALL)["Deployment", "id-web"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_stores_that_are_away_end_no_process_and_hide_no_key():
    [container] = pod("Deployment", "id-web")["containers"]
    made = objects(ALL)
    paths = made["Ingress", "id-web"]["spec"]["rules"][0]["http"]["paths"]
    leads = {each["path"]: each["backend"]["service"]["name"] for each in paths}

    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert leads == {"/": "id-web", "/jwks": "id-alive", "/.well-known": "id-alive", "/metrics": "id-nobody"}
    assert made["Service", "id-alive"]["spec"]["publishNotReadyAddresses"] is True
    assert "selector" not in made["Service", "id-nobody"]["spec"]


def test_a_port_of_the_issuer_is_no_part_of_the_host_that_is_led_here():
    ingress = objects(ALL | {"issuer": "https://id.example.org:8443"})["Ingress", "id-web"]["spec"]

    assert [each["host"] for each in ingress["rules"]] == ["id.example.org"]
    assert [each["hosts"] for each in ingress["tls"]] == [["id.example.org"]]


def test_what_selects_pods_selects_those_alone():
    made = objects(ALL)
    web = made["Deployment", "id-web"]["spec"]["template"]["metadata"]["labels"]
    others = [made[kind, name]["spec"]["template"]["metadata"]["labels"] for kind, name in PODS[1:]]

    for kind, name in [("Service", "id-web"), ("Service", "id-alive")]:
        assert made[kind, name]["spec"]["selector"] == web
    assert made["PodDisruptionBudget", "id-web"]["spec"]["selector"]["matchLabels"] == web
    assert web not in others


def test_the_values_explain_themselves():
    assert "doctor" in rendered(ALL)["NOTES.txt"]
    assert not [
        line for text in rendered(ALL).values() for line in text.splitlines() if re.search(r"<no value>|nil", line)
    ]
