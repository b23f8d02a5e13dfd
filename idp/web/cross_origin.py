"""Let scripts of other sites call: what is public, or asks for its own proof, never for a cookie (Fetch, CORS)."""

from flask import Blueprint, Response, request

_ANSWER = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "DPoP-Nonce, WWW-Authenticate"}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, DPoP",
    "Access-Control-Max-Age": "7200",
}


def allow(bp: Blueprint) -> None:
    """Open every endpoint of `bp`, errors included. Credentials are not allowed: a browser sends no cookie."""
    bp.after_request(_open)


def _open(response: Response) -> Response:
    if "Origin" in request.headers:
        response.headers.extend(_ANSWER)
        if request.method == "OPTIONS":
            response.headers.extend(_PREFLIGHT)
    return response
