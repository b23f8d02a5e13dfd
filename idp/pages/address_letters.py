"""The letter that proves an address: alike for who asks for it, whether the address is somebody's or not."""

from idp.authentication import email_codes
from idp.citizens.email import Address
from idp.notices.letters import AddressInUse, EmailCode, Letter, send
from idp.web.language import language
from idp.web.services import services
from idp.web.transaction import stores


def write(purpose: str, address: Address) -> None:
    """Mint a code for `purpose` in every case, but send it only to an address that is nobody's yet."""
    use = services()
    code = email_codes.mint(use.ephemeral, use.hashing.peppers, purpose, address)
    known = stores().citizens.find_by_email(address.written)
    letter: Letter = EmailCode(to=address.written, language=language().code, code=code)
    if known is not None:
        letter = AddressInUse(to=known.email, language=known.locale)
    send(stores().outbox, use.sealer, letter, use.clock.now())
