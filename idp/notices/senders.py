"""Ways for a letter to reach a citizen."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from typing import ClassVar, Protocol
from urllib.parse import unquote, urlsplit

from federation.relying_parties.uris import is_loopback
from idp.notices.rendering import Rendered
from idp.setting_values import MAIL_PORTS, ON_SCREEN

TIMEOUT_SECONDS = 10.0


class DeliveryFailed(Exception):
    """It did not arrive; the argument names the kind of failure, never an address. `final`: no use trying again."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class Sender(Protocol):
    """Delivers one letter, or raises DeliveryFailed."""

    keeps: ClassVar[bool]
    """Whether the outbox keeps the letter to be read there."""

    def send(self, message_id: str, to: str, letter: Rendered) -> None:
        """Deliver; the same `message_id` may come again after a failure nobody could tell from a success."""


class OnScreen:
    """Leaves letters in the outbox, where the sandbox's outbox page shows them."""

    keeps: ClassVar[bool] = True

    def send(self, message_id: str, to: str, letter: Rendered) -> None:
        """Do nothing: it is where it shall be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """A mail server: TLS from the start, or STARTTLS; in clear only to this machine."""

    keeps: ClassVar[bool] = False
    host: str
    port: int
    sender: str
    """Address the letters come from."""
    tls: str = "starttls"
    """`starttls`, `implicit` or `none`."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def send(self, message_id: str, to: str, letter: Rendered) -> None:
        """Deliver to the mail server, which answers for the rest."""
        message = self._message(message_id, to, letter)
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise DeliveryFailed("recipient refused", final=all(code >= 500 for code in codes)) from None  # noqa: PLR2004 - RFC 5321 section 4.2.1
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryFailed(type(error).__name__) from None

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.tls == "implicit":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            if self.tls == "starttls":
                server.starttls(context=context)
            if self.user is not None:
                server.login(self.user, self.password or "")
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, message_id: str, to: str, letter: Rendered) -> EmailMessage:
        message = EmailMessage()
        try:
            message["To"] = Address(addr_spec=to)
        except (ValueError, IndexError):
            raise DeliveryFailed("unusable address", final=True) from None
        message["From"] = self.sender
        message["Subject"] = letter.subject
        message["Message-ID"] = f"<{message_id}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message


def sender_at(url: str | None, sender: str) -> Sender | None:
    """Return what COUNTERSIGN_MAIL_URL names; None for none. `smtp` insists on STARTTLS, except to this machine."""
    if url is None:
        return None
    if url == ON_SCREEN:
        return OnScreen()
    parts = urlsplit(url)
    host = parts.hostname or ""
    return Smtp(
        host=host,
        port=parts.port or MAIL_PORTS[parts.scheme],
        sender=sender,
        tls="implicit" if parts.scheme == "smtps" else "none" if is_loopback(host) else "starttls",
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )
