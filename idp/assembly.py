"""The assembly: the only module that knows every concrete class behind the collaborators of a process.

Commands and the worker need no more than this; the web around it is `idp.app`, which takes a second longer to import.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from federation.binding.nonces import Nonces
from federation.client_authentication.keys import RelyingPartyKeys
from federation.outbound import Fetcher
from federation.relying_parties.registry import RecentRelyingParties
from idp.clock import Clock, SystemClock
from idp.setting_values import detail_types_in
from idp.settings import Settings
from idp.storage import ephemeral
from idp.storage.ephemeral.records import EPOCH
from idp.storage.sql.database import SqlDatabase
from idp.storage.sql.engine import connect
from idp.storage.sql.installation import make_missing, read_secrets
from idp.storage.sql.secrets import SecretsMissing
from idp.web.services import Services
from keys.following import KeyFollower
from keys.providers.embedded import EmbeddedProvider
from keys.rotation import Rules
from keys.signer import Signer
from keys.store import KeyStore
from keys.wrapping import Wrapping


def build(settings: Settings, clock: Clock | None = None) -> Services:
    """Make the collaborators of one process. Nothing is connected to before its first use."""
    clock = clock or SystemClock()
    wrapping = Wrapping(settings.key_encryption_key)
    provider = EmbeddedProvider(wrapping)
    engine = connect(settings.database_url, pool_size=2 * settings.places + 1)
    database = SqlDatabase(engine, RecentRelyingParties())
    fetcher = Fetcher(allow=settings.fetch_allow, extra_ca=settings.extra_ca)

    @contextmanager
    def reading() -> Iterator[KeyStore]:
        with database.work() as stores:
            yield stores.keys

    return Services(
        settings=settings,
        clock=clock,
        database=database,
        ephemeral=ephemeral.open(settings.ephemeral_url),
        fetcher=fetcher,
        detail_types=detail_types_in(settings.authorization_details_types),
        relying_party_keys=RelyingPartyKeys(fetcher),
        signer=Signer(KeyFollower(reading), provider, clock.now),
        key_provider=provider,
        sealer=wrapping,
        nonces=Nonces(_derived(settings.key_encryption_key[0], "dpop nonces")),
        cookie_secret=_derived(settings.key_encryption_key[0], "cookies").hex(),
        installation=lambda: read_secrets(engine, wrapping),
    )


def prepare(settings: Settings) -> None:
    """Make or mend what `serve` needs: tables, secrets, first keys. Safe to repeat and to run twice at once."""
    from idp.storage.sql import migrate  # noqa: PLC0415 - alembic is slow to import, and a service that runs needs none

    wrapping, engine = Wrapping(settings.key_encryption_key), connect(settings.database_url)
    migrate.upgrade(engine)
    try:
        read_secrets(engine, wrapping)
    except SecretsMissing:
        ephemeral.open(settings.ephemeral_url).begin(EPOCH)
    rules = Rules(prepublish=settings.key_prepublish)
    make_missing(engine, sealer=wrapping, provider=EmbeddedProvider(wrapping), rules=rules, now=SystemClock().now())
    engine.dispose()


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"countersign {purpose}".encode()).derive(key)
