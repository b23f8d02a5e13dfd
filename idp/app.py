"""The web application: every endpoint and page around the collaborators that `idp.assembly` makes.

Order of calls of a request: a public document is answered at once; else a place is waited for, telemetry begins,
`proxies` and `bounds` look at it, the blueprint names its callers, the view runs inside its unit of work, an error is
rendered, headers are added.
"""

from flask import Flask

from idp.assembly import build
from idp.clock import Clock
from idp.endpoints import (
    authorize,
    described,
    device_authorization,
    discovery,
    global_token_revocation,
    grants,
    health,
    introspect,
    jwks,
    logout,
    par,
    protected_resource,
    register,
    registered,
    revoke,
    static,
    token,
    userinfo,
)
from idp.pages import (
    account,
    agency_errors,
    consent,
    device,
    front,
    help,
    leaving,
    passkeys,
    second_factor,
    select_account,
    sign_in,
    sign_out,
    sign_up,
    sign_up_factors,
    sign_up_passkey,
    staying,
    stronger,
)
from idp.settings import Settings
from idp.web import (
    bounds,
    chosen_language,
    compression,
    csrf,
    errors,
    language,
    proxies,
    server_timing,
    telemetry,
    tracing,
)
from idp.web.admission import Admission
from idp.web.published import Published
from idp.web.ranks import Ranks
from idp.web.transaction import TransactionalFlask
from idp.web.waiting import Tickets
from idp.web.watching import watched

MACHINES = (
    authorize,
    described,
    device_authorization,
    discovery,
    global_token_revocation,
    grants,
    health,
    introspect,
    jwks,
    logout,
    par,
    protected_resource,
    revoke,
    static,
    token,
    userinfo,
)
REGISTRATION = (register, registered)
"""Endpoints that are there only where services may register themselves."""
PEOPLE = (
    agency_errors,
    consent,
    device,
    front,
    help,
    leaving,
    passkeys,
    second_factor,
    select_account,
    sign_in,
    sign_out,
    sign_up,
    sign_up_factors,
    sign_up_passkey,
    staying,
    stronger,
    *account.PAGES,
)


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """Return the WSGI application of one process."""
    use = build(settings, clock)
    app = TransactionalFlask("idp", static_folder=None, template_folder=None)
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    if settings.server_timing == "on":
        server_timing.install(app)
        use = watched(use, server_timing.during)
    if tracing.is_wanted():
        use = watched(use, tracing.install(app, trusted=settings.trusted_proxies))
    app.extensions["countersign"] = use
    telemetry.install(app)
    proxies.install_certificates(app, trusted=settings.mtls_proxies, host=use.mtls_host)
    proxies.install(app, trusted=settings.trusted_proxies, scheme="https" if use.secure else "http")
    bounds.install(app, host=use.host, mtls_host=use.mtls_host)
    pages = frozenset(module.bp.name for module in PEOPLE)
    csrf.install(app, secret=use.cookie_secret, secure=use.secure, pages=pages)
    language.install(app, secure=use.secure)
    chosen_language.install(app, pages=pages)
    errors.install(app)
    compression.install(app)
    for module in (*MACHINES, *PEOPLE, *(() if settings.registration == "closed" else REGISTRATION)):
        app.register_blueprint(module.bp)
    ranks = Ranks(use.cookie_secret, secure=use.secure)
    tickets = Tickets(use.cookie_secret, secure=use.secure)
    app.wsgi_app = Admission(app, use.gate, ranks, tickets, issuer=settings.issuer)  # type: ignore[method-assign]  # Flask's own way
    app.wsgi_app = Published(app, described.PLACES | discovery.PLACES | jwks.PLACES, host=use.host, secure=use.secure)  # type: ignore[method-assign]  # Flask's own way
    return app
