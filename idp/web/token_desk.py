"""What the endpoints for tokens work with, put together for one request."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from federation.authorization.names import subject_for
from federation.binding.confirmation import UNBOUND, Confirmation
from federation.tokens.desk import Desk, Misuse
from idp.audit.tokens import CodeReplayed, RefreshReused
from idp.citizens.attributes import claims_of
from idp.web.access import relying_party
from idp.web.services import services
from idp.web.transaction import stores, undo

_EVENTS: Mapping[Misuse, type[CodeReplayed] | type[RefreshReused]] = {
    Misuse.CODE_REPLAYED: CodeReplayed,
    Misuse.REFRESH_REUSED: RefreshReused,
}


def token_desk(confirmation: Confirmation = UNBOUND) -> Desk:
    """Return the collaborators of this request, whose sender proved to hold what `confirmation` names."""
    use = services()
    return Desk(
        issuer=use.settings.issuer,
        signer=use.signer,
        store=use.ephemeral,
        grants=stores().grants,
        registry=stores().relying_parties,
        keys=use.relying_party_keys,
        detail_types=use.detail_types,
        token_secret=use.token_secret,
        confirmation=confirmation,
        claims_of=told_of,
        subject_of=partial(subject_for, salt=use.pairwise_salt),
        stop=stop,
    )


def told_of(citizen_id: str) -> Mapping[str, Any]:
    """Return everything known of a citizen under its standard names; nothing of one who is gone."""
    citizen = stores().citizens.find(citizen_id)
    return {} if citizen is None else claims_of(citizen)


def stop(misuse: Misuse, grant_id: str) -> None:
    """End a grant in a transaction of its own: the refusal that follows undoes the request's."""
    undo()
    use = services()
    now = use.clock.now()
    with use.database.work() as own:
        own.grants.end(grant_id, now)
        own.audit.record(_EVENTS[misuse](at=now, client_id=relying_party().client_id, grant_id=grant_id))
