"""GET /static/<fingerprint>/<name>: the stylesheet, the script and the mark, for any browser."""

from flask import Blueprint, Response, abort, request

from idp.web.access import anyone
from idp.web.assets import assets

FOREVER = "public, max-age=31536000, immutable"
UNSURE = "no-cache"
"""For a fingerprint of another release: served, since both run during an upgrade, but never kept under that name."""

bp = Blueprint("static_files", __name__)
bp.before_request(anyone)


@bp.get("/static/<fingerprint>/<name>")
def static(fingerprint: str, name: str) -> Response:
    """Serve one asset, compressed for those who can read it; 404 for a name we don't have."""
    asset = assets().get(name)
    if asset is None:
        abort(404)
    compressed = request.accept_encodings["gzip"] > 0
    answer = Response(asset.compressed if compressed else asset.body, content_type=asset.media_type)
    if compressed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = FOREVER if fingerprint == asset.fingerprint else UNSURE
    answer.set_etag(f"{asset.fingerprint}-gzip" if compressed else asset.fingerprint)
    answer.make_conditional(request)
    return answer
