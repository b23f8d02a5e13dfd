"""RFC 6749 section 2.3: one registered method, the right secret, and the same answer to every other attempt."""

from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.client_authentication.presented import Presented, read_credentials
from federation.errors import InvalidClient, InvalidRequest, ProtocolError
from federation.relying_parties.client_secrets import hash_client_secret
from tests.federation.client_authentication.conftest import Desk, service

SECRET = "-_.!~*'() +%:é"


def basic(name: str, secret: str) -> str:
    return "Basic " + b64encode(f"{name}:{secret}".encode()).decode()


def every_sign_encoded(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def known(desk: Desk, method: str) -> Desk:
    desk.know(service(method, client_secret_hash=hash_client_secret(SECRET) if "secret" in method else None))
    return desk


@pytest.mark.parametrize("encoded", [quote_plus(SECRET), quote(SECRET, safe=""), every_sign_encoded(SECRET)])
@pytest.mark.parametrize("name", ["tax", every_sign_encoded("tax"), "t%61x"])
def test_basic_takes_every_form_encoding_of_id_and_secret(desk: Desk, name: str, encoded: str) -> None:
    assert known(desk, "client_secret_basic").ask(basic(name, encoded)).client_id == "tax"


@pytest.mark.parametrize("scheme", ["basic ", "BASIC ", "Basic  "])
def test_the_scheme_has_no_case(desk: Desk, scheme: str) -> None:
    header = scheme + basic("tax", quote_plus(SECRET)).removeprefix("Basic ")

    assert known(desk, "client_secret_basic").ask(header, client_id="tax").client_id == "tax"


def test_a_secret_in_the_form_is_taken_from_who_registered_that(desk: Desk) -> None:
    assert known(desk, "client_secret_post").ask(client_id="tax", client_secret=SECRET).client_id == "tax"


def test_a_public_service_names_itself_and_an_empty_secret_is_none(desk: Desk) -> None:
    assert known(desk, "none").ask(client_id="tax").client_id == "tax"
    assert desk.ask(client_id="tax", client_secret="").client_id == "tax"


@pytest.mark.parametrize("registered", ["client_secret_basic", "client_secret_post", "none", "private_key_jwt"])
@pytest.mark.parametrize("used", ["client_secret_basic", "client_secret_post", "none"])
def test_no_other_method_than_the_registered_one(desk: Desk, registered: str, used: str) -> None:
    known(desk, registered)
    form = {} if used == "client_secret_basic" else {"client_id": "tax"}
    if used == "client_secret_post":
        form["client_secret"] = SECRET
    header = basic("tax", quote_plus(SECRET)) if used == "client_secret_basic" else None

    if used == registered:
        assert desk.ask(header, **form).client_id == "tax"
    else:
        with pytest.raises(InvalidClient):
            desk.ask(header, **form)


def test_two_methods_in_one_request_are_refused_even_if_both_are_right(desk: Desk) -> None:
    known(desk, "client_secret_basic")
    header = basic("tax", quote_plus(SECRET))

    for form in ({"client_secret": SECRET}, {"client_assertion": "a.b.c"}, {"client_assertion_type": "x"}):
        with pytest.raises(InvalidRequest):
            desk.ask(header, **form)
    with pytest.raises(InvalidRequest):
        desk.ask(client_secret=SECRET, client_assertion="a.b.c")


def test_another_client_id_beside_the_proof_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidRequest):
        known(desk, "client_secret_basic").ask(basic("tax", quote_plus(SECRET)), client_id="parking")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic dGF4",
        "Bearer dGF4OnNlY3JldA==",
        "DPoP dGF4OnNlY3JldA==",
        basic("tax", ""),
        basic("tax", "wrong"),
        basic("tax", SECRET + "x"),
        basic("tax", hash_client_secret(SECRET)),
        basic("tax", "%"),
        basic("tax", "%ff"),
        basic("", SECRET),
        basic("TAX", quote_plus(SECRET)),
        basic("nobody", quote_plus(SECRET)),
        basic("tax%00", quote_plus(SECRET)),
        basic("x" * 300, "y"),
        "Basic " + "A" * 5_000,
        "Basic /////w==",
    ],
)
def test_every_other_header_is_refused_alike(desk: Desk, header: str) -> None:
    known(desk, "client_secret_basic")

    with pytest.raises(InvalidClient) as refused:
        desk.ask(header)

    assert (refused.value.code, refused.value.status) == ("invalid_client", 401)
    assert refused.value.description == InvalidClient.description


def test_a_disabled_service_is_as_unknown_as_any(desk: Desk) -> None:
    known(desk, "client_secret_basic").disable("tax")

    with pytest.raises(InvalidClient, match="unknown or disabled"):
        desk.ask(basic("tax", quote_plus(SECRET)))


def test_a_confidential_service_without_a_stored_hash_is_never_let_in(desk: Desk) -> None:
    desk.know(service("client_secret_basic"))

    for secret in ("", "None", "x"):
        with pytest.raises(InvalidClient):
            desk.ask(basic("tax", secret))


HEADERS = st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: "Basic " + b64encode(raw).decode())
NAMES = st.sampled_from(["client_id", "client_secret", "client_assertion", "client_assertion_type", "x"])


@given(st.none() | HEADERS, st.dictionaries(NAMES, st.text(max_size=40)))
def test_whatever_is_presented_is_read_or_refused(header: str | None, form: dict[str, str]) -> None:
    try:
        read = read_credentials(Presented(header, form))
    except ProtocolError:
        return
    assert read.client_id.isascii()
    assert repr(read).find(read.secret) < 0 or len(read.secret) < 20


def test_no_secret_shows_when_a_request_is_printed() -> None:
    assert "hidden" not in repr(Presented(None, {"client_secret": "hidden"}))
    assert "hidden" not in repr(read_credentials(Presented(basic("tax", "hidden"), {})))
