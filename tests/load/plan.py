"""What is measured beside what: each scenario, and for each of our pairs of stores the one that does the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tests.load import people, scenarios
from tests.load.driver import Operation
from tests.load.scenarios import Target

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL + Redis"
PEER, PEER_RS256, PEER_REDIS = "oidc-provider", "oidc-provider, RS256", "oidc-provider + Redis"
BARE, ARGON2, EMPTY_VIEW = "bare answers", "Argon2", "answers of an empty Flask view"
OURS = (SQLITE, POSTGRESQL)
PEERS = MappingProxyType({SQLITE: PEER, POSTGRESQL: PEER_REDIS})
"""Like beside like: memory and files in one process, or a store at the other end of a socket."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Something a service does all day."""

    operation: Callable[[Target], Operation]
    beside: Mapping[str, Mapping[str, str]]
    """Rows of the table: what each is called, and whom each of ours is compared with in it."""

    @property
    def sides(self) -> set[str]:
        """Return who takes part."""
        return set(OURS).union(*(row.values() for row in self.beside.values()))


REACH = MappingProxyType(
    {
        "SSO sign-in": 2.0,
        "SSO sign-in, pushed and bound (FAPI 2.0)": 1.0,
        "userinfo": 2.0,
        "introspection": 2.0,
        "JWKS": 5.0,
        "discovery": 5.0,
        "client_credentials": 2.0,
        "password sign-in, of Argon2 alone": 0.9,
    }
)
"""What is aimed at, by row."""


def _limit(name: str) -> Mapping[str, str]:
    return MappingProxyType(dict.fromkeys(OURS, name))


SCENARIOS = MappingProxyType(
    {
        "SSO sign-in": Scenario(
            scenarios.sign_in,
            {"SSO sign-in": PEERS, "SSO sign-in, theirs signed RS256": {SQLITE: PEER_RS256}},
        ),
        "SSO sign-in, pushed and bound": Scenario(
            scenarios.bound_sign_in, {"SSO sign-in, pushed and bound (FAPI 2.0)": PEERS}
        ),
        "userinfo": Scenario(scenarios.userinfo, {"userinfo": PEERS}),
        "introspection": Scenario(scenarios.introspection, {"introspection": PEERS}),
        "JWKS": Scenario(scenarios.jwks, {"JWKS": PEERS, "JWKS, of bare answers": _limit(BARE)}),
        "discovery": Scenario(scenarios.discovery, {"discovery": PEERS}),
        "client_credentials": Scenario(scenarios.client_credentials, {"client_credentials": PEERS}),
        "password sign-in": Scenario(people.password_sign_in, {"password sign-in, of Argon2 alone": _limit(ARGON2)}),
        "passkey sign-in": Scenario(people.passkey_sign_in, {}),
    }
)
"""In this order: the peer's memory holds a thousand entries, and new tokens would push the session out of it."""
