"""Every setting, each declared once: its variable, its default, its meaning.

Read from the environment and checked together, so that an operator mends all faults in one go.
A field is checked against those declared above it: that is why `issuer` and `test_settings` come first.
`countersign settings` prints this table; a test compares it with the README.
"""

import ipaddress
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from idp import setting_values as values
from idp.setting_faults import SettingsFaults, ending

PREFIX = "COUNTERSIGN_"
DEFAULT_PREPUBLISH = timedelta(hours=48)
WORKERS_FOLLOW_WITHIN = timedelta(seconds=10)
"""How long a running worker may take to serve a key that was just published."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Secret = {"secret": True}


class Settings(BaseSettings):
    """What an operator may set. Frozen; the secrets stay out of its repr."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    issuer: Annotated[
        str,
        BeforeValidator(values.issuer),
        Field(description="The public address, in every token: https, or http on a loopback host; no trailing slash."),
    ]
    test_settings: Annotated[
        Literal["refuse", "allow"],
        Field(description="`allow` lets a public https issuer start with test settings on. Never in production."),
    ] = "refuse"
    database_url: Annotated[
        str,
        BeforeValidator(values.database_url),
        Field(
            description="Durable state: `postgresql+psycopg://...`, of several hosts too, or `sqlite:///path`.",
            repr=False,
            json_schema_extra=Secret,
        ),
    ]
    ephemeral_url: Annotated[
        str,
        BeforeValidator(values.ephemeral_url),
        Field(
            description="Codes and other short-lived state: `redis://...`, `redis+sentinel://...`, `redis+cluster://...`"
            " or `sqlite:///path`, a file of its own.",
            repr=False,
            json_schema_extra=Secret,
        ),
    ]
    key_encryption_key: Annotated[
        tuple[bytes, ...],
        NoDecode,
        BeforeValidator(values.key_encryption_keys),
        Field(
            description="Wraps private keys and secrets at rest: base64url of 32 bytes, or several, newest first.",
            repr=False,
            json_schema_extra=Secret,
        ),
    ]
    jwks_max_age: Annotated[
        int, Field(ge=1, le=86_400, description="Seconds for which an agency may cache the published keys.")
    ] = 300
    key_prepublish: Annotated[
        timedelta,
        BeforeValidator(values.duration),
        Field(description="How long a new key is published before it may sign. Below 48h it is a test setting."),
    ] = DEFAULT_PREPUBLISH
    threads: Annotated[
        int | None,
        Field(ge=2, le=64, description="Requests a worker works on at once; unset: 2 with SQLite, 4 otherwise."),
    ] = None
    pkce: Annotated[
        Literal["required", "optional-for-confidential"],
        Field(description="Test setting: lets confidential relying parties leave PKCE out."),
    ] = "required"
    pushed_requests: Annotated[
        Literal["optional", "required"],
        Field(description="`required`: every relying party pushes its authorization requests to `/par` (RFC 9126)."),
    ] = "optional"
    registration: Annotated[
        Literal["closed", "guarded", "open"],
        Field(
            description="Who may register services at `/register`: nobody; `guarded`: who has an invitation or a "
            "software statement; `open`, a test setting: anybody."
        ),
    ] = "closed"
    software_authorities: Annotated[
        Path | None,
        BeforeValidator(values.authorities_file),
        Field(description="A JSON file of `issuer` and `jwks` of those whose software statements are believed."),
    ] = None
    fetch_allow: Annotated[
        tuple[str, ...],
        NoDecode,
        BeforeValidator(values.host_ports),
        Field(description="Test setting: `host:port,...` that may be fetched from although the address is private."),
    ] = ()
    extra_ca: Annotated[
        Path | None,
        BeforeValidator(values.readable_file),
        Field(description="Test setting: a PEM file of further authorities trusted when fetching."),
    ] = None
    trusted_proxies: Annotated[
        tuple[Network, ...],
        NoDecode,
        BeforeValidator(values.networks),
        Field(description="`cidr,...` of the proxies whose forwarded address and scheme are believed."),
    ] = ()

    mtls_url: Annotated[
        str | None,
        BeforeValidator(values.mtls_url),
        Field(description="The https address where services show client certificates (RFC 8705). Unset: nowhere."),
    ] = None
    mtls_proxies: Annotated[
        tuple[Network, ...],
        NoDecode,
        BeforeValidator(values.networks),
        Field(description="`cidr,...` of the proxies there, whose `Client-Cert` header is believed (RFC 9440)."),
    ] = ()
    client_ca: Annotated[
        Path | None,
        BeforeValidator(values.client_ca),
        Field(description="A PEM file of the authorities that issue client certificates. Unset: self-signed alone."),
    ] = None

    mail_url: Annotated[
        str | None,
        BeforeValidator(values.mail_url),
        Field(
            description="How letters leave: `smtp://[user:password@]host[:port]` (STARTTLS), `smtps://...`, or, as a "
            "test setting, `screen:`. Unset: letters wait.",
            repr=False,
            json_schema_extra=Secret,
        ),
    ] = None
    mail_from: Annotated[
        str | None,
        Field(max_length=254, description="The address letters come from; unset: `no-reply@` the issuer's host."),
    ] = None
    breached_passwords: Annotated[
        Path | None,
        BeforeValidator(values.readable_file),
        Field(description="The file made by `countersign passwords build`; new passwords found in it are refused."),
    ] = None
    authorization_details_types: Annotated[
        Path | None,
        BeforeValidator(values.detail_types_file),
        Field(description="A JSON file of the authorization details agencies may ask for (RFC 9396); unset: none."),
    ] = None
    server_timing: Annotated[
        Literal["off", "on"],
        Field(description="Test setting: `on` tells browsers where the time of a request went, and so what was found."),
    ] = "off"

    @field_validator("ephemeral_url")
    @classmethod
    def _is_not_the_database(cls, url: str, info: ValidationInfo) -> str:
        if url == info.data.get("database_url"):
            raise ValueError("must be a file of its own, not that of COUNTERSIGN_DATABASE_URL")
        return url

    @field_validator("mtls_proxies")
    @classmethod
    def _are_named_where_needed(cls, proxies: tuple[Network, ...], info: ValidationInfo) -> tuple[Network, ...]:
        if info.data.get("mtls_url") and not proxies:
            raise ValueError("must name the proxies whose word for a client certificate is believed")
        return proxies

    @field_validator("key_prepublish")
    @classmethod
    def _outlives_caches(cls, prepublish: timedelta, info: ValidationInfo) -> timedelta:
        least = timedelta(seconds=info.data.get("jwks_max_age", 0)) + WORKERS_FOLLOW_WITHIN
        if prepublish < least:
            raise ValueError(
                f"must be at least {least.total_seconds():.0f}s: COUNTERSIGN_JWKS_MAX_AGE and the 10 s workers take"
            )
        return prepublish

    @field_validator("key_prepublish", "pkce", "registration", "fetch_allow", "extra_ca", "mail_url", "server_timing")
    @classmethod
    def _is_no_test_setting_in_public(cls, value: Any, info: ValidationInfo) -> Any:
        issuer = info.data.get("issuer")
        if issuer is None or info.data.get("test_settings") == "allow" or not values.is_public(issuer):
            return value
        if is_test_setting(str(info.field_name), value):
            raise ValueError(
                "is a test setting and is refused on a public https issuer (COUNTERSIGN_TEST_SETTINGS=allow overrides)"
            )
        return value

    @property
    def places(self) -> int:
        """Requests that one worker works on at once (profile: 2 on SQLite, 4 where threads cover a network wait)."""
        if self.threads is not None:
            return self.threads
        return 2 if self.database_url.startswith("sqlite") else 4

    def test_settings_on(self) -> list[str]:
        """Return the variables of the test settings that are on; `doctor` and the start banner name them."""
        return [variable(name) for name in type(self).model_fields if is_test_setting(name, getattr(self, name))]


def variable(field: str) -> str:
    """Return the environment variable of a field."""
    return PREFIX + field.upper()


def is_test_setting(field: str, value: Any) -> bool:
    """Say whether `value` makes `field` a setting that only tests and old clients need."""
    if field == "key_prepublish":
        return bool(value < DEFAULT_PREPUBLISH)
    if field in (tests := {"mail_url": values.ON_SCREEN, "registration": "open", "server_timing": "on"}):
        return bool(value == tests[field])
    return field in {"pkce", "fetch_allow", "extra_ca"} and value not in ("required", (), None)


def load(**given: Any) -> Settings:
    """Read and check the environment; raise `SettingsFaults` with every fault found.

    `given` stands in for variables, by field name, in text form: what the sandbox and tests use.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SettingsFaults([_sentence(dict(fault)) for fault in error.errors()]) from None


def unknown(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return variables that look like settings and are none: typing errors, mostly."""
    known = {variable(name) for name in Settings.model_fields}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def _sentence(fault: Mapping[str, Any]) -> str:
    field = str(fault["loc"][0])
    return f"{variable(field)} {ending(fault, str(Settings.model_fields[field].description))}"
