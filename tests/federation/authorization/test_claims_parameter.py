"""The claims parameter is bounded, plain, and no way around registration."""

import json

import pytest

from federation.authorization.claims_parameter import LONGEST, MalformedClaims, asked_of_citizen, parse


def test_wishes_are_kept_as_they_were_made() -> None:
    text = json.dumps(
        {
            "userinfo": {"email": {"essential": True}, "given_name": None},
            "id_token": {"acr": {"essential": True, "values": ["aal2"]}, "auth_time": None},
        }
    )

    claims = parse(text, scope=("openid", "profile", "email"))

    assert claims["userinfo"] == {"email": {"essential": True}, "given_name": None}
    assert claims["id_token"] == {"acr": {"essential": True, "values": ["aal2"]}, "auth_time": None}
    assert asked_of_citizen(claims) == {"email", "given_name"}


def test_a_claim_outside_the_registered_scopes_is_left_out() -> None:
    claims = parse('{"userinfo": {"email": null, "birthdate": null, "x": null}}', scope=("openid", "email"))

    assert claims == {"userinfo": {"email": None}, "id_token": {}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "null",
        "[]",
        '"text"',
        "[" * 5_000,
        '{"a":' * 1_000,
        '{"userinfo": []}',
        '{"userinfo": {"email": "yes"}}',
        '{"userinfo": {"email": {"essential": "yes"}}}',
        '{"userinfo": {"email": {"values": "a"}}}',
        '{"userinfo": {"email": {"value": {"deep": 1}}}}',
        '{"userinfo": {"email": {"values": [["deep"]]}}}',
        '{"userinfo": {"email": {"value": "\\u0000"}}}',
        '{"userinfo": {"email": {"value": "\\ud800"}}}',
        '{"userinfo": {"email": {"value": NaN}}}',
        '{"userinfo": {"email": null, "email": null}}',
        '{"userinfo": {}, "userinfo": {}}',
        json.dumps({"userinfo": {f"c{number}": None for number in range(60)}}),
        json.dumps({"userinfo": {"email": {"values": ["a"] * 30}}}),
        " " * (LONGEST + 1),
        "1" * 5_000,
    ],
)
def test_anything_else_is_refused_and_never_breaks(text: str) -> None:
    with pytest.raises(MalformedClaims):
        parse(text, scope=("openid", "email"))
