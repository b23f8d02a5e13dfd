"""An agency is told what its scopes name and what it asked for, where it asked, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.claims import KNOWN, OF_SCOPE, names, select

CITIZEN = {"name": "Zo\u00eb Q", "email": "z@x.example", "email_verified": True, "locale": "cy", "secret": "s"}


def test_scopes_are_told_by_userinfo_alone():
    assert select(CITIZEN, ("openid", "email"), {}, where="userinfo") == {
        "email": "z@x.example",
        "email_verified": True,
    }
    assert select(CITIZEN, ("openid", "email"), {}, where="id_token") == {}


def test_a_claim_asked_for_by_name_is_told_where_it_was_asked_for():
    asked = {"id_token": {"locale": None}, "userinfo": {"name": {"essential": True}}}

    assert select(CITIZEN, ("openid",), asked, where="id_token") == {"locale": "cy"}
    assert select(CITIZEN, ("openid",), asked, where="userinfo") == {"name": "Zo\u00eb Q"}


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (None, True),
        ({}, True),
        ({"essential": True}, True),
        ({"value": "cy"}, True),
        ({"value": "en"}, False),
        ({"value": None}, False),
        ({"values": ["en", "cy"]}, True),
        ({"values": ["en"]}, False),
        ({"values": []}, False),
    ],
)
def test_a_claim_wished_otherwise_is_left_out(wish, told):
    assert ("locale" in select(CITIZEN, (), {"userinfo": {"locale": wish}}, where="userinfo")) is told


@given(st.sets(st.sampled_from(["openid", "profile", "email", "phone", "address", "secret", "x"])), st.sets(st.text()))
def test_nothing_unnamed_is_ever_told(scope, asked):
    told = select(CITIZEN, scope, {"userinfo": dict.fromkeys(asked)}, where="userinfo")

    allowed = {name for each in scope for name in OF_SCOPE.get(each, ())} | asked
    assert set(told) <= allowed & set(KNOWN)
    assert list(told) == [
        name for name in names(scope, {"userinfo": dict.fromkeys(asked)}, where="userinfo") if name in told
    ]
