"""What a client that knows only the address of userinfo needs to get a token for it (RFC 9728)."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from federation.discovery import protected_resource
from idp.citizens.attributes import TOLD
from idp.web.access import anyone
from idp.web.services import services

PATH = "/.well-known/oauth-protected-resource/userinfo"

bp = Blueprint("protected_resource", __name__)
bp.before_request(anyone)


@bp.get(PATH)
def metadata() -> ResponseReturnValue:
    """Tell who issues tokens for userinfo, and how they are brought."""
    settings = services().settings
    headers = {"Cache-Control": f"public, max-age={settings.jwks_max_age}", "Access-Control-Allow-Origin": "*"}
    return jsonify(protected_resource(settings.issuer, claims=TOLD)), headers
