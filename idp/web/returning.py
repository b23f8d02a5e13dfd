"""The way back to the agency: judged by what is registered now, and kept in cookies for when an interaction is gone."""

from dataclasses import dataclass, replace

from federation.authorization.return_address import ReturnAddress
from federation.relying_parties import redirect_uris, response_modes
from federation.relying_parties.model import RelyingParty
from idp.signin import envelope
from idp.signin.errors import InteractionExpired, UnknownService, WrongReturnAddress
from idp.signin.interaction import Interaction
from idp.signin.interactions import looks_like_id
from idp.web import cookies
from idp.web.services import services
from idp.web.transaction import stores

PREFIX = "return-"
_MARK = 16


@dataclass(frozen=True, slots=True)
class WayBack:
    """Where a citizen may go back to, and whose address that is."""

    address: ReturnAddress
    relying_party: RelyingParty


def keep_envelope(interaction: Interaction) -> None:
    """Let the browser keep this interaction's return envelope, in the place of the oldest if they become many."""
    mark = interaction.interaction_id[:_MARK]
    sealed = envelope.seal(services().cookie_secret, mark, interaction.asked.return_address)
    cookies.keep(PREFIX + mark, sealed, envelope.LIFETIME, stored=False)
    others = {name: value for name, value in cookies.named(PREFIX).items() if name != mark}
    for surplus in envelope.surplus(services().cookie_secret, others, coming=len(sealed)):
        cookies.drop(PREFIX + surplus, stored=False)


def find_way_back(interaction_id: str) -> WayBack | None:
    """Return where an interaction's citizen may go back to. The address is checked against the registry anew."""
    if not looks_like_id(interaction_id):
        return None
    mark = interaction_id[:_MARK]
    opened = envelope.open_sealed(services().cookie_secret, mark, cookies.read(PREFIX + mark) or "")
    if opened is None:
        return None
    relying_party = envelope.service_at(opened.address, stores().relying_parties)
    if relying_party is None:
        return None
    mode = response_modes.usable(opened.address.response_mode, relying_party)
    return WayBack(replace(opened.address, response_mode=mode), relying_party)


def expired(interaction_id: str) -> InteractionExpired:
    """Return the page for an interaction that is over or never was."""
    way = find_way_back(interaction_id)
    if way is None:
        return InteractionExpired(service=None, return_url=None)
    return InteractionExpired(service=way.relying_party.client_name, return_url=f"/return/{interaction_id}")


def as_registered_now(interaction: Interaction) -> Interaction:
    """Return it with a way of answering that may be used still; what is registered may have changed meanwhile.

    Raises UnknownService and WrongReturnAddress: not even an error goes to an address that was given up. Pages of our
    own, to which an account or a device leads, are no agency's.
    """
    asked = interaction.asked
    if asked.redirect_uri.startswith(services().settings.issuer + "/"):
        return interaction
    asking = stores().relying_parties.find(asked.client_id)
    if asking is None:
        raise UnknownService("the relying party was disabled during the interaction")
    if not redirect_uris.is_registered(asking, asked.redirect_uri):
        raise WrongReturnAddress("redirect_uri is not registered any more")
    mode = response_modes.usable(asked.response_mode, asking)
    return (
        interaction if mode == asked.response_mode else replace(interaction, asked=replace(asked, response_mode=mode))
    )
