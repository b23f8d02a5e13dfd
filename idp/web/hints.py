"""ID tokens of ours that agencies send back, to say whom they mean."""

from collections.abc import Mapping
from typing import Any

from idp.web.services import services
from keys.errors import InvalidSignature
from keys.states import Purpose


def read_hint(token: str) -> Mapping[str, Any] | None:
    """Return the claims of an ID token of ours, expired or not, or None.

    A signed answer of userinfo has the same type and the same keys; it alone never ends (OIDC Core section 5.3.2).
    """
    try:
        claims = services().signer.verify(token, Purpose.ID_TOKEN, typ="JWT")
    except InvalidSignature:
        return None
    return claims if "exp" in claims else None
