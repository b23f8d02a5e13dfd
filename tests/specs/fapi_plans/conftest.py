"""An installation behind the proxy that is shipped, and clients like those of the suite's plans of FAPI 2.0."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.registering import new_citizen
from tests.support.certificates import authority
from tests.support.fapi import FapiClient, Installation
from tests.support.https import Authority, Proxy
from tests.support.server import free_port
from tests.support.service import NewStorePair, serving
from tests.support.visitor import Citizen

PAGE = (Path(__file__).parents[2] / "CONFORMANCE.md").read_text().partition("### For the plans of FAPI 2.0")[2]
NewFapiClient = Callable[..., FapiClient]
VARIANTS = [(auth, sender) for auth in ("private_key_jwt", "mtls") for sender in ("dpop", "mtls")]


@pytest.fixture(scope="session")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the keys and certificates that the first commands of the page make."""
    folder: Path = tmp_path_factory.mktemp("typed")
    [commands] = re.findall(r"```sh\n(openssl .*?)```", PAGE, re.DOTALL)
    shell = shutil.which("bash")
    assert shell is not None
    run = [shell, "-ec", commands.replace("python -c", f"{sys.executable} -c")]
    done = subprocess.run(run, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def installation(
    new_store_pair: NewStorePair, tmp_path_factory: pytest.TempPathFactory, typed: Path
) -> Iterator[Installation]:
    """One installation for all plans of FAPI 2.0, on each pair of stores, at two https addresses."""
    folder = tmp_path_factory.mktemp("fapi")
    plain, mtls = free_port(), free_port()
    issuer, mtls_url = f"https://localhost:{plain}", f"https://localhost:{mtls}"
    known, clients = Authority(folder, "localhost"), authority("Clients' authority")
    client_ca = folder / "clients.pem"
    client_ca.write_bytes(clients.pem + (typed / "clients.pem").read_bytes())
    with serving(
        new_store_pair(),
        folder,
        ISSUER=issuer,
        MTLS_URL=mtls_url,
        MTLS_PROXIES="127.0.0.1/32",
        TRUSTED_PROXIES="127.0.0.1/32",
        CLIENT_CA=str(client_ca),
        PKCE="optional-for-confidential",
    ) as service:
        proxy = Proxy.with_certificates(folder, known, (plain, mtls), service.port, client_ca)
        yield Installation(service, folder, str(known.path), issuer, mtls_url, clients)
        proxy.end()


@pytest.fixture
def citizen(installation: Installation) -> Citizen:
    """Somebody in a browser that was never here."""
    person = Citizen(new_citizen(installation.service))
    person.browser.verify, person.browser.trust_env = installation.authority_file, False
    return person


@pytest.fixture
def new_fapi_client(installation: Installation, citizen: Citizen) -> NewFapiClient:
    """Register clients: `new_fapi_client(auth="mtls", sender="mtls", signed=True, metadata={...})`."""

    def make(*, metadata: dict[str, Any] | None = None, **fields: Any) -> FapiClient:
        client = FapiClient(installation, citizen, **fields)
        client.register(**metadata or {})
        return client

    return make


@pytest.fixture(params=VARIANTS, ids=["-".join(variant) for variant in VARIANTS])
def variant(request: pytest.FixtureRequest) -> dict[str, str]:
    """How a client proves itself and binds its tokens."""
    auth, sender = request.param
    return {"auth": auth, "sender": sender}


@pytest.fixture(params=[False, True], ids=["security profile", "message signing"])
def signed(request: pytest.FixtureRequest) -> bool:
    """Whether requests and answers are signed."""
    return bool(request.param)
