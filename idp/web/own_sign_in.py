"""Sign citizens in to their own pages: an interaction like any other, but it is we who ask, and nobody is answered.

It names no relying party and returns to a page of ours, so nothing is told to anyone and no code is minted.
"""

from datetime import timedelta

from flask import redirect
from werkzeug.wrappers import Response as BaseResponse

from federation.authorization.request import AuthorizationRequest
from idp.authentication.levels import AAL1
from idp.consent.ledger import Consent
from idp.signin.interaction import Interaction
from idp.signin.steps import Step, Visitor, next_step
from idp.web import browser
from idp.web.marked_ids import draw_marked_id
from idp.web.services import services

OURSELVES = ""
"""In the place of a `client_id`: no relying party can have it."""
HOME = "/account"


def is_ours(interaction: Interaction) -> bool:
    """Whether it is for a page of our own."""
    return interaction.client_id == OURSELVES


def begin(page: str, *, level: str = AAL1, within: timedelta | None = None) -> BaseResponse:
    """Send the citizen to prove who they are, and then to `page` (a path of ours, never from the request).

    `within` asks for a proof not older than that.
    """
    use = services()
    asked = AuthorizationRequest(
        client_id=OURSELVES,
        redirect_uri=use.settings.issuer + page,
        scope=(),
        max_age=None if within is None else int(within.total_seconds()),
    )
    interaction = Interaction(
        interaction_id=draw_marked_id(), asked=asked, level=level, items=frozenset(), began_at=use.clock.now()
    )
    browser.begin_interaction(interaction)
    return browser.return_to(interaction.interaction_id)


def next_step_of(interaction: Interaction) -> Step:
    """Return what is missing before the citizen may see the page; there is nothing to consent to."""
    session, now = browser.current_session(), services().clock.now()
    if session is None:
        return next_step(interaction, None, now)
    nothing = Consent(citizen_id=session.citizen_id, client_id=OURSELVES, items=frozenset(), agreed_at=now)
    return next_step(interaction, Visitor(session=session, subject="", consent=nothing), now)


def finish(interaction: Interaction) -> BaseResponse:
    """Send the citizen to the page they wanted, once."""
    browser.finish_interaction(interaction)
    return redirect(interaction.asked.redirect_uri, code=303)


def turn_back(interaction: Interaction) -> BaseResponse:
    """Send a citizen who does not want to sign in to where they need not."""
    browser.finish_interaction(interaction)
    return redirect("/help" if browser.current_session() is None else HOME, code=303)
