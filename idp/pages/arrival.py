"""The end of every way in: the level is reckoned, the session begins, the citizen goes on to where they were going."""

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from idp.audit.authentication import AuthenticationSucceeded
from idp.authentication import levels
from idp.citizens.model import Citizen
from idp.notices.letters import NewDevice, send
from idp.sessions.devices import describe
from idp.sessions.model import Session
from idp.signin.interaction import Interaction
from idp.web import known_browsers
from idp.web.browser import begin_session, current_session, return_to
from idp.web.services import services
from idp.web.transaction import stores, undo


def arrive(
    interaction: Interaction,
    citizen: Citizen,
    methods: tuple[str, ...],
    *,
    newcomer: bool = False,
    on_top_of: Session | None = None,
) -> ResponseReturnValue:
    """Begin a session worth what `methods` prove together, and go on with the interaction.

    `citizen` was read before the proof was checked: if a credential of theirs was changed meanwhile, they prove again.
    A citizen who was never seen in this browser is told of it by letter, unless they were just made here.
    `on_top_of` is the session whose proofs are among `methods`: adding to those makes none of them fresh. Raises
    `SessionOver` if it has ended meanwhile.
    """
    if on_top_of is None and not newcomer and not _still_so(citizen):
        undo()
        return return_to(interaction.interaction_id)
    amr = levels.combined(*methods)
    acr = levels.level_of(amr)
    begin_session(citizen.citizen_id, amr=amr, acr=acr, on_top_of=on_top_of)
    succeeded = AuthenticationSucceeded(
        at=services().clock.now(),
        citizen_id=citizen.citizen_id,
        amr=amr,
        acr=acr,
        client_id=interaction.client_id or None,
        device=describe(request.headers.get("User-Agent", "")),
    )
    stores().audit.record(succeeded)
    if not newcomer and not known_browsers.is_known(citizen.citizen_id):
        _tell_of_new_device(citizen)
    known_browsers.remember(citizen.citizen_id)
    return return_to(interaction.interaction_id)


def _still_so(citizen: Citizen) -> bool:
    """Whether nothing of theirs was changed since the citizen was read, before the proof; from here on nothing is."""
    stores().credentials.hold(citizen.citizen_id)
    today = stores().citizens.find(citizen.citizen_id)
    return today is not None and today.active and today.access_epoch == citizen.access_epoch


def _tell_of_new_device(citizen: Citizen) -> None:
    now = services().clock.now()
    device = describe(request.headers.get("User-Agent", ""))
    if not device:
        with force_locale(citizen.locale):
            device = _("a device we do not recognise")
    send(
        stores().outbox,
        services().sealer,
        NewDevice(to=citizen.email, language=citizen.locale, at=now, device=device),
        now,
    )


def steps_up(interaction: Interaction) -> Session | None:
    """Return the session to which only a stronger proof is missing, or None if the citizen must sign in from the start.

    A session too old for this interaction, or one the citizen does not want to continue, is no start: a
    code alone must never renew it.
    """
    session = current_session()
    now = services().clock.now()
    if session is None or not session.live(now) or not interaction.accepts_age_of(session, now):
        return None
    return None if levels.at_least(session.acr, interaction.level) else session
