"""A citizen on the way out: what an agency asked for, kept for the pages; and what they are told at the end.

A request that came is kept under a random id, because a post from another site carries no Lax cookie and
because a question takes time. What was done is kept under another id, drawn for the browser in which it was
done: whoever sent a citizen here never learns which services they used.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from flask import redirect
from werkzeug.wrappers import Response as BaseResponse

from federation.authorization.names import sid_for, subject_for
from federation.authorization.response import origin_of
from federation.logout.request import LogoutRequest, return_url
from federation.relying_parties.model import RelyingParty
from idp.sessions.model import Session
from idp.signin.interactions import hashed, looks_like_id
from idp.web import browser, language
from idp.web.ending import Call, Ended
from idp.web.headers import allow_frames_of
from idp.web.marked_ids import draw_marked_id
from idp.web.rendering import render
from idp.web.services import services
from idp.web.transaction import stores

ASKED = "sign_out"
DONE = "signed_out"
"""Kinds of the ephemeral records."""
LIFETIME = timedelta(minutes=30)
MOST_CALLS = 30
"""Services that one page opens: their origins stand in a header, which has an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOut:
    """What may be believed of an agency's request; all empty when a citizen comes by themselves."""

    client_id: str | None = None
    hinted_client_id: str | None = None
    hinted_subject: str = ""
    hinted_sid: str = ""
    return_uri: str | None = None
    state: str | None = None
    address_refused: bool = False
    """Whether it named an address that citizens may not be sent to."""
    ui_locales: tuple[str, ...] = ()

    @property
    def by_hint(self) -> bool:
        """Whether an ID token of ours came along."""
        return self.hinted_client_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """What the last page says."""

    service: str | None
    """The service the citizen came from."""
    return_url: str | None
    address_refused: bool = False
    ui_locales: Sequence[str] = ()
    told: Sequence[str] = ()
    untold: Sequence[str] = ()
    calls: Sequence[str] = ()
    """Addresses of services that the page opens unseen."""
    goes_on: bool = False
    """Whether the page returns to the service by itself."""


def of(asked: LogoutRequest) -> SignOut:
    """Return what the pages need of a checked request."""
    found = SignOut(
        client_id=None if asked.relying_party is None else asked.relying_party.client_id,
        return_uri=asked.return_uri,
        state=asked.state,
        address_refused=any(reason.startswith("post_logout_redirect_uri") for reason in asked.refused),
        ui_locales=asked.ui_locales,
    )
    hint = asked.hint
    if hint is None:
        return found
    parts = {"hinted_client_id": hint.client_id, "hinted_subject": hint.subject, "hinted_sid": hint.sid}
    return SignOut(**asdict(found) | parts)


def keep(asked: SignOut) -> BaseResponse:
    """Keep a request and come to its page by GET, with the cookies of this browser."""
    sign_out_id = draw_marked_id()
    services().ephemeral.put(ASKED, hashed(sign_out_id), asdict(asked), LIFETIME)
    return redirect(f"/sign-out/{sign_out_id}", code=303)


def find(sign_out_id: str) -> SignOut:
    """Return a request that was kept; an empty one once it is gone, for a citizen may always sign out."""
    record = services().ephemeral.get(ASKED, hashed(sign_out_id)) if looks_like_id(sign_out_id) else None
    if record is None:
        return SignOut()
    found = SignOut(**{**record, "ui_locales": tuple(record["ui_locales"])})
    language.prefer(found.ui_locales)
    return found


def must_ask(asked: SignOut, held: Session | None) -> bool:
    """Whether the citizen is to be asked: they are signed in, and no hint of ours names this very session."""
    if held is None:
        return False
    relying_party = service_of(asked)
    if relying_party is None or not asked.by_hint:
        return True
    salt = services().pairwise_salt
    same_session = hmac.compare_digest(asked.hinted_sid, sid_for(relying_party, held.session_id, salt))
    return not (
        same_session and hmac.compare_digest(asked.hinted_subject, subject_for(relying_party, held.citizen_id, salt))
    )


def sign_out(asked: SignOut, *, confirmed: bool = False) -> BaseResponse:
    """End what this browser holds and go to the registered address, or to the page that says what was done.

    A citizen who was asked, or whose agency gave no hint, sees that page and goes on by its link. Where services are
    to be told by this browser, it opens them first and then goes on by itself. After a long pause it names no
    services: somebody else may sit there now.
    """
    present = browser.current_session() is not None
    ended = browser.end_session()
    service = service_of(asked)
    back = _return_url(asked, service)
    goes_on = back is not None and asked.by_hint and not confirmed
    if back is not None and goes_on and not ended.calls:
        return redirect(back, code=303)
    calls = ended.calls[:MOST_CALLS]
    told, untold = heard(ended, calls)
    done = SignedOut(
        service=None if service is None else service.client_name,
        return_url=back or (None if service is None else service.client_uri),
        address_refused=asked.address_refused,
        ui_locales=asked.ui_locales,
        told=[each.client_name for each in told if present],
        untold=[each.client_name for each in untold if present and each.client_id != asked.client_id],
        calls=[call.address for call in calls],
        goes_on=goes_on,
    )
    signed_out_id = draw_marked_id()
    services().ephemeral.put(DONE, hashed(signed_out_id), asdict(done), LIFETIME)
    return redirect(f"/signed-out/{signed_out_id}", code=303)


def heard(ended: Ended, calls: Sequence[Call]) -> tuple[list[RelyingParty], list[RelyingParty]]:
    """Return the services that hear of it, from us or by these calls of the browser, and those that do not."""
    called = [call.service for call in calls if call.service in ended.untold]
    return [*ended.told, *called], [each for each in ended.untold if each not in called]


def page(done: SignedOut) -> str:
    """Render the last page, which may open the services to be told and no other."""
    if done.calls:
        allow_frames_of(sorted({origin_of(address) for address in done.calls}))
    return render("pages/sign_out/signed_out.html", done=done)


def find_done(signed_out_id: str) -> SignedOut | None:
    """Return what was done, while it may still be read."""
    if not looks_like_id(signed_out_id):
        return None
    record: Mapping[str, Any] | None = services().ephemeral.get(DONE, hashed(signed_out_id))
    if record is None:
        return None
    found = SignedOut(**record)
    language.prefer(found.ui_locales)
    return found


def service_of(asked: SignOut) -> RelyingParty | None:
    """Return who asks, while it is registered."""
    return None if asked.client_id is None else stores().relying_parties.find(asked.client_id)


def _return_url(asked: SignOut, service: RelyingParty | None) -> str | None:
    """Return the address asked for; the registry is asked again, for the request may have waited."""
    if service is None or asked.return_uri is None:
        return None
    return return_url(service, asked.return_uri, asked.state)
