"""Vectors of trust are met or refused, and a sign-in is never labelled as more than it was (RFC 8485)."""

from dataclasses import replace
from itertools import product

import pytest

from federation.authorization.errors import UnmetAuthenticationRequirements
from federation.authorization.request import AuthorizationRequest
from federation.relying_parties.model import RelyingParty
from federation.tokens.id_token import TRUSTMARK
from idp.authentication.levels import LEVELS
from idp.pages import help
from idp.signin.levels import wanted_level, wanted_trust
from idp.signin.steps import Step, next_step
from idp.signin.trust import CONFIDENCES, Trust, covers, least, vector
from tests.idp.signin.test_steps import NOW, OLD, interaction, visitor

SERVICE = RelyingParty(client_id="rp", client_name="P", agency="C")


def asking(*vectors: str, **more) -> AuthorizationRequest:
    return AuthorizationRequest(
        client_id="rp", redirect_uri="https://rp.example/cb", scope=("openid",), vtr=vectors, **more
    )


@pytest.mark.parametrize(
    ("vectors", "trust"),
    [
        (["Cl"], (None, "aal1")),
        (["Cl.Cm"], (None, "aal2")),
        (["Cm"], (None, "aal2")),
        (["P2"], ("P2", "aal1")),
        (["Cl.Cm.P2"], ("P2", "aal2")),
        (["P2.Cl.Cm", "P1.Cl.Cm"], ("P1", "aal2")),
        (["P2.Cl", "P0.Cl.Cm"], ("P0", "aal2")),
        (["P9.Cl", "P3.Cl"], ("P3", "aal1")),
        (["Ch", "Cl.Ch", "P2.Ma", "P4", "P1.P2"], None),
    ],
)
def test_the_most_modest_vector_we_know_is_what_must_be_met(vectors, trust):
    assert least(vectors) == (None if trust is None else Trust(confidence=trust[0], level=trust[1]))


def test_a_vector_is_a_demand_beside_every_other():
    assert wanted_level(asking("Cl.Cm"), SERVICE) == "aal2"
    assert wanted_level(asking("Cl", acr_values=("aal2",)), SERVICE) == "aal2"
    assert wanted_level(asking("Cl.Cm", acr_values=("aal1",)), SERVICE) == "aal2"
    assert wanted_level(asking("Cl"), replace(SERVICE, default_acr_values=("aal2",))) == "aal2"
    wish = {"id_token": {"acr": {"essential": True, "value": "aal1"}}}
    assert wanted_level(asking("Cl.Cm", claims=wish), SERVICE) == "aal2"


def test_vectors_nobody_can_meet_are_refused():
    with pytest.raises(UnmetAuthenticationRequirements):
        wanted_trust(asking("Ch"))
    with pytest.raises(UnmetAuthenticationRequirements):
        wanted_level(asking("P2.Cx"), SERVICE)


@pytest.mark.parametrize(("have", "want"), list(product([*CONFIDENCES, None, "P9"], [*CONFIDENCES, None])))
def test_who_is_less_known_than_asked_never_gets_by(have, want):
    step = next_step(replace(interaction(), confidence=want), visitor(replace(OLD, acr="aal2"), confidence=have), NOW)

    enough = want is None or (have in CONFIDENCES and have >= want)
    assert covers(have, want) is enough
    assert (step is Step.TOO_LITTLE_KNOWN) is not enough


@pytest.mark.parametrize("acr", [*LEVELS, "nonsense"])
@pytest.mark.parametrize("confidence", [None, *CONFIDENCES])
def test_what_is_told_is_what_was_proved(acr, confidence):
    told = least([vector(acr, confidence)])

    assert told is not None
    assert told.confidence == confidence
    assert told.level == {"aal2": "aal2", "aal3": "aal2"}.get(acr, "aal1")


def test_the_trustmark_is_a_page_of_ours():
    assert f"{help.bp.url_prefix}/trust" == TRUSTMARK
