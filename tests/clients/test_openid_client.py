"""A client nobody here wrote: npm's openid-client, in a process of its own, by discovery alone."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, KeyParameters, RSAKey

from federation.relying_parties.rules import DEVICE_CODE
from tests.clients.registering import new_citizen, register, silently
from tests.support.server import find_program
from tests.support.service import Service
from tests.support.visitor import Citizen

SOURCES = Path(__file__).parent / "node"
BACK = "http://localhost:7/back"
SIGNED_OUT = "http://localhost:7/bye"
ENC: KeyParameters = {"kid": "for reading", "use": "enc"}


class OpenidClient:
    """The process: one line of JSON at a time, in turns."""

    def __init__(self, folder: Path, script: str = "relying_party.js") -> None:
        self.process = subprocess.Popen(
            [find_program("node", package="nodejs"), script],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, what: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "openid-client refused what it got: see what it wrote to standard error"
        answer: dict[str, Any] = json.loads(line)
        return answer


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """openid-client as the lock names it, in a folder of this test's own."""
    folder = tmp_path_factory.mktemp("node")
    for source in SOURCES.iterdir():
        if source.is_file():
            shutil.copy(source, folder)
    npm = find_program("npm", package="npm")
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False, env=os.environ)
    assert done.returncode == 0, f"npm ci: {done.stderr}"
    return folder


@pytest.fixture
def openid_client(installed: Path) -> Iterator[OpenidClient]:
    client = OpenidClient(installed)
    yield client
    client.process.kill()
    client.process.communicate()


def wanted(alg: str, enc: str, signed: str) -> dict[str, str]:
    """What is registered to have every answer encrypted."""
    answers = ("id_token", "userinfo", "authorization", "introspection")
    return {"userinfo_signed_response_alg": signed, "introspection_signed_response_alg": signed} | {
        name: value
        for answer in answers
        for name, value in ((f"{answer}_encrypted_response_alg", alg), (f"{answer}_encrypted_response_enc", enc))
    }


def unmarked(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """The key without its use: browsers take no such key for agreement."""
    return {name: value for name, value in jwk.items() if name != "use"}


@pytest.mark.parametrize(
    ("method", "alg", "ways"),
    [
        ("client_secret_basic", "ES256", {}),
        ("client_secret_post", "RS256", {"pushed": True, "encrypted": ("RSA-OAEP-256", "A128CBC-HS256")}),
        (
            "private_key_jwt",
            "EdDSA",
            dict.fromkeys(("pushed", "bound", "signedRequest", "signedAnswers"), True)
            | {"encrypted": ("ECDH-ES", "A256GCM")},
        ),
        ("none", "ES256", {"bound": True, "encrypted": ("ECDH-ES+A256KW", "A128CBC-HS256")}),
    ],
    ids=["basic", "post", "fapi2", "public"],
)
def test_openid_client_signs_a_citizen_in_reads_refreshes_signs_out_and_revokes(
    service: Service, openid_client: OpenidClient, method: str, alg: str, ways: dict[str, Any]
) -> None:
    encrypted: tuple[str, str] | None = ways.get("encrypted")
    key = ECKey.generate_key("P-256", {"kid": "ours", "use": "sig"})
    by_rsa = encrypted is not None and encrypted[0].startswith("RSA")
    reading = RSAKey.generate_key(2048, ENC) if by_rsa else ECKey.generate_key("P-256", ENC)
    fapi2 = {"profile": "fapi2", "require_signed_request_object": True} if method == "private_key_jwt" else {}
    made = register(
        service,
        redirect_uris=[BACK],
        post_logout_redirect_uris=[SIGNED_OUT],
        token_endpoint_auth_method=method,
        id_token_signed_response_alg=alg,
        authorization_signed_response_alg=alg,
        jwks={"keys": [key.as_dict(private=False), reading.as_dict(private=False)]},
        **wanted(*encrypted, alg) if encrypted else {},
        **fapi2,
    )
    citizen = Citizen(email := new_citizen(service))
    other = register(service, redirect_uris=[BACK])["client_id"]

    asked = openid_client.tell(
        {
            "issuer": service.base_url,
            "clientId": made["client_id"],
            "redirectUri": BACK,
            "signedOutUri": SIGNED_OUT,
            "alg": alg,
            "method": method,
            "secret": made.get("client_secret"),
            "privateKey": key.as_dict(private=True),
            "decryption": encrypted
            and {"alg": encrypted[0], "enc": encrypted[1], "jwk": unmarked(reading.as_dict(private=True))},
            **ways,
        }
    )
    assert ("request_uri=urn" in asked["authorize"]) is ("pushed" in ways)
    told = openid_client.tell({"back": citizen.come_back(asked["authorize"], to=BACK)})

    assert told["parts"] == (5 if encrypted else 3)
    assert citizen.pages == ["continue", "allow"]
    assert told["bound"] is ("bound" in ways)
    assert told["userinfo"]["sub"] == told["claims"]["sub"]
    assert (told["userinfo"]["email"], told["userinfo"]["given_name"]) == (email, "Ada")
    assert told["after"] == told["userinfo"]
    if method != "none":
        assert (told["introspected"]["active"], told["introspected"]["sub"]) == (True, told["claims"]["sub"])
    assert told["refreshed"] == {"renewed": True, "scope": "openid profile email offline_access"}

    assert silently(citizen, service, other, BACK)["error"] == "consent_required"
    assert citizen.come_back(told["signOut"], to=SIGNED_OUT) == f"{SIGNED_OUT}?state=left"
    assert silently(citizen, service, other, BACK)["error"] == "login_required"

    assert openid_client.tell({"signed_out": True}) == {"userinfo": "invalid_token", "refresh": "invalid_grant"}


@pytest.mark.parametrize("method", ["client_secret_basic", "none"])
def test_openid_client_on_a_device_without_a_browser_waits_for_its_citizen(
    service: Service, installed: Path, method: str
) -> None:
    made = register(service, grant_types=[DEVICE_CODE, "refresh_token"], token_endpoint_auth_method=method)
    citizen, kiosk = Citizen(email := new_citizen(service)), OpenidClient(installed, "device.js")
    registered = {"issuer": service.base_url, "clientId": made["client_id"], "secret": made.get("client_secret")}

    begun = kiosk.tell(registered)
    page = citizen.visit(begun["verification_uri_complete"])
    told = kiosk.tell({"answered": True})
    kiosk.process.communicate()

    assert citizen.pages == ["continue", "continue", "continue", "allow"]
    assert "You can go back to your device" in page.text
    assert begun["user_code"] in begun["verification_uri_complete"]
    assert (told["userinfo"]["sub"], told["userinfo"]["email"]) == (told["claims"]["sub"], email)
    assert told["refreshed"] is True
