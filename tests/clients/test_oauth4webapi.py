"""A client nobody here wrote: npm's oauth4webapi, at a kiosk and at the API it calls, which calls another."""

import json
import secrets
from pathlib import Path

from federation.relying_parties.rules import DEVICE_CODE, TOKEN_EXCHANGE
from federation.tokens.access_token import TOKEN_TYPE
from tests.clients.registering import new_citizen, register
from tests.clients.test_openid_client import OpenidClient, installed
from tests.support.service import Service
from tests.support.visitor import Citizen

__all__ = ["installed"]


def test_oauth4webapi_signs_in_on_a_device_and_its_api_calls_another_for_the_citizen(
    service: Service, installed: Path
) -> None:
    front, back = (f"https://{secrets.token_hex(6)}.example/api" for _ in range(2))
    ours = {"agency": "City of Lund", "token_endpoint_auth_method": "client_secret_basic", "scope": "permits:read"}
    exchanging = ours | {"grant_types": [TOKEN_EXCHANGE]}
    following = register(service, **exchanging, resource_uris=[back])
    called = register(service, **exchanging, resource_uris=[front], allowed_resources=[back])
    at_kiosk = {"grant_types": [DEVICE_CODE], "scope": "openid permits:read", "allowed_resources": [front]}
    portal = register(service, **ours | at_kiosk)
    citizen, kiosk = Citizen(new_citizen(service)), OpenidClient(installed, "exchange.js")

    named = {"kiosk": portal, "api": called, "next": following, "front": front, "back": back}
    begun = kiosk.tell({"issuer": service.base_url} | named)
    page = citizen.visit(begun["verification_uri_complete"])
    told = kiosk.tell({"answered": True})
    kiosk.process.communicate()

    assert "You can go back to your device" in page.text
    assert told["issued"] == TOKEN_TYPE
    assert told["received"]["active"] is told["passedOn"]["active"] is told["after"]["active"] is True
    assert told["passedOn"]["sub"] == told["received"]["sub"] == told["claims"]["sub"]
    assert (told["passedOn"]["aud"], told["passedOn"]["scope"]) == (back, "permits:read")
    assert told["passedOn"]["act"] == {"sub": called["client_id"]}
    assert told["passedOn"]["exp"] <= told["received"]["exp"]
    assert told["refused"] == "invalid_request"
    assert told["revoked"] == {"active": False}
    noted = [each for each in service.cli_json("audit", "list") if each["name"] == "token.exchanged"]
    assert any(back in json.dumps(each) and called["client_id"] in json.dumps(each) for each in noted), noted
