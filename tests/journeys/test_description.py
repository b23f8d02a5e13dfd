"""What the description of the machine endpoints says, a stranger holds it to: schemathesis, over real servers.

No server error for any input, no status that is not described, no other type, no other form of an answer. Each
operation is called as nobody and as a service that proves itself.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings, strategies
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from idp.endpoints.operations import OPERATIONS, Operation
from tests.clients.registering import new_citizen, register
from tests.support.public_app import question
from tests.support.service import NewStorePair, Service, serving
from tests.support.token_office import VERIFIER
from tests.support.visitor import Citizen

BACK = "http://localhost:7/back"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 25
"""Calls of each operation, for each caller and each kind of input."""


class Api:
    """A running installation with everything there may be, and what its services hold."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.document = requests.get(f"{service.base_url}/openapi.json", timeout=10).json()
        self.schema = schemathesis.openapi.from_dict(self.document)
        grants = ["authorization_code", "refresh_token", "client_credentials"]
        made = register(service, redirect_uris=[BACK], grant_types=grants)
        self.basic = requests.auth._basic_auth_str(made["client_id"], made["client_secret"])
        citizen = Citizen(new_citizen(service))
        back = citizen.come_back(question(service, made["client_id"]), to=BACK)
        form = {
            "grant_type": "authorization_code",
            "code": parse_qs(urlsplit(back).query)["code"][0],
            "redirect_uri": BACK,
            "code_verifier": VERIFIER,
        }
        tokens = requests.post(f"{service.base_url}/token", form, headers={"Authorization": self.basic}, timeout=10)
        self.bearer = f"Bearer {tokens.json()['access_token']}"

    def proof(self, row: Operation) -> dict[str, str]:
        """What a service that may call sends beside its request."""
        proofs = {"client": self.basic, "bearer": self.bearer}
        return {"Authorization": proofs[row.callers]} if row.callers in proofs else {}


@pytest.fixture(scope="module")
def api(new_store_pair: NewStorePair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with serving(new_store_pair(), tmp_path_factory.mktemp("api"), REGISTRATION="open") as running:
        yield Api(running)


@pytest.mark.parametrize("proving", [False, True], ids=["as nobody", "as a service"])
@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: f"{row.method} {row.path}")
def test_every_answer_is_one_that_is_described(api: Api, row: Operation, proving: bool) -> None:
    operation = api.schema[row.path][row.method.upper()]

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=strategies.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)))
    def call(case: Case[Any]) -> None:
        response = case.call(base_url=api.service.base_url, headers=api.proof(row) if proving else None, timeout=10)
        case.validate_response(response, checks=CHECKS)

    call()


def test_a_service_that_proves_itself_gets_more_than_refusals(api: Api) -> None:
    base, bearer = api.service.base_url, {"Authorization": api.bearer}

    who = requests.get(f"{base}/userinfo", headers=bearer, timeout=10)
    looked = requests.post(f"{base}/introspect", {"token": "x"}, headers={"Authorization": api.basic}, timeout=10)

    assert (who.status_code, looked.status_code) == (200, 200)
