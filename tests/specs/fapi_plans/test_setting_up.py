"""What ../../CONFORMANCE.md has an operator type for the plans of FAPI 2.0 works as it stands there."""

import json
import re
from pathlib import Path
from typing import Any

from joserfc.jwk import KeySet

from tests.specs.fapi_plans.conftest import PAGE
from tests.support.fapi import BACK, PLACE, SECOND_BACK, FapiClient, Installation
from tests.support.visitor import Citizen


def added(words: str) -> dict[str, Any]:
    """Return the members that the page says to add for a way, as it says them."""
    [members] = re.findall(rf"{words} add\s+`(.*?)`", PAGE, re.DOTALL)
    return dict(json.loads(f"{{{members}}}"))


def test_a_client_of_the_page_signs_its_citizen_in(
    installation: Installation, citizen: Citizen, typed: Path, variant: dict[str, Any], signed: bool
) -> None:
    [said] = re.findall(r"<<FAPI\n(.*?)\nFAPI\n", PAGE, re.DOTALL)
    public = (typed / "client.public").read_text()
    metadata = json.loads(said.replace("$SUITE", PLACE).replace("$(cat $name.public)", public))
    metadata |= added("With `sender_constrain=mtls`") if variant["sender"] == "mtls" else {}
    metadata |= added("with `client_auth_type=mtls`") if variant["auth"] == "mtls" else {}
    metadata |= added("for Message Signing") if signed else {}
    client = FapiClient(installation, citizen, signed=signed, alg="PS256", kid="client", **variant)
    client.key = KeySet.import_key_set(json.loads((typed / "client.jwks").read_text())).keys[0]
    shown = typed / "shown.pem"
    shown.write_bytes((typed / "client.pem").read_bytes() + (typed / "client.key").read_bytes())
    client.shown = str(shown)
    client.registered = installation.service.cli_json("agencies", "add", stdin=metadata)

    tokens = client.tokens(scope="openid profile email phone offline_access", prompt="consent")

    assert client.resource(tokens["access_token"]).status_code == 200
    assert "refresh_token" in tokens
    assert client.registered["redirect_uris"] == [BACK, SECOND_BACK]


def test_the_settings_of_the_page_are_those_of_these_tests(installation: Installation) -> None:
    named = set(re.findall(r"export COUNTERSIGN_(\w+)=", PAGE))

    assert named == {"MTLS_URL", "MTLS_PROXIES", "TRUSTED_PROXIES", "CLIENT_CA"}
    assert {f"COUNTERSIGN_{name}" for name in named} <= installation.service.env.keys()


def test_the_configuration_of_the_page_is_json_with_the_fields_of_the_suite() -> None:
    [shown] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)

    fields = json.loads(shown)

    assert fields.keys() >= {"alias", "server", "client", "client2", "mtls", "mtls2", "resource"}
    assert fields["client"].keys() == {"client_id", "scope", "jwks"}
