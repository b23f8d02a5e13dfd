"""Give an agency its answer: who is here, what they agreed to, and the code that stands for both."""

from werkzeug.wrappers import Response as BaseResponse

from federation.authorization import codes
from federation.authorization.codes import AuthorizationCode
from federation.authorization.names import sid_for, subject_for
from federation.authorization.response import with_code
from federation.relying_parties.model import RelyingParty
from idp.audit.sessions import CodeMinted
from idp.consent.ledger import Consent
from idp.sessions.model import Session
from idp.signin.errors import UnknownService
from idp.signin.interaction import Interaction
from idp.signin.steps import Step, Visitor, next_step
from idp.signin.trust import vector
from idp.web import own_sign_in
from idp.web.answers import send
from idp.web.browser import current_session
from idp.web.services import services
from idp.web.transaction import stores

KNOWS_ADDRESS = frozenset({"scope:email", "claim:email"})
"""Items of a consent under which an agency is told the address."""


def relying_party_of(interaction: Interaction) -> RelyingParty:
    """Return who asks; raise the page UnknownService if it was disabled meanwhile."""
    found = stores().relying_parties.find(interaction.client_id)
    if found is None:
        raise UnknownService("the relying party was disabled during the interaction")
    return found


def visitor_for(interaction: Interaction, relying_party: RelyingParty) -> Visitor | None:
    """Return who is signed in in this browser, as this relying party may know them; None if nobody is."""
    session = current_session()
    if session is None:
        return None
    consent = stores().consents.find(session.citizen_id, interaction.client_id)
    return Visitor(
        session=session,
        subject=subject_for(relying_party, session.citizen_id, services().pairwise_salt),
        consent=consent,
        confidence=None if interaction.confidence is None else _confidence(session.citizen_id),
        expected=_expected(interaction, session, consent),
    )


def step_due(interaction: Interaction) -> Step:
    """Return what is missing now: a page that is not due shows nothing and decides nothing."""
    if own_sign_in.is_ours(interaction):
        return own_sign_in.next_step_of(interaction)
    visitor = visitor_for(interaction, relying_party_of(interaction))
    return next_step(interaction, visitor, services().clock.now())


def answer(interaction: Interaction, relying_party: RelyingParty, visitor: Visitor) -> BaseResponse:
    """Mint a code for what was asked, proved and agreed, and send it."""
    use = services()
    asked, session = interaction.asked, visitor.session
    granted = AuthorizationCode(
        grant_id=codes.draw_grant_id(),
        client_id=asked.client_id,
        redirect_uri=asked.redirect_uri,
        scope=asked.scope,
        citizen_id=session.citizen_id,
        subject=visitor.subject,
        session_id=session.session_id,
        sid=sid_for(relying_party, session.session_id, use.pairwise_salt),
        auth_time=session.authenticated_at,
        acr=session.acr,
        amr=session.amr,
        nonce=asked.nonce,
        code_challenge=asked.code_challenge,
        dpop_jkt=asked.dpop_jkt,
        claims=asked.claims,
        vot=vector(session.acr, visitor.confidence) if asked.vtr else None,
        authorization_details=asked.authorization_details,
        resources=asked.resources,
        access_epoch=session.access_epoch,
    )
    code = codes.mint(use.ephemeral, granted)
    stores().audit.record(
        CodeMinted(
            at=use.clock.now(),
            citizen_id=granted.citizen_id,
            client_id=granted.client_id,
            session_id=granted.session_id,
            grant_id=granted.grant_id,
            scope=granted.scope,
            acr=granted.acr,
        )
    )
    return send(with_code(asked.return_address, code, issuer=use.settings.issuer))


def _confidence(citizen_id: str) -> str | None:
    citizen = stores().citizens.find(citizen_id)
    return None if citizen is None else citizen.identity_confidence


def _expected(interaction: Interaction, session: Session, consent: Consent | None) -> bool:
    """Whether the citizen signed in here may be the one the login hint means: only an address can tell.

    An agency that asks in silence is told of it at once, and could guess: so only one that may know the address.
    """
    hint = interaction.login_hint
    if hint is None or "@" not in hint:
        return True
    if interaction.asked.silent and (consent is None or KNOWS_ADDRESS.isdisjoint(consent.items)):
        return True
    hinted = stores().citizens.find_by_email(hint)
    return hinted is not None and hinted.citizen_id == session.citizen_id
