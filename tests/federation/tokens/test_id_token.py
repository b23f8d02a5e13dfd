"""Hashes that clients recompute."""

from dataclasses import replace

import pytest

from federation.tokens.id_token import at_hash
from keys.states import Purpose
from tests.support.token_office import WEB, claims_in


def test_at_hash_is_that_of_openid_connect_core_appendix_a_4():
    assert at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS256") == "77QmUPtjPfzWtF2AnpK9RQ"


def test_at_hash_with_ed25519_is_half_of_sha_512():
    assert len(at_hash("token", "EdDSA")) == 43


@pytest.mark.parametrize("alg", ["ES256", "RS256", "EdDSA"])
def test_an_id_token_is_signed_as_its_relying_party_registered(office, signer, alg):
    chosen = replace(WEB, id_token_signed_response_alg=alg)

    body = office.redeem(chosen, office.sign_in(chosen)).body

    told = signer.verify(body["id_token"], Purpose.ID_TOKEN, typ="JWT")
    assert told == claims_in(body["id_token"])
    assert told["at_hash"] == at_hash(body["access_token"], alg)
