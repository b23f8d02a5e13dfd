"""How strongly a citizen must have signed in: as the request says, and never less than the record."""

from typing import Any

import pytest

from federation.authorization.errors import UnmetAuthenticationRequirements
from federation.authorization.request import AuthorizationRequest
from federation.relying_parties.model import RelyingParty
from idp.signin.levels import wanted_level


def wanted(acr_values: tuple[str, ...], record: tuple[str, ...], acr: dict[str, Any] | None = None) -> str:
    claims = {"id_token": {"acr": acr}} if acr else {}
    asked = AuthorizationRequest(
        client_id="rp", redirect_uri="https://rp.example/cb", scope=("openid",), acr_values=acr_values, claims=claims
    )
    return wanted_level(asked, RelyingParty(client_id="rp", client_name="P", agency="C", default_acr_values=record))


@pytest.mark.parametrize(
    ("acr_values", "record", "level"),
    [
        ((), (), "aal1"),
        (("aal2",), (), "aal2"),
        (("aal2", "aal1"), (), "aal1"),
        ((), ("aal2",), "aal2"),
        (("aal2",), ("aal1",), "aal2"),
        (("unheard",), ("aal2",), "aal2"),
        (("aal3",), ("aal2", "aal1"), None),
    ],
)
def test_the_weakest_named_is_enough(acr_values: tuple[str, ...], record: tuple[str, ...], level: str | None) -> None:
    if level is None:
        with pytest.raises(UnmetAuthenticationRequirements):
            wanted(acr_values, record)
    else:
        assert wanted(acr_values, record) == level


@pytest.mark.parametrize("acr", [None, {"value": "aal1", "essential": True}, {"values": ["aal1"], "essential": True}])
def test_a_changed_request_does_not_get_by_with_less_than_the_record_asks(acr: dict[str, Any] | None) -> None:
    assert wanted(("aal1",), ("aal2",), acr) == "aal2"


@pytest.mark.parametrize("wish", [{"value": "aal2"}, {"values": ["aal2"]}])
def test_a_voluntary_wish_for_a_level_is_met_where_it_can_be(wish: dict[str, Any]) -> None:
    assert wanted((), (), wish) == "aal2"
    assert wanted(("aal1",), (), wish) == "aal2"
    assert wanted((), (), {"values": ["unheard"]}) == "aal1"
