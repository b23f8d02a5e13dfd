"""/authorize: an agency asks who the citizen is (OIDC Core section 3.1.2, RFC 6749 section 4.1).

Answered at once when nothing is missing. Otherwise an interaction is kept and the browser is sent to the one
page that is due; every page returns to /authorize/<id>, where what is missing is asked again.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from federation.authorization import arrival, checking, pushed
from federation.authorization.errors import (
    AccountSelectionRequired,
    AuthorizationRefused,
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
    PushedRequestGone,
    UnmetAuthenticationRequirements,
)
from federation.authorization.parameters import Parameters
from federation.ephemeral import EphemeralStore
from federation.relying_parties.model import RelyingParty
from idp.consent.items import items_of
from idp.signin import interactions
from idp.signin.interaction import Interaction
from idp.signin.levels import wanted_level, wanted_trust
from idp.signin.steps import Step, next_step
from idp.web import answering, browser, own_sign_in
from idp.web.access import anyone
from idp.web.hints import read_hint
from idp.web.marked_ids import draw_marked_id
from idp.web.services import services
from idp.web.transaction import stores

PAGES = {
    Step.SIGN_IN: "/sign-in/",
    Step.STEP_UP: "/sign-in/",
    Step.SELECT_ACCOUNT: "/select-account/",
    Step.CONSENT: "/consent/",
}
REFUSED_SILENTLY: Mapping[Step, type[AuthorizationRefused]] = {
    Step.SIGN_IN: LoginRequired,
    Step.STEP_UP: InteractionRequired,
    Step.SELECT_ACCOUNT: AccountSelectionRequired,
    Step.CONSENT: ConsentRequired,
}
"""What prompt=none is told (OIDC Core section 3.1.2.6)."""

NOTHING_TO_DO: Mapping[Step, type[AuthorizationRefused]] = {
    Step.WRONG_CITIZEN: LoginRequired,
    Step.TOO_LITTLE_KNOWN: UnmetAuthenticationRequirements,
}
"""What the agency is told where no page can help: someone else signed in, or too little is known of who did."""

bp = Blueprint("authorize", __name__)
bp.before_request(anyone)


@bp.get("/authorize")
def authorize() -> ResponseReturnValue:
    """Check the request; answer at once, or keep it and show the first page."""
    interaction, relying_party = _asked(request.args)
    visitor = answering.visitor_for(interaction, relying_party)
    step = next_step(interaction, visitor, services().clock.now())
    if visitor is not None and step is Step.ANSWER:
        _spend_reference(interaction, relying_party, pushed.spend)
        return answering.answer(interaction, relying_party, visitor)
    _check_may_be_shown(step, interaction)
    _begin_by_reference(interaction, relying_party)
    browser.begin_interaction(interaction)
    return redirect(PAGES[step] + interaction.interaction_id, code=303)


@bp.post("/authorize")
def authorize_posted() -> ResponseReturnValue:
    """Check the request, keep it and come back by GET: a post from another site carries no Lax cookie."""
    interaction, relying_party = _asked(request.form)
    _begin_by_reference(interaction, relying_party)
    interactions.keep(services().ephemeral, interaction)
    return browser.return_to(interaction.interaction_id)


@bp.get("/authorize/<interaction_id>")
def go_on(interaction_id: str) -> ResponseReturnValue:
    """Ask again what is missing, from stored state; answer when nothing is."""
    interaction = browser.find_interaction(interaction_id)
    if own_sign_in.is_ours(interaction):
        step = own_sign_in.next_step_of(interaction)
        return own_sign_in.finish(interaction) if step is Step.ANSWER else redirect(PAGES[step] + interaction_id, 303)
    relying_party = answering.relying_party_of(interaction)
    visitor = answering.visitor_for(interaction, relying_party)
    step = next_step(interaction, visitor, services().clock.now())
    if visitor is not None and step is Step.ANSWER:
        browser.finish_interaction(interaction)
        _spend_reference(interaction, relying_party, pushed.spend_begun)
        return answering.answer(interaction, relying_party, visitor)
    if step in NOTHING_TO_DO or interaction.asked.silent:
        browser.finish_interaction(interaction)
    _check_may_be_shown(step, interaction)
    return redirect(PAGES[step] + interaction_id, code=303)


def _asked(given: MultiDict[str, str]) -> tuple[Interaction, RelyingParty]:
    """Return the checked request, or the one it refers to, as an interaction that nobody has done anything in."""
    use = services()
    params = Parameters.of(given.items(multi=True))
    relying_party = checking.find_relying_party(params, stores().relying_parties)
    params, reference = arrival.parameters_of(
        params,
        relying_party,
        store=use.ephemeral,
        keys=use.relying_party_keys,
        issuer=use.settings.issuer,
        everybody_pushes=use.settings.pushed_requests == "required",
        now=use.clock.now(),
    )
    asked = checking.check(
        params,
        relying_party,
        read_hint,
        issuer=use.settings.issuer,
        pkce=use.settings.pkce,
        detail_types=use.detail_types,
    )
    trust = wanted_trust(asked)
    interaction = Interaction(
        interaction_id=draw_marked_id(),
        asked=replace(asked, pushed_as=reference),
        level=wanted_level(asked, relying_party),
        confidence=trust.confidence if trust else None,
        items=items_of(asked.scope, asked.claims, asked.resources, asked.authorization_details),
        began_at=use.clock.now(),
    )
    return browser.arriving(interaction), relying_party


def _begin_by_reference(interaction: Interaction, relying_party: RelyingParty) -> None:
    """Raise PushedRequestGone if somebody else had the answer to what was pushed meanwhile."""
    reference = interaction.asked.pushed_as
    use = services()
    if reference is not None and not pushed.begin(use.ephemeral, reference, use.clock.now()):
        raise PushedRequestGone(relying_party)


def _spend_reference(
    interaction: Interaction, relying_party: RelyingParty, spend: Callable[[EphemeralStore, str, timedelta], bool]
) -> None:
    """Take the one answer there is to what was pushed; raise PushedRequestGone if it was taken."""
    reference = interaction.asked.pushed_as
    if reference is not None and not spend(services().ephemeral, reference, interactions.FINISHED_FOR):
        raise PushedRequestGone(relying_party)


def _check_may_be_shown(step: Step, interaction: Interaction) -> None:
    """Raise what the agency is told if no page can help, or none may be shown."""
    if step in NOTHING_TO_DO:
        raise NOTHING_TO_DO[step](interaction.asked.return_address, f"no page can help: {step}")
    if interaction.asked.silent:
        raise REFUSED_SILENTLY[step](interaction.asked.return_address, f"prompt=none, and {step} is due")
