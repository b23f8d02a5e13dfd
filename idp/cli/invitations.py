"""`countersign invitations`: let an agency's developers register its services themselves. On a running service too."""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any

import click

from federation.discovery import scopes
from federation.dynamic_registration.invitations import Invitation
from federation.dynamic_registration.tokens import hash_token, mint_token
from federation.relying_parties.metadata_reader import MetadataReader
from idp import setting_values
from idp.audit.agencies import InvitationMade, InvitationWithdrawn
from idp.citizens.attributes import TOLD
from idp.cli import TAKES_ID, Refusal
from idp.cli.printing import json_option, print_json, print_rows, say
from idp.cli.session import opened

BY = "operator"
LONGEST = timedelta(days=366)
MOST_USES = 1_000
_LISTED = ("invitation_id", "agency", "state", "used", "uses", "ends_at", "profile", "scope")


@click.group()
def invitations() -> None:
    """Invite agencies to register their services themselves."""


@invitations.command(
    epilog="""\b
Example:
  countersign invitations add --agency "City of Lund" --uses 3 --valid 14d"""
)
@click.option("--agency", required=True, help="What citizens read: the organisation. Its services cannot say another.")
@click.option("--uses", type=click.IntRange(1, MOST_USES), default=1, show_default=True, help="Services in all.")
@click.option("--valid", default="7d", show_default=True, help="How long, such as 12h or 30d; a year at most.")
@click.option("--scope", help="What they may ask for; if not given, what every citizen may be asked.")
@click.option("--profile", type=click.Choice(["standard", "fapi2"]), default="standard", show_default=True)
@json_option
def add(*, agency: str, uses: int, valid: str, scope: str | None, profile: str, as_json: bool) -> None:
    """Make an invitation and print its token, an initial access token of RFC 7591: it is shown only now."""
    read = MetadataReader({"agency": agency, "scope": scope})
    named, wanted = read.text("agency"), read.scope()
    if named is None or read.faults:
        raise Refusal("No invitation was made.\n  " + "\n  ".join(map(str, read.faults)))
    use = opened()
    if use.settings.registration == "closed":
        raise Refusal("No invitation was made: COUNTERSIGN_REGISTRATION is closed, so nobody could use it.")
    now, token = use.clock.now(), mint_token()
    made = Invitation(
        invitation_id=token_urlsafe(9),
        agency=named,
        scope=scopes(TOLD) if wanted is None else wanted,
        profile=profile,
        uses=uses,
        created_at=now,
        ends_at=now + _span(valid),
    )
    with use.database.work() as stores:
        stores.invitations.add(made, hash_token(token))
        event = InvitationMade(
            at=now, invitation_id=made.invitation_id, agency=named, uses=uses, ends_at=made.ends_at, by=BY
        )
        stores.audit.record(event)
    told = _described(made, now) | {"registration_endpoint": f"{use.settings.issuer}/register", "token": token}
    if as_json:
        print_json(told)
    else:
        print_rows(["field", "value"], [{"field": name, "value": value} for name, value in told.items()])
    say("Give the token to the agency now: it is not shown again.")


@invitations.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List every invitation, newest first, and whether it is open still. Tokens are not kept."""
    use = opened()
    with use.database.work() as stores:
        found = stores.invitations.list()
    described = [_described(invitation, use.clock.now()) for invitation in found]
    if as_json:
        print_json(described)
    else:
        print_rows(_LISTED, described)


@invitations.command(context_settings=TAKES_ID)
@click.argument("invitation_id")
def withdraw(invitation_id: str) -> None:
    """End an invitation now. What was registered with it stays."""
    use = opened()
    now = use.clock.now()
    with use.database.work() as stores:
        if not stores.invitations.withdraw(invitation_id, now):
            raise Refusal(
                f"No invitation {invitation_id!r} is there to withdraw. `countersign invitations list` shows them."
            )
        stores.audit.record(InvitationWithdrawn(at=now, invitation_id=invitation_id, by=BY))
    say("It is withdrawn: nobody registers with it any more.")


def _span(text: str) -> timedelta:
    try:
        span = setting_values.duration(text)
    except ValueError as error:
        raise Refusal(f"--valid {error}.") from None
    if not timedelta() < span <= LONGEST:
        raise Refusal("--valid must be more than nothing and a year at most.")
    return span


def _described(invitation: Invitation, now: datetime) -> dict[str, Any]:
    return {
        "invitation_id": invitation.invitation_id,
        "agency": invitation.agency,
        "scope": " ".join(invitation.scope),
        "profile": invitation.profile,
        "uses": invitation.uses,
        "used": invitation.used,
        "state": invitation.state(now),
        "created_at": invitation.created_at.isoformat(),
        "ends_at": invitation.ends_at.isoformat(),
    }
