"""What pages that make a passkey have in common: the options they carry, and the check of the browser's answer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import request
from flask_babel import gettext as _

from idp.authentication import passkeys
from idp.authentication.kept_passkeys import Passkey
from idp.authentication.passkey_names import first_name
from idp.authentication.passkeys import Owner
from idp.sessions.devices import describe
from idp.web.services import services


def creation(owner: Owner, bound_to: str, existing: Sequence[Passkey] = ()) -> dict[str, Any]:
    """Return what a page needs to let the browser make a passkey that none of the `existing` keepers has yet."""
    use = services()
    return passkeys.creation_options(use.ephemeral, owner, existing, rp_id=use.rp_id, bound_to=bound_to)


def check_made(owner: Owner, bound_to: str) -> Passkey:
    """Return the passkey that this form brings, with its first name; raise `PasskeyRefused`."""
    use = services()
    made = passkeys.check_creation(
        use.ephemeral,
        request.form.get("credential", ""),
        owner,
        origin=use.settings.issuer,
        rp_id=use.rp_id,
        bound_to=bound_to,
        now=use.clock.now(),
    )
    return replace(made, name=first_name(made.aaguid, describe(request.headers.get("User-Agent", ""))))


def not_made() -> dict[str, str]:
    """Return what the page says when no passkey came of it."""
    return {"": _("No passkey was made. Try again, or choose another way.")}
