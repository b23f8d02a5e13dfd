"""/register/<client_id> (RFC 7592), over the whole application on both pairs of stores."""

from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey

from federation.relying_parties.rules import DEVICE_CODE
from tests.support.developer import Developer, dev, guarded, host, metadata
from tests.support.site import CHALLENGE, Browser

__all__ = ["dev", "guarded"]

JWKS = {"keys": [ECKey.generate_key("P-256", {"kid": "k1"}).as_dict(private=False)]}
OURS = ("registration_access_token", "registration_client_uri", "client_id_issued_at", "client_secret_expires_at")


class Registration:
    """One service, and whoever looks after it: it goes by the newest token, as the specification asks."""

    def __init__(self, dev: Developer, **about: Any) -> None:
        self.dev = dev
        self.told = dev.registered(**about)
        self.first = dict(self.told)

    @property
    def path(self) -> str:
        return f"/register/{self.told['client_id']}"

    @property
    def token(self) -> str:
        return str(self.told["registration_access_token"])

    def call(self, method: str, body: Any = None, token: str | None = None) -> Any:
        answer = self.dev.call(method, self.path, body, token or self.token)
        if answer.status_code == 200:
            self.told = answer.get_json()
        return answer

    def wanting(self, **changes: Any) -> dict[str, Any]:
        """Return all that is registered, changed a little; None takes a field out."""
        kept = {name: value for name, value in self.told.items() if name not in (*OURS, "client_secret")}
        return {name: value for name, value in {**kept, **changes}.items() if value is not None}

    def put(self, **changes: Any) -> Any:
        return self.call("PUT", self.wanting(**changes))


@pytest.fixture
def own(dev: Developer) -> Registration:
    grants = ["authorization_code", "refresh_token"]
    return Registration(dev, grant_types=grants, token_endpoint_auth_method="client_secret_post")


def faulty(answer: Any) -> str:
    """Return the first field that is refused."""
    assert (answer.status_code, answer.content_type) == (400, "application/json"), answer.text
    return str(answer.get_json()["error_description"]).partition(":")[0]


def test_reading_tells_all_but_the_secret_and_brings_another_token(own: Registration) -> None:
    answer = own.call("GET")

    assert (answer.status_code, answer.headers["Cache-Control"], answer.headers["Pragma"]) == (
        200,
        "no-store",
        "no-cache",
    )
    same = {
        name: value for name, value in own.first.items() if name not in ("client_secret", "registration_access_token")
    }
    assert {name: own.told[name] for name in same if name in own.told} | {"client_secret_expires_at": 0} == same
    assert "client_secret" not in own.told
    assert own.token != own.first["registration_access_token"]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_the_token_that_was_used_is_dead_and_the_new_one_works(own: Registration, method: str) -> None:
    first, body = own.token, own.wanting() if method == "PUT" else None

    assert own.call(method, body).status_code == 200
    assert [
        own.call(again, body if again == "PUT" else None, first).status_code for again in ("GET", "PUT", "DELETE")
    ] == [
        401,
        401,
        401,
    ]
    assert own.call("GET").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "é"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_without_its_token_nobody_looks_after_a_service(own: Registration, method: str, token: str) -> None:
    body = own.wanting() if method == "PUT" else None

    answer = own.dev.call(method, own.path, body, token)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert own.call("GET").status_code == 200


def test_the_token_of_another_service_or_an_invitation_is_not_its_own(own: Registration) -> None:
    other = Registration(own.dev)

    assert own.call("GET", token=other.token).status_code == 401
    assert own.call("GET", token=own.dev.invited()).status_code == 401
    assert own.dev.register(metadata(), own.token).status_code == 401
    assert [own.call("GET").status_code, other.call("GET").status_code] == [200, 200]


@pytest.mark.parametrize("client_id", ["rp", "web", "nobody", "%00", "é", "x" * 5_000, ".."])
def test_a_service_that_does_not_exist_is_told_apart_by_nothing(own: Registration, client_id: str) -> None:
    answer = own.dev.call("GET", f"/register/{client_id}", token=own.token)

    assert answer.status_code in (400, 401)


def test_a_head_costs_nobody_the_token(own: Registration) -> None:
    assert own.dev.call("HEAD", own.path, token=own.token).status_code == 405
    assert own.call("GET").status_code == 200


def test_what_is_left_out_goes_back_to_its_default(own: Registration) -> None:
    own.put(client_uri=f"https://{host()}/", contacts=["a@example.org"], default_max_age=60)
    assert own.told["default_max_age"] == 60

    own.call("PUT", {"client_id": own.told["client_id"], "redirect_uris": own.told["redirect_uris"]})

    assert (own.told["grant_types"], own.told["contacts"]) == (["authorization_code"], [])
    assert not {"client_uri", "default_max_age"} & set(own.told)
    assert own.told["agency"] == "City of Lund"


@pytest.mark.parametrize("name", OURS)
def test_what_is_ours_to_say_may_not_be_sent(own: Registration, name: str) -> None:
    assert faulty(own.call("PUT", own.wanting(**{name: own.first[name]}))) == name


@pytest.mark.parametrize("grant_types", [["authorization_code"], ["client_credentials"], [DEVICE_CODE]])
def test_what_was_told_can_be_sent_back(dev: Developer, grant_types: list[str]) -> None:
    """RFC 7592 section 2.2: an update holds every member as it was told. No scope is none, not an empty one."""
    returns: dict[str, Any] = {} if "authorization_code" in grant_types else {"redirect_uris": []}
    told = dev.registered(grant_types=grant_types, **returns)
    said = {name: value for name, value in told.items() if name not in OURS}

    again = dev.call("PUT", f"/register/{told['client_id']}", said, told["registration_access_token"])

    assert again.status_code == 200, again.text
    kept = {name: value for name, value in again.get_json().items() if name not in OURS}
    assert {**kept, "client_secret": said["client_secret"]} == said


@pytest.mark.parametrize("client_id", [None, "rp", 7, [], ""])
def test_the_id_must_be_its_own(own: Registration, client_id: Any) -> None:
    assert faulty(own.put(client_id=client_id)) == "client_id"


@pytest.mark.parametrize("secret", ["mine", "", 7, ["x"]])
def test_a_secret_of_ones_own_choice_is_refused(own: Registration, secret: Any) -> None:
    assert faulty(own.put(client_secret=secret)) == "client_secret"


def test_the_secret_in_force_may_be_sent_and_stays(own: Registration) -> None:
    assert own.put(client_secret=own.first["client_secret"], client_name="New").status_code == 200
    assert "client_secret" not in own.told
    assert authenticates(own, own.first["client_secret"])


def authenticates(own: Registration, secret: str) -> bool:
    form = {"client_id": own.told["client_id"], "client_secret": secret, "token": "x"}
    answer = own.dev.site.app.test_client().post("/revoke", data=form, base_url="https://id.example")
    return answer.status_code == 200


def test_another_way_to_prove_itself_ends_the_secret_and_the_way_back_mints_a_new_one(own: Registration) -> None:
    own.put(token_endpoint_auth_method="client_secret_basic")
    own.put(token_endpoint_auth_method="client_secret_post")
    assert authenticates(own, own.first["client_secret"])

    own.put(token_endpoint_auth_method="private_key_jwt", jwks=JWKS)
    assert not authenticates(own, own.first["client_secret"])

    own.put(token_endpoint_auth_method="client_secret_post")
    assert (own.told["client_secret_expires_at"], len(own.told["client_secret"])) == (0, 43)
    assert authenticates(own, own.told["client_secret"])
    assert not authenticates(own, own.first["client_secret"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"redirect_uris": ["https://elsewhere.example/cb"]}, "redirect_uris"),
        ({"redirect_uris": ["com.example.app:/cb"], "application_type": "native"}, "redirect_uris"),
        ({"redirect_uris": []}, "redirect_uris"),
        ({"agency": "Tax Office"}, "agency"),
        ({"introspection": True}, "introspection"),
        ({"subject_type": "public"}, "subject_type"),
        ({"scope": "openid permits:write"}, "scope"),
        ({"client_name": "\u202eevil"}, "client_name"),
        ({"jwks": JWKS, "jwks_uri": "https://a.example/"}, "jwks_uri"),
    ],
)
def test_what_would_result_is_judged_and_what_is_refused_changes_nothing(
    own: Registration, changes: dict[str, Any], field: str
) -> None:
    assert faulty(own.put(**changes)) == field

    assert own.call("GET").status_code == 200
    assert own.told["redirect_uris"] == own.first["redirect_uris"]


def test_a_service_cannot_take_a_host_and_then_move_its_answers_elsewhere(dev: Developer) -> None:
    """Or it would be told another service's subjects at an address of its own."""
    victim = host()
    own = Registration(dev, redirect_uris=[f"https://{victim}/cb"])

    moved = own.put(redirect_uris=["https://mallory.example/cb"])
    beside = own.put(redirect_uris=[f"https://{victim}/cb", "https://mallory.example/cb"])

    assert (faulty(moved), faulty(beside)) == ("redirect_uris", "sector_identifier_uri")
    assert own.put(redirect_uris=[f"https://{victim}/other"]).status_code == 200


def test_the_stricter_profile_is_never_left(dev: Developer) -> None:
    strict = {"profile": "fapi2", "token_endpoint_auth_method": "private_key_jwt", "jwks": JWKS}
    own = Registration(dev, **strict)

    assert faulty(own.put(profile="standard")) == "profile"
    assert own.put(profile=None).get_json()["profile"] == "fapi2"


def test_what_an_operator_gave_is_kept_while_it_is_said_and_gone_when_it_is_not(own: Registration) -> None:
    with own.dev.site.use.database.work() as stores:
        found = stores.relying_parties.find(own.told["client_id"])
        assert found is not None
        assert stores.relying_parties.change(replace(found, introspection=True, scope=("openid", "records:read")))

    own.call("GET")
    assert own.put().get_json()["introspection"] is True
    assert own.told["scope"] == "openid records:read"
    assert own.put(introspection=None).get_json()["introspection"] is False
    assert faulty(own.put(introspection=True)) == "introspection"


def test_a_deleted_service_is_nobody_and_stays_it(own: Registration) -> None:
    token = own.token

    gone = own.call("DELETE")

    assert (gone.status_code, gone.data, gone.headers["Cache-Control"]) == (204, b"", "no-store")
    assert [
        own.call(method, own.wanting() if method == "PUT" else None, token).status_code
        for method in ("GET", "PUT", "DELETE")
    ] == [
        401,
        401,
        401,
    ]
    assert not authenticates(own, own.first["client_secret"])
    assert own.dev.events(own.told["client_id"])[-1] == "agency.disabled"


def test_deleting_ends_grants_codes_and_pushed_requests(dev: Developer) -> None:
    own = Registration(
        dev,
        grant_types=["authorization_code", "refresh_token"],
        token_endpoint_auth_method="client_secret_post",
        scope="openid email offline_access",
    )
    client = dev.site.app.test_client(use_cookies=False)
    proof = {"client_id": own.told["client_id"], "client_secret": own.told["client_secret"]}
    redirect_uri = own.told["redirect_uris"][0]
    asked = {
        "client_id": own.told["client_id"],
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": "openid email offline_access",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    browser = dev.site.browser()
    browser.sign_in(dev.site.add_citizen(f"ada-{host()}@example.org"))

    def post(path: str, form: dict[str, str]) -> Any:
        return client.post(path, data=form | proof, base_url="https://id.example")

    def redeem(code: str) -> Any:
        verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        form = {"grant_type": "authorization_code", "redirect_uri": redirect_uri, "code_verifier": verifier}
        return post("/token", form | {"code": code})

    tokens = redeem(code(browser, asked)).get_json()
    second = code(browser, asked)
    pushed = post("/par", asked).get_json()["request_uri"]
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert client.get("/userinfo", headers=bearer, base_url="https://id.example").status_code == 200

    assert own.call("DELETE").status_code == 204

    assert client.get("/userinfo", headers=bearer, base_url="https://id.example").status_code == 401
    refreshed = post("/token", {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    assert (refreshed.status_code, redeem(second).status_code) == (401, 401)
    reached: Any = browser.get("/authorize", {"client_id": own.told["client_id"], "request_uri": pushed})
    assert (reached.status_code, reached.location) == (400, None)


def code(browser: Browser, asked: dict[str, str]) -> str:
    answer = browser.get("/authorize", asked)
    if answer.location.startswith("/consent/"):
        browser.press(answer.location, "allow")
        answer = browser.get(f"/authorize/{answer.location.rsplit('/', 1)[1]}")
    assert "code=" in answer.location, answer.location
    return str(answer.location).partition("code=")[2].partition("&")[0]


def test_an_operator_who_disables_a_service_ends_its_token_for_good(own: Registration) -> None:
    with own.dev.site.use.database.work() as stores:
        assert stores.relying_parties.disable(own.told["client_id"], own.dev.site.clock.now())
    assert own.call("GET").status_code == 401

    with own.dev.site.use.database.work() as stores:
        assert stores.relying_parties.enable(own.told["client_id"], own.dev.site.clock.now())
    assert own.call("GET").status_code == 401


def test_everything_is_recorded(own: Registration) -> None:
    own.call("GET")
    own.put(client_name="New")
    own.call("DELETE")

    assert own.dev.events(own.told["client_id"]) == [
        "agency.registered",
        "agency.read",
        "agency.changed",
        "agency.disabled",
    ]
