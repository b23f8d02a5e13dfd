"""The description for services' tools names what is mounted, each with its methods, and nothing else."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from idp.endpoints.described import PATH, mounted_in
from idp.endpoints.operations import OPERATIONS
from tests.support import installation
from tests.support.site import Site

FOR_BROWSERS = ("/authorize", "/logout", "/static/")
FOR_OPERATORS = ("/healthz", "/readyz", "/metrics")
NOT_DESCRIBED = (*FOR_BROWSERS, *FOR_OPERATORS, PATH)
BASES = {("get", "/grants")}
"""Addresses that stand in the metadata to be continued, and answer nothing by themselves."""


def site_in(folder: Path, **settings: str) -> Site:
    url = installation.copy_to(folder)
    return Site.on(url, f"sqlite:///{folder / 'ephemeral.db'}", folder, issuer="http://localhost:8000", **settings)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """An installation with everything there may be."""
    return site_in(tmp_path_factory.mktemp("whole"), registration="open")


def described(site: Site) -> Any:
    answer = site.app.test_client().get(PATH, base_url=site.use.settings.issuer)
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    return json.loads(answer.data)


def pairs(document: Any) -> set[tuple[str, str]]:
    return {(method, path) for path, methods in document["paths"].items() for method in methods}


def machines(site: Site) -> set[tuple[str, str]]:
    modules = {
        rule.rule.replace("<", "{").replace(">", "}"): site.app.view_functions[rule.endpoint].__module__
        for rule in site.app.url_map.iter_rules()
    }
    return {
        (method, path)
        for method, path in mounted_in(site.app)
        if modules[path].startswith("idp.endpoints.")
        and not path.startswith(NOT_DESCRIBED)
        and method not in ("head", "options")
    }


def test_every_operation_of_services_is_described_and_no_other(whole: Site) -> None:
    assert pairs(described(whole)) == machines(whole) - BASES


def test_no_row_is_for_what_is_never_mounted(whole: Site) -> None:
    assert {(row.method, row.path) for row in OPERATIONS} <= mounted_in(whole.app)


def test_what_an_installation_does_not_offer_is_not_described(tmp_path: Path) -> None:
    site = site_in(tmp_path)

    assert pairs(described(site)) == machines(site) - BASES
    assert not any(path.startswith("/register") for _, path in pairs(described(site)))


def test_every_name_leads_to_something(whole: Site) -> None:
    document = described(whole)
    schemas = document["components"]["schemas"]

    used = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))

    assert used == set(schemas)
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": whole.use.settings.issuer}]


def test_a_page_leads_to_it_and_the_metadata_to_that_page(whole: Site) -> None:
    client, issuer = whole.app.test_client(), whole.use.settings.issuer

    documentation = client.get("/.well-known/openid-configuration", base_url=issuer).get_json()["service_documentation"]

    page = client.get(documentation.removeprefix(issuer), base_url=issuer)
    assert page.status_code == 200
    assert f'href="{PATH}"' in page.text
