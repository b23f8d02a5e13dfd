"""GET /jwks: the keys agencies verify our tokens with (RFC 7517 section 5). Answered from memory, store or no store."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from idp.web.access import anyone
from idp.web.services import services

bp = Blueprint("jwks", __name__)
bp.before_request(anyone)


@bp.get("/jwks")
def keys() -> ResponseReturnValue:
    """Give the document, or 304 to whoever has it already (RFC 9110 section 13.1.2)."""
    use = services()
    found = use.signer.jwks()
    headers = {
        "ETag": found.etag,
        "Cache-Control": f"public, max-age={use.settings.jwks_max_age}",
        "Access-Control-Allow-Origin": "*",
    }
    if request.headers.get("If-None-Match") == found.etag or request.if_none_match.contains_weak(found.etag.strip('"')):
        return Response(status=304, headers=headers)
    return Response(found.body, content_type="application/json", headers=headers)
