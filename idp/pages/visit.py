"""One visit to a page of an interaction: which one it is, and which service the citizen is on the way to."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from idp.signin.interaction import Interaction
from idp.web import own_sign_in
from idp.web.browser import current_session, find_interaction
from idp.web.rendering import render
from idp.web.services import services
from idp.web.transaction import stores


@dataclass(frozen=True, slots=True)
class Visit:
    """What every page of an interaction shows beside its own words."""

    interaction: Interaction
    service: str
    agency: str

    @property
    def seconds_left(self) -> int:
        """How long the citizen has to finish."""
        return max(0, int((self.interaction.ends_at - services().clock.now()).total_seconds()))

    def render(self, template: str, **context: Any) -> str:
        """Render a page of this interaction."""
        return render(
            template,
            interaction_id=self.interaction.interaction_id,
            service=self.service,
            agency=self.agency,
            seconds_left=self.seconds_left,
            **context,
        )


def visit(interaction_id: str) -> Visit:
    """Return the visit; raise the page errors of `find_interaction`.

    The session is looked up first, because that may note in a transaction of its own when it was last
    seen, which on SQLite cannot be done once this request has begun to write.
    """
    current_session()
    interaction = find_interaction(interaction_id)
    if own_sign_in.is_ours(interaction):
        return Visit(interaction, _("your account"), "")
    service = stores().relying_parties.find(interaction.client_id)
    if service is None:
        return Visit(interaction, "", "")
    return Visit(interaction, service.client_name, service.agency)
