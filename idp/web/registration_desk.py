"""What the endpoints for registration work with, put together for one request."""

from federation.discovery import scopes
from federation.dynamic_registration.desk import Desk
from idp.citizens.attributes import TOLD
from idp.web.services import services
from idp.web.transaction import stores


def registration_desk() -> Desk:
    """Return the collaborators of this request."""
    use, opened = services(), stores()
    return Desk(
        issuer=use.settings.issuer,
        loopback=use.loopback,
        mutual_tls=use.mutual_tls,
        door=use.settings.registration,
        citizens_scopes=scopes(TOLD),
        registry=opened.relying_parties,
        invitations=opened.invitations,
        authorities=use.software_authorities,
        store=use.ephemeral,
        keys=use.relying_party_keys,
        fetcher=use.fetcher,
        turn=use.registration_turn,
    )
