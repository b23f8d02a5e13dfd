"""What pages that add a code app have in common: the seed they show, and taking the app with its backup codes."""

import io

import segno
from flask import Response
from flask_babel import gettext as _

from idp.audit.authentication import FactorAdded
from idp.authentication import backup_codes, seed_offers, totp
from idp.authentication.factors import Factor
from idp.citizens.model import Citizen
from idp.pages.changing import changed
from idp.sessions.model import Session
from idp.web.services import services
from idp.web.transaction import stores

SERVICE = "Countersign"


def drawn(seed: str, email: str) -> Response:
    """Return the picture of a seed for a phone's camera."""
    picture = io.BytesIO()
    address = totp.address(seed, name=email, service=SERVICE)
    segno.make(address, error="m", micro=False).save(picture, kind="svg", scale=5, border=4, light="#fff", dark="#000")
    return Response(picture.getvalue(), mimetype="image/svg+xml")


def grouped(seed: str) -> str:
    """Return a seed as it is easily typed."""
    return " ".join(seed[start : start + 4] for start in range(0, len(seed), 4))


def offered(session: Session) -> str:
    """Return the seed shown in this session."""
    return seed_offers.offer(services().ephemeral, services().sealer, session.session_id)


def find_step(session: Session, code: str) -> tuple[str, int] | None:
    """Return the seed shown in this session and the time step of a right code of it, or None."""
    seed = seed_offers.find(services().ephemeral, services().sealer, session.session_id)
    step = None if seed is None else totp.find_step(seed, "".join(code.split()), services().clock.now())
    return None if seed is None or step is None else (seed, step)


def add(citizen: Citizen, session: Session, seed: str, step: int) -> tuple[str, ...] | None:
    """Keep the code app; return its backup codes, to be shown once. None if there is one already, or it was taken."""
    use, now, whose = services(), services().clock.now(), citizen.citizen_id
    if stores().credentials.factors(whose).totp or not seed_offers.take(use.ephemeral, session.session_id):
        return None
    stores().credentials.set_totp(whose, totp.sealed(use.sealer, whose, seed, last_step=step, now=now))
    codes = backup_codes.new_codes()
    backup_codes.replace(stores().credentials, use.hashing.peppers, whose, codes, now)
    added = [FactorAdded(at=now, citizen_id=whose, factor=factor) for factor in (Factor.TOTP, Factor.BACKUP_CODES)]
    changed(citizen, session, "totp_added", *added)
    return codes


def wrong() -> dict[str, str]:
    """Return what the page says of a code that is not right."""
    sentence = _("That code is not right. Check that the clock of your phone is right and type the newest code.")
    return {"code": sentence}
