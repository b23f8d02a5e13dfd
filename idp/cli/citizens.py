"""`countersign citizens`: make a citizen from a script, look one up, let them in again or keep them out."""

import re
import sys
from datetime import datetime
from typing import Any

import click

from idp.audit.authentication import FactorAdded
from idp.audit.citizens import CitizenEnabled, CitizenRegistered, CitizenUnlocked
from idp.authentication import password_rules, totp
from idp.authentication.breached_passwords import BreachedPasswords
from idp.authentication.factors import Factor
from idp.authentication.password_rules import Unfit, UnfitPassword
from idp.authentication.passwords import StoredPassword
from idp.authentication.throttle import COUNTED, authenticator
from idp.citizens.attributes import claims_of
from idp.citizens.email import Address, InvalidEmail, parse
from idp.citizens.model import Citizen
from idp.citizens.registration import register
from idp.citizens.store import EmailTaken
from idp.cli import TAKES_ID, Refusal
from idp.cli.printing import iso, json_option, print_json, print_rows, say
from idp.cli.session import opened
from idp.web.ending import disable_citizen
from idp.web.services import Services
from idp.web.stores import Stores

_WHY = {
    Unfit.UNUSABLE: "is empty, longer than 256 characters, or holds a control character",
    Unfit.SHORT: f"has fewer than {password_rules.BESIDE_ANOTHER} characters",
    Unfit.SHORT_ALONE: f"has fewer than {password_rules.ALONE} characters; {password_rules.BESIDE_ANOTHER} suffice "
    "with --totp-secret",
    Unfit.COMMON: "is one that many people use, or is easily guessed",
    Unfit.BREACHED: "is in the list of breached passwords",
    Unfit.OWN: "is made of the citizen's own name or address",
}


_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
"""The form OIDC Core section 5.1 recommends: a number with its country code, and nothing between the digits."""


def _phone_number(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    if text is not None and not _E164.fullmatch(text):
        raise Refusal("--phone-number must be + and 7 to 15 digits, the country code first.")
    return text


@click.group()
def citizens() -> None:
    """Make citizens, look them up, unlock, disable and enable them."""


@citizens.command()
@click.option("--email", required=True, help="Their address. It counts as proved: you say so.")
@click.option("--password", help="Their password; asked for, or read from stdin, when not given.")
@click.option("--totp-secret", help="Base32 seed of their code generator, as their second factor.")
@click.option("--given-name")
@click.option("--family-name")
@click.option("--birthdate", type=click.DateTime(["%Y-%m-%d"]), help="YYYY-MM-DD.")
@click.option("--phone-number", callback=_phone_number, help="As in +441632960001. It counts as not proved.")
@click.option("--locale", default="en", show_default=True, type=click.Choice(["en", "cy"]))
@json_option
def add(
    *,
    email: str,
    password: str | None,
    totp_secret: str | None,
    given_name: str | None,
    family_name: str | None,
    birthdate: datetime | None,
    phone_number: str | None,
    locale: str,
    as_json: bool,
) -> None:
    """Make a citizen who can sign in at once."""
    address, seed = _address(email), _seed(totp_secret)
    password = password if password is not None else _ask_password()
    stands_alone = _check_password(password, seed, [address.canonical, *filter(None, (given_name, family_name))])
    use = opened()
    now = use.clock.now()
    hashed = _hash_unbreached(use, password, stands_alone=stands_alone, now=now)
    with use.database.work() as stores:
        try:
            citizen = register(
                stores.citizens,
                address,
                now=now,
                given_name=given_name,
                family_name=family_name,
                birthdate=birthdate.date() if birthdate else None,
                phone_number=phone_number,
                locale=locale,
            )
        except EmailTaken:
            raise Refusal(
                f"{email} belongs to a citizen already. `countersign citizens show --email` shows them."
            ) from None
        stores.credentials.set_password(citizen.citizen_id, hashed)
        stores.audit.record(CitizenRegistered(at=now, citizen_id=citizen.citizen_id, by="operator"))
        if seed is not None:
            _give_totp(use, stores, citizen, seed)
        shown = _shown(citizen, stores)
    _print(shown, as_json=as_json)


@citizens.command()
@click.option("--email", help="Their address, in any spelling.")
@click.option("--id", "citizen_id", help="Their id.")
@json_option
def show(email: str | None, citizen_id: str | None, *, as_json: bool) -> None:
    """Show what is kept of a citizen, and which factors they have."""
    _check_named_once(email, citizen_id)
    with opened().database.work() as stores:
        shown = _shown(_find(stores, email, citizen_id), stores)
    _print(shown, as_json=as_json)


@citizens.command()
@click.option("--email", help="Their address, in any spelling.")
@click.option("--id", "citizen_id", help="Their id.")
def unlock(email: str | None, citizen_id: str | None) -> None:
    """Admit attempts again after too many wrong ones: of the password, the code app and the backup codes."""
    _check_named_once(email, citizen_id)
    use = opened()
    with use.database.work() as stores:
        found = _find(stores, email, citizen_id)
        for kind in COUNTED:
            stores.failures.reset(authenticator(kind, found.citizen_id))
        stores.audit.record(CitizenUnlocked(at=use.clock.now(), citizen_id=found.citizen_id))
    say(f"{found.email} may try again.")


@citizens.command(context_settings=TAKES_ID)
@click.argument("who", metavar="EMAIL_OR_ID")
@click.option("--reason", help="Why, for the record.")
def disable(who: str, reason: str | None) -> None:
    """Keep a citizen out: sessions, codes and tokens end now, their services are told, and no sign-in succeeds."""
    use = opened()
    with use.database.work() as stores:
        found = _find_by_either(stores, who)
        done = disable_citizen(stores, use, found.citizen_id, reason=reason)
    say(f"{found.email} is disabled." if done else f"{found.email} was disabled already.")


@citizens.command(context_settings=TAKES_ID)
@click.argument("who", metavar="EMAIL_OR_ID")
@click.option("--reason", help="Why, for the record.")
def enable(who: str, reason: str | None) -> None:
    """Let a disabled citizen sign in again, with what they had to sign in. What ended stays ended."""
    use = opened()
    now = use.clock.now()
    with use.database.work() as stores:
        found = _find_by_either(stores, who)
        done = stores.citizens.enable(found.citizen_id, now)
        if done:
            stores.audit.record(CitizenEnabled(at=now, citizen_id=found.citizen_id, reason=reason))
    say(f"{found.email} may sign in again." if done else f"{found.email} was not disabled.")


def _check_named_once(email: str | None, citizen_id: str | None) -> None:
    if (email is None) == (citizen_id is None):
        raise click.UsageError("Give --email or --id.")


def _find(stores: Stores, email: str | None, citizen_id: str | None) -> Citizen:
    found = stores.citizens.find(citizen_id) if citizen_id else stores.citizens.find_by_email(email or "")
    if found is None:
        raise Refusal("No citizen has that address." if email else "No citizen has that id.")
    return found


def _find_by_either(stores: Stores, who: str) -> Citizen:
    """Return the citizen of an address or an id; no id has an @."""
    return _find(stores, who, None) if "@" in who else _find(stores, None, who)


def _address(email: str) -> Address:
    try:
        return parse(email)
    except InvalidEmail as error:
        raise Refusal(f"--email is not an address: {error}") from None


def _seed(text: str | None) -> str | None:
    try:
        return None if text is None else totp.parse_seed(text)
    except totp.InvalidSeed as error:
        raise Refusal(f"--totp-secret is no base32 seed: {error}") from None


def _ask_password() -> str:
    if sys.stdin.isatty():
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def _check_password(password: str, seed: str | None, own: list[str]) -> bool:
    """Return whether it may stand alone. What takes no installation to know is told first."""
    try:
        return password_rules.check(password, second_factor=seed is not None, own=own, breached=BreachedPasswords(None))
    except UnfitPassword as error:
        raise Refusal(f"The password {_WHY[error.why]}.") from None


def _hash_unbreached(use: Services, password: str, *, stands_alone: bool, now: datetime) -> StoredPassword:
    if BreachedPasswords(use.settings.breached_passwords).holds(password):
        raise Refusal(f"The password {_WHY[Unfit.BREACHED]}.")
    with use.hashing.admitted():
        return use.hashing.hash(password, stands_alone=stands_alone, now=now)


def _give_totp(use: Services, stores: Stores, citizen: Citizen, seed: str) -> None:
    now = citizen.created_at
    stored = totp.sealed(use.sealer, citizen.citizen_id, seed, last_step=0, now=now)
    stores.credentials.set_totp(citizen.citizen_id, stored)
    stores.audit.record(FactorAdded(at=now, citizen_id=citizen.citizen_id, factor=Factor.TOTP))


def _shown(citizen: Citizen, stores: Stores) -> dict[str, Any]:
    factors = stores.credentials.factors(citizen.citizen_id)
    return {
        "citizen_id": citizen.citizen_id,
        "active": citizen.active,
        **claims_of(citizen),
        "identity_confidence": citizen.identity_confidence,
        "password": factors.password,
        "totp": factors.totp,
        "backup_codes": factors.backup_codes,
        "passkeys": factors.passkeys,
        "created_at": citizen.created_at.isoformat(),
    }


def _print(shown: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(shown)
    else:
        told = shown | {"updated_at": iso(shown["updated_at"])}
        print_rows(["what", "value"], [{"what": name, "value": value} for name, value in told.items()])
