"""The language a signed-in citizen picks on a page is theirs from then on: letters come in it."""

from collections.abc import Collection

from flask import Flask, request

from idp.web import language
from idp.web.browser import current_session
from idp.web.services import services
from idp.web.transaction import stores


def install(app: Flask, *, pages: Collection[str]) -> None:
    """Remember what is picked on one of `pages`, the names of blueprints; elsewhere `lang` is an agency's word."""

    @app.before_request
    def remember() -> None:
        """Keep it in a transaction of its own, before the page may begin one."""
        picked = language.picked()
        from_elsewhere = request.headers.get("Sec-Fetch-Site") == "cross-site"
        if picked is None or from_elsewhere or request.blueprint not in pages:
            return
        session = current_session()
        citizen = stores().citizens.find(session.citizen_id) if session else None
        if citizen is not None and citizen.locale != picked:
            with services().database.work() as own:
                own.citizens.change_locale(citizen.citizen_id, picked, services().clock.now())
