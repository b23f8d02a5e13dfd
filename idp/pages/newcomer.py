"""The last step of a sign-up: the citizen is made with everything chosen, and is signed in."""

from flask.typing import ResponseReturnValue

from idp.audit.authentication import FactorAdded
from idp.audit.citizens import CitizenRegistered
from idp.authentication import backup_codes, enrolment, levels, totp
from idp.authentication.enrolment import Enrolment
from idp.authentication.factors import Factor
from idp.authentication.kept_passkeys import Passkey
from idp.citizens.model import Citizen
from idp.citizens.registration import register
from idp.citizens.store import EmailTaken
from idp.pages.arrival import arrive
from idp.signin.errors import PageError
from idp.signin.interaction import Interaction
from idp.web.browser import return_to
from idp.web.language import language
from idp.web.services import services
from idp.web.transaction import stores


def welcome(interaction: Interaction, passkey: Passkey | None = None) -> ResponseReturnValue:
    """Make the citizen of this interaction's sign-up, once, and sign them in.

    With a passkey, made for this sign-up, what was chosen on other pages before is left out. Who already
    has an account, made meanwhile in another tab, goes on to sign in to that one.
    """
    use = services()
    chosen = enrolment.take(use.ephemeral, use.sealer, interaction.interaction_id)
    if chosen is None or not _suffices(chosen, passkey):
        return return_to(interaction.interaction_id)
    try:
        citizen = register(
            stores().citizens,
            chosen.address,
            now=use.clock.now(),
            given_name=chosen.given_name,
            family_name=chosen.family_name,
            locale=language().code,
            citizen_id=chosen.citizen_id,
        )
    except EmailTaken:
        return return_to(interaction.interaction_id)
    stores().audit.record(CitizenRegistered(at=citizen.created_at, citizen_id=citizen.citizen_id, by="citizen"))
    methods = _keep_password(citizen, chosen) if passkey is None else _keep_passkey(citizen, passkey)
    return arrive(interaction, citizen, methods, newcomer=True)


def _suffices(chosen: Enrolment, passkey: Passkey | None) -> bool:
    if passkey is not None:
        return passkey.citizen_id == chosen.citizen_id
    return chosen.password is not None and not chosen.needs_second_factor


def _keep_passkey(citizen: Citizen, passkey: Passkey) -> tuple[str, ...]:
    if not stores().passkeys.add(passkey):
        raise PageError("the id of this passkey is taken")
    stores().audit.record(FactorAdded(at=citizen.created_at, citizen_id=citizen.citizen_id, factor=Factor.PASSKEY))
    return passkey.amr


def _keep_password(citizen: Citizen, chosen: Enrolment) -> tuple[str, ...]:
    if chosen.password is not None:
        stores().credentials.set_password(citizen.citizen_id, chosen.password)
    if chosen.seed is None or chosen.confirmed_step is None:
        return (levels.PASSWORD,)
    _keep_totp(citizen, chosen, chosen.seed, chosen.confirmed_step)
    return (levels.PASSWORD, levels.ONE_TIME_CODE)


def _keep_totp(citizen: Citizen, chosen: Enrolment, seed: str, last_step: int) -> None:
    use, now, whose = services(), citizen.created_at, citizen.citizen_id
    stored = totp.sealed(use.sealer, whose, seed, last_step=last_step, now=now)
    stores().credentials.set_totp(whose, stored)
    backup_codes.replace(stores().credentials, use.hashing.peppers, whose, chosen.backup_codes, now)
    for factor in (Factor.TOTP, Factor.BACKUP_CODES):
        stores().audit.record(FactorAdded(at=now, citizen_id=whose, factor=factor))
