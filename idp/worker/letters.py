"""How letters of the outbox are delivered."""

from idp.notices.letters import KIND, from_payload
from idp.notices.outbox import Message, Payload
from idp.notices.rendering import render
from idp.notices.senders import sender_at
from idp.web.services import Services
from idp.worker.deliveries import Handler


def letter_handler(use: Services) -> tuple[str, Handler | None]:
    """Return what sends letters; None while no way of sending is set, so that they wait until they are void."""
    sender = sender_at(use.settings.mail_url, use.settings.mail_from or f"no-reply@{use.rp_id}")
    if sender is None:
        return KIND, None

    def send(message: Message, payload: Payload) -> bool:
        letter = from_payload(payload)
        sender.send(message.message_id, letter.to, render(letter, service=use.settings.issuer))
        return sender.keeps

    return KIND, send
