"""What ../../CONFORMANCE.md has an operator type to set up an installation for the suite works as it stands there."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.support.certification import BACK, OUT, PLACE, Client
from tests.support.service import Service
from tests.support.visitor import PASSWORD, Citizen

PAGE = (Path(__file__).parents[2] / "CONFORMANCE.md").read_text().partition("### For the plans of FAPI 2.0")[0]
METHODS = ["client_secret_basic", "client_secret_post"]


def test_the_citizen_of_the_page_can_be_made(provider: Service) -> None:
    [typed] = re.findall(r"countersign (citizens add .*?)\n```", PAGE, re.DOTALL)

    made = provider.cli(*shlex.split(typed.replace("\\\n", "").replace("$PASSWORD", PASSWORD)), "--json").stdout

    assert json.loads(made)["phone_number_verified"] is False


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("told_by", ["backchannel", "frontchannel", None])
def test_a_client_of_the_page_signs_its_citizen_in(
    provider: Service, known: Citizen, method: str, told_by: str | None
) -> None:
    [typed] = re.findall(r"<<END\n(.*?)\nEND\n", PAGE, re.DOTALL)
    metadata: dict[str, Any] = json.loads(typed.replace("$SUITE", PLACE)) | {"token_endpoint_auth_method": method}
    if told_by is not None:
        [field] = re.findall(rf'`"({told_by}_logout_uri)": "\$SUITE/', PAGE)
        metadata[field] = f"{PLACE}/{told_by}_logout"
    client = Client(provider, known, registered=provider.cli_json("agencies", "add", stdin=metadata))

    tokens, claims = client.sign_in(scope="openid profile email phone offline_access", prompt="consent")

    told = client.userinfo(tokens).json()
    assert (told["sub"], told["name"], "email" in told) == (claims["sub"], "Ada Lovelace", True)
    assert "refresh_token" in tokens
    assert (client.registered["redirect_uris"], client.registered["post_logout_redirect_uris"]) == ([BACK], [OUT])


def test_the_settings_of_the_page_are_those_of_these_tests(provider: Service) -> None:
    named = dict(re.findall(r"export COUNTERSIGN_(\w+)=(\S+)", PAGE))

    assert named.pop("TEST_SETTINGS") == "allow"
    assert {name: provider.env[f"COUNTERSIGN_{name}"] for name in named} == named
