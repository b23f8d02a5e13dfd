"""Vectors of trust come as a parameter or among the claims, well formed or not at all (RFC 8485)."""

import json

import pytest

from federation.authorization.errors import InvalidAuthorizationRequest


@pytest.mark.parametrize("vectors", [["P2.Cl.Cm"], ["Cl", "Cl.Cm", "P0"], ["Zz"]])
def test_a_request_names_them_in_either_place(check_with, vectors):
    by_claim = [{"vtr": vectors}, {"vtr": {"values": vectors, "essential": True}}]

    assert check_with({"vtr": json.dumps(vectors)}).vtr == tuple(vectors)
    assert [check_with({"claims": json.dumps({"id_token": each})}).vtr for each in by_claim] == [tuple(vectors)] * 2


def test_a_request_without_any_names_none(check_with):
    assert check_with().vtr == ()
    assert check_with({"claims": '{"id_token": {"vtr": null}, "userinfo": {"vtr": ["Cl"]}}'}).vtr == ()


UNFIT = ["Cl", "[]", "{}", '"Cl"', "[7]", '["cl"]', '["Cl."]', '["Cl..Cm"]', '["Cl Cm"]', '[["Cl"]]', '["\\u0000"]']


@pytest.mark.parametrize("text", [*UNFIT, json.dumps(["Cl"] * 11), json.dumps([".".join(["Cl"] * 12)]), "[" * 400])
def test_anything_else_is_refused(check_with, text):
    with pytest.raises(InvalidAuthorizationRequest):
        check_with({"vtr": text})


@pytest.mark.parametrize("wish", [[], ["x"], [7], "Cl", {"values": []}, {"value": "x"}, {"essential": True}])
def test_among_the_claims_too(check_with, wish):
    with pytest.raises(InvalidAuthorizationRequest):
        check_with({"claims": json.dumps({"id_token": {"vtr": wish}})})


def test_they_come_one_way_only(check_with):
    with pytest.raises(InvalidAuthorizationRequest):
        check_with({"vtr": '["Cl"]', "claims": '{"id_token": {"vtr": ["Cl"]}}'})
