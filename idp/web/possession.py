"""What the sender of a request proves to hold: the key of its DPoP proof, the key of its client certificate."""

from flask import Blueprint, Response, g, request

from federation.binding import dpop
from federation.client_authentication.certificates import ClientCertificate
from federation.errors import InvalidDpopProof
from idp.web.services import services

HEADER = "DPoP"


def dpop_key(access_token: str | None = None) -> str | None:
    """Return the thumbprint of the key proved in the header; None if no proof came, and none was needed.

    With `access_token` the proof must come, and name it. Raises InvalidDpopProof or UseDpopNonce.
    """
    proof = request.headers.get(HEADER)
    if proof is None and access_token is None:
        return None
    use = services()
    return dpop.check(
        g.pop("dpop_proof", None) or dpop.read(proof or "", at_resource=access_token is not None),
        method=request.method,
        addresses=[base + request.path for base in (use.settings.issuer, use.settings.mtls_url) if base],
        store=use.ephemeral,
        nonces=use.nonces,
        now=use.clock.now(),
        access_token=access_token,
    )


def certificate() -> ClientCertificate | None:
    """Return the client certificate that a proxy of ours saw; None if there was none."""
    found: ClientCertificate | None = g.get("client_certificate")
    return found


def thumbprint() -> str | None:
    """Return what a token is bound by to that certificate."""
    found = certificate()
    return None if found is None else found.thumbprint


def ask_for_nonce() -> None:
    """Ask for a fresh nonce before anything of the request is spent (RFC 9449 section 8).

    Its sender may then send all the rest again as it is, the assertion that proves who it is too. Raises UseDpopNonce.
    """
    proof = request.headers.get(HEADER)
    if proof is None:
        return
    use = services()
    try:
        g.dpop_proof = dpop.read(proof, at_resource=False)
    except InvalidDpopProof:
        return  # told, and recorded, once it is known who sent it
    dpop.check_nonce(g.dpop_proof, use.nonces, use.clock.now(), at_resource=False)


def renew(bp: Blueprint) -> None:
    """Give a fresh nonce with every answer to a proof, refusals included (RFC 9449 section 8.2)."""
    bp.after_request(_renew)


def _renew(response: Response) -> Response:
    if HEADER in request.headers:
        use = services()
        response.headers["DPoP-Nonce"] = use.nonces.issue(use.clock.now())
    return response
