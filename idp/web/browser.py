"""Who is signed in in this browser, and what is being asked of them here.

Three kinds of cookies, each a random value of which only the hash is stored: `session` (the key of a
session, new at every authentication), `browser` (what interactions are bound to), and `return-<mark>`,
one signed return envelope for each interaction. So several interactions in one browser do not meet.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from federation.authorization.response import origin_of
from idp.audit.sessions import SessionBegan, SessionRenewed
from idp.sessions.devices import describe
from idp.sessions.model import Session
from idp.sessions.store import SEEN_EVERY
from idp.signin import interactions
from idp.signin.errors import InteractionFinished, NotThisBrowser, SessionOver
from idp.signin.interaction import Interaction
from idp.signin.interactions import hashed, looks_like_id
from idp.web import cookies, ending, language, returning
from idp.web.ending import Ended
from idp.web.headers import allow_form_to
from idp.web.marked_ids import draw_marked_id
from idp.web.services import services
from idp.web.transaction import stores

SESSION = "session"
BROWSER = "browser"
BROWSER_KEPT = timedelta(days=1)


def current_session() -> Session | None:
    """Return the live session of this browser, or None. One read a request."""
    if "current_session" not in g:
        g.current_session = _find_session()
    found: Session | None = g.current_session
    return found


def begin_session(citizen_id: str, *, amr: tuple[str, ...], acr: str, on_top_of: Session | None = None) -> None:
    """Record that a citizen proved who they are in this browser. The key in its cookie is new in every case.

    The session of the same citizen goes on with what was proved now, so that signing out later reaches all
    they used, before a pause too; that of another one ends. `on_top_of` is given when what was proved now
    counts only together with the proofs of that session: its time stays, and `SessionOver` is raised if it
    does not stand any more or is not this browser's.
    """
    now = services().clock.now()
    authenticated_at = now if on_top_of is None else on_top_of.authenticated_at
    key = draw_marked_id()
    old = on_top_of or current_session() or held_session()
    if old is not None and old.citizen_id == citizen_id:
        renewed = replace(old, authenticated_at=authenticated_at, last_seen_at=now, acr=acr, amr=amr)
        if stores().sessions.renew(renewed, key_hash=hashed(cookies.read(SESSION) or ""), new_key_hash=hashed(key)):
            event = SessionRenewed(at=now, citizen_id=citizen_id, session_id=old.session_id, acr=acr, amr=amr)
            stores().audit.record(event)
            _hold(renewed, key)
            return
    if on_top_of is not None:
        raise SessionOver("the session that was to be added to has ended, or its key was changed")
    if old is not None and old.citizen_id != citizen_id:
        ending.end_session(stores(), services(), old, because=ending.REPLACED)
    session = Session(
        session_id=interactions.draw_id(),
        citizen_id=citizen_id,
        created_at=now,
        authenticated_at=now,
        acr=acr,
        amr=amr,
        last_seen_at=now,
        device=describe(request.headers.get("User-Agent", "")),
    )
    stores().sessions.add(session, hashed(key))
    stores().audit.record(
        SessionBegan(
            at=now, citizen_id=citizen_id, session_id=session.session_id, acr=acr, amr=amr, device=session.device
        )
    )
    _hold(session, key)


def held_session() -> Session | None:
    """Return the session whose key this browser holds, unless it was ended: one that is merely idle can be signed out.

    Whoever comes back after an hour's pause to sign out means the services they used before it.
    """
    key = cookies.read(SESSION)
    if key is None or not looks_like_id(key):
        return None
    held = stores().sessions.find(hashed(key))
    return held if held is not None and held.ended_at is None else None


def end_session() -> Ended:
    """End the session this browser holds, if any, and tell its agencies; the browser forgets its key."""
    session = held_session()
    cookies.drop(SESSION, stored=session is not None)
    g.current_session = None
    return Ended() if session is None else ending.end_session(stores(), services(), session, because=ending.SIGNED_OUT)


def sign_out_everywhere(citizen_id: str, except_session_id: str | None = None, **how: Any) -> Ended:
    """End every session of a citizen but one; `how` is as for `ending.sign_out_everywhere`."""
    return ending.sign_out_everywhere(stores(), services(), citizen_id, except_session_id=except_session_id, **how)


def mark_of(session: Session) -> str:
    """Return what a form carries to show for whom it was rendered: another session's form decides nothing."""
    return hashed(session.session_id)


def arriving(interaction: Interaction) -> Interaction:
    """Note what the browser comes with: a later proof than that of its session is one made here."""
    session = current_session()
    return interaction if session is None else replace(interaction, authenticated_before=session.authenticated_at)


def begin_interaction(interaction: Interaction) -> Interaction:
    """Bind an interaction to this browser, with what it came with, and keep it."""
    bound = _bound(interaction, _own_value())
    interactions.keep(services().ephemeral, bound)
    return bound


def find_interaction(interaction_id: str) -> Interaction:
    """Return an interaction of this browser that waits for its citizen.

    Raises the pages InteractionExpired (with a way back to the agency, if the browser still has its
    envelope), NotThisBrowser and InteractionFinished; UnknownService and WrongReturnAddress where the service
    was disabled, or gave up the address meanwhile. The page that follows may post and be sent on
    to the agency, and speaks the language it asked for.
    """
    found = interactions.find(services().ephemeral, interaction_id)
    if found is None:
        raise returning.expired(interaction_id)
    if found.browser is None:
        found = _take_up(found)
    elif found.browser != known_as():
        raise NotThisBrowser
    if found.finished:
        raise finished(found)
    found = returning.as_registered_now(found)
    allow_form_to(origin_of(found.asked.redirect_uri))
    language.prefer(found.ui_locales)
    return found


def update_interaction(interaction: Interaction, **done: Any) -> Interaction:
    """Store what has been done in an interaction; raise InteractionExpired if it is gone meanwhile."""
    changed = replace(interaction, **done)
    if not interactions.update(services().ephemeral, changed, services().clock.now()):
        raise returning.expired(interaction.interaction_id)
    return changed


def finish_interaction(interaction: Interaction) -> None:
    """Take the one answer an interaction may have; raise InteractionFinished if it was taken."""
    if not interactions.finish(services().ephemeral, interaction, services().clock.now()):
        raise finished(interaction)


def finished(interaction: Interaction) -> InteractionFinished:
    """Return the page for one who came back to an interaction that is over."""
    relying_party = stores().relying_parties.find(interaction.client_id)
    if relying_party is None:
        return InteractionFinished()
    return InteractionFinished(service=relying_party.client_name, return_url=relying_party.client_uri)


def known_as() -> str | None:
    """Return the hash of this browser's own cookie, or None if it has none."""
    value = cookies.read(BROWSER)
    return hashed(value) if value is not None and looks_like_id(value) else None


def make_known() -> str:
    """Let this browser keep a cookie of its own, and return the hash of it."""
    return _keep(_own_value())


def return_to(interaction_id: str) -> BaseResponse:
    """Go on with an interaction after a page has done its one job."""
    return redirect(f"/authorize/{interaction_id}", code=303)


def _find_session() -> Session | None:
    key = cookies.read(SESSION)
    if key is None or not looks_like_id(key):
        return None
    now = services().clock.now()
    session = stores().sessions.find(hashed(key))
    if session is None or not session.live(now):
        return None
    if now - session.last_seen_at < SEEN_EVERY:
        return session
    with services().database.work() as own:
        own.sessions.touch(session, now)
    return replace(session, last_seen_at=now)


def _hold(session: Session, key: str) -> None:
    """Give the browser its new key."""
    g.current_session = session
    cookies.keep(SESSION, key)


def _take_up(interaction: Interaction) -> Interaction:
    """Bind an interaction that nobody has taken up; raise NotThisBrowser if another one was first."""
    value = _own_value()
    if not interactions.bind(services().ephemeral, interaction, hashed(value)):
        raise NotThisBrowser
    return update_interaction(_bound(interaction, value))


def _own_value() -> str:
    """Return the value of this browser's own cookie, a new one if it has none."""
    value = cookies.read(BROWSER)
    return value if value is not None and looks_like_id(value) else interactions.draw_id()


def _bound(interaction: Interaction, value: str) -> Interaction:
    known = _keep(value)
    returning.keep_envelope(interaction)
    return replace(arriving(interaction), browser=known)


def _keep(value: str) -> str:
    cookies.keep(BROWSER, value, BROWSER_KEPT, stored=False)
    return hashed(value)
