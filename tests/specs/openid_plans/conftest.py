"""An installation set up for the conformance suite, and clients like those of the suite."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.clients.registering import new_citizen
from tests.support.certification import Client
from tests.support.listener import Listener, listening
from tests.support.service import NewStorePair, Service, serving
from tests.support.visitor import PASSWORD, Citizen

NewClient = Callable[..., Client]
SETTINGS: dict[str, Any] = {"REGISTRATION": "open", "PKCE": "optional-for-confidential"}
"""The two that ../../CONFORMANCE.md names for everybody."""
PHONE_NUMBER = "+441632960001"


@pytest.fixture(scope="session")
def suite() -> Iterator[Listener]:
    """What the suite serves: keys of clients, sector documents, addresses for sign-outs."""
    with listening() as server:
        yield server


@pytest.fixture(scope="session")
def provider(
    new_store_pair: NewStorePair, tmp_path_factory: pytest.TempPathFactory, suite: Listener
) -> Iterator[Service]:
    """One installation for all plans, on each pair of stores."""
    with serving(
        new_store_pair(), tmp_path_factory.mktemp("provider"), FETCH_ALLOW=suite.address, **SETTINGS
    ) as running:
        yield running


@pytest.fixture(scope="session")
def known(provider: Service) -> Citizen:
    """Somebody of whom all is known that can be; from the first test on signed in in their browser."""
    email = "conformance@example.org"
    told = {"--email": email, "--password": PASSWORD, "--given-name": "Ada", "--family-name": "Lovelace"}
    told |= {"--birthdate": "1975-11-02", "--phone-number": PHONE_NUMBER}
    provider.cli("citizens", "add", *(part for pair in told.items() for part in pair))
    return Citizen(email)


@pytest.fixture
def stranger(provider: Service) -> Citizen:
    """Somebody in a browser that was never here."""
    return Citizen(new_citizen(provider))


@pytest.fixture
def new_client(provider: Service, known: Citizen) -> NewClient:
    """Register clients: `new_client(mode="form_post", citizen=stranger, token_endpoint_auth_method=...)`."""

    def make(*, mode: str = "query", citizen: Citizen = known, **said: Any) -> Client:
        client = Client(provider, citizen, mode)
        answer = client.register(**said)
        assert answer.status_code == 201, answer.text
        return client

    return make


@pytest.fixture(params=["query", "form_post"])
def mode(request: pytest.FixtureRequest) -> str:
    """How answers come: the Basic plan has them in the query, the Form Post plan the same ones posted."""
    return str(request.param)
