"""`countersign agencies`: register a service of an agency, look at it, change it, stop it. On a running service too."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click

from federation.dynamic_registration.tokens import hash_token, mint_token
from federation.relying_parties.changing import change
from federation.relying_parties.description import describe, describe_new
from federation.relying_parties.faults import InvalidClientMetadata
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registration import register
from federation.relying_parties.registry import MEMORY_SECONDS
from federation.relying_parties.resource_owners import check_owned, check_resources
from federation.relying_parties.rules import RegistrationRules
from idp.audit.agencies import AgencyChanged, AgencyDisabled, AgencyEnabled, AgencyRegistered, AgencyTokenMade
from idp.cli import TAKES_ID, Refusal
from idp.cli.metadata import from_input, from_options, print_metadata
from idp.cli.printing import json_option, print_json, print_rows, say
from idp.cli.session import opened
from idp.web.services import Services

BY = "operator"
_LISTED = ("client_id", "client_name", "agency", "token_endpoint_auth_method", "active")


@click.group()
def agencies() -> None:
    """Register the services of agencies, change and stop them."""


@agencies.command(
    epilog="""\b
Examples:
  countersign agencies add --name "Parking permits" --agency "City of Lund" \\
      --redirect-uri https://parking.lund.example/callback
  countersign agencies add --json < metadata.json"""
)
@click.option("--name", help="What citizens read: the service.")
@click.option("--agency", help="What citizens read: the organisation. The service's name if not given.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Where citizens return to. May be repeated.")
@click.option("--post-logout-redirect-uri", "post_logout_redirect_uris", multiple=True, help="After signing out.")
@click.option("--grant-type", "grant_types", multiple=True, help="authorization_code if not given. May be repeated.")
@click.option("--scope", help="What it may ask for, names with spaces between.")
@click.option("--auth-method", help="client_secret_basic, or private_key_jwt if there are keys, if not given.")
@click.option("--jwks", type=click.File("rb"), help="A file with its public keys, a JSON Web Key Set.")
@click.option("--jwks-uri", help="Where its public keys are.")
@click.option("--native", is_flag=True, help="It is an application on the citizen's own device.")
@json_option
def add(*, as_json: bool, **given: Any) -> None:
    """Register a service and print its client_id, and its secret if it has one: that is shown only now.

    With --json, metadata is read from standard input, in the names of RFC 7591 and OpenID Connect
    Registration 1.0, beside `agency`, `access_token_format` (jwt, opaque), `profile` (standard, fapi2) and
    `introspection` (true for a resource server that looks into tokens of other services), `resource_uris` (the
    addresses of its own APIs), `allowed_resources` (those of the APIs it may get tokens for) and
    `authorization_details_types` (what it may ask citizens to allow);
    the scope `global_token_revocation` lets a service have a citizen it knows signed out everywhere;
    an option given as well takes the place of its field. Everything registered is printed, as JSON.
    """
    metadata = from_options(given)
    if as_json and not sys.stdin.isatty():
        metadata = from_input() | metadata
    use = opened()
    now = use.clock.now()
    with _faults_told("Nothing was registered."):
        registered = register(metadata, rules=_rules(use), fetcher=use.fetcher, now=now)
        with use.database.work() as stores:
            check_resources(registered.relying_party, stores.relying_parties, issuer=use.settings.issuer)
    added = registered.relying_party
    with use.database.work() as stores:
        if not stores.relying_parties.add(added):
            raise Refusal("Nothing was registered: the id drawn was taken. Run the command again.")
        stores.audit.record(AgencyRegistered(at=now, client_id=added.client_id, agency=added.agency, by=BY))
    print_metadata(describe_new(registered), as_json=as_json)
    if registered.client_secret is not None:
        say("Keep the client_secret now: it is not shown again.")


@agencies.command("list")
@click.option("--agency", help="Only the services of this agency.")
@json_option
def list_(agency: str | None, *, as_json: bool) -> None:
    """List every service, oldest first, disabled ones too."""
    with opened().database.work() as stores:
        found = stores.relying_parties.list(agency=agency)
    described = [describe(relying_party) for relying_party in found]
    if as_json:
        print_json(described)
    else:
        print_rows(_LISTED, described)


@agencies.command(context_settings=TAKES_ID)
@click.argument("client_id")
@json_option
def show(client_id: str, *, as_json: bool) -> None:
    """Show all that is registered of one service."""
    with opened().database.work() as stores:
        found = stores.relying_parties.find_registered(client_id)
    print_metadata(describe(_known(found, client_id)), as_json=as_json)


@agencies.command(context_settings=TAKES_ID)
@click.argument("client_id")
@json_option
def disable(client_id: str, *, as_json: bool) -> None:
    """Stop a service: nobody signs in to it, it gets no tokens, and what it holds no longer works."""
    use = opened()
    now = use.clock.now()
    with use.database.work() as stores:
        found = _known(stores.relying_parties.find_registered(client_id), client_id)
        if stores.relying_parties.disable(client_id, now):
            stores.audit.record(AgencyDisabled(at=now, client_id=client_id, by=BY))
    if as_json:
        print_json({"client_id": client_id, "active": False})
    say(f"{found.client_name} is disabled. Every worker knows within {MEMORY_SECONDS:g} seconds.")


@agencies.command(context_settings=TAKES_ID)
@click.argument("client_id")
@json_option
def enable(client_id: str, *, as_json: bool) -> None:
    """Let a disabled service work again. Tokens it held and its registration access token stay dead."""
    use = opened()
    now = use.clock.now()
    with use.database.work() as stores:
        found = _known(stores.relying_parties.find_registered(client_id), client_id)
        with _faults_told("Nothing was changed."):
            check_owned(found, stores.relying_parties, issuer=use.settings.issuer)
        if stores.relying_parties.enable(client_id, now):
            stores.grants.end_for_relying_party(client_id, now)
            stores.audit.record(AgencyEnabled(at=now, client_id=client_id, by=BY))
    if as_json:
        print_json({"client_id": client_id, "active": True})
    say(f"{found.client_name} is enabled.")


@agencies.command(
    context_settings=TAKES_ID,
    epilog="""\b
Example:
  countersign agencies show CLIENT_ID --json > metadata.json
  countersign agencies update CLIENT_ID < metadata.json""",
)
@click.argument("client_id")
@click.option("--new-subjects", is_flag=True, help="It may move to another host: citizens become strangers to it.")
@json_option
def update(client_id: str, *, new_subjects: bool, as_json: bool) -> None:
    """Write what is registered of a service anew, from metadata on standard input as `add --json` takes it.

    What is left out goes back to what silence means, so begin with what `show` prints. Its client_id stays, and its
    secret as long as it needs one. Everything registered is printed, and a new secret if there is one.
    """
    metadata = from_input()
    use = opened()
    now = use.clock.now()
    with use.database.work() as stores:
        found = _known(stores.relying_parties.find_registered(client_id), client_id)
    with _faults_told("Nothing was changed."):
        changed = change(found, metadata, rules=_rules(use), fetcher=use.fetcher, may_move=new_subjects)
        with use.database.work() as stores:
            check_resources(changed.relying_party, stores.relying_parties, issuer=use.settings.issuer)
    with use.database.work() as stores:
        if not stores.relying_parties.change(_without_taken(found, changed.relying_party)):
            raise Refusal("Nothing was changed: it is disabled, or was changed meanwhile. Look at it and try again.")
        stores.audit.record(AgencyChanged(at=now, client_id=client_id, by=BY))
    print_metadata(describe_new(changed), as_json=as_json)
    say(f"Every worker knows within {MEMORY_SECONDS:g} seconds.")


@agencies.command(context_settings=TAKES_ID)
@click.argument("client_id")
@json_option
def token(client_id: str, *, as_json: bool) -> None:
    """Let a service's developers look after its registration: print a new token for that, shown only now.

    The registration access token it had, if any, is dead. They may keep what it has, and ask for no more.
    """
    use = opened()
    if use.settings.registration == "closed":
        raise Refusal("No token was made: COUNTERSIGN_REGISTRATION is closed, so nobody could use it.")
    now, made = use.clock.now(), mint_token()
    with use.database.work() as stores:
        found = _known(stores.relying_parties.find_registered(client_id), client_id)
        if not stores.relying_parties.change(found, token_hash=hash_token(made)):
            raise Refusal("No token was made: the service is disabled, or was changed this moment.")
        stores.audit.record(AgencyTokenMade(at=now, client_id=client_id, by=BY))
    place = f"{use.settings.issuer}/register/{client_id}"
    told = {"client_id": client_id, "registration_client_uri": place, "registration_access_token": made}
    print_metadata(told, as_json=as_json)
    say("Give the token to the agency now: it is not shown again.")


def _without_taken(before: RelyingParty, after: RelyingParty) -> RelyingParty:
    """Return it without the leave to ask by itself again for a scope that was just taken from it."""
    taken = set(before.scope) - set(after.scope)
    return replace(after, may_ask=tuple(scope for scope in after.may_ask if scope not in taken))


def _rules(use: Services) -> RegistrationRules:
    """Return what an operator may say of a service: everything."""
    return RegistrationRules(
        loopback_http=use.loopback,
        detail_types=tuple(use.detail_types),
        mutual_tls=bool(use.mtls_host),
        by_operator=True,
    )


@contextmanager
def _faults_told(outcome: str) -> Iterator[None]:
    try:
        yield
    except InvalidClientMetadata as error:
        raise Refusal(f"{outcome}\n  " + "\n  ".join(str(fault) for fault in error.faults)) from None


def _known(found: RelyingParty | None, client_id: str) -> RelyingParty:
    if found is None:
        raise Refusal(f"No service has the client_id {client_id!r}. `countersign agencies list` shows them.")
    return found
