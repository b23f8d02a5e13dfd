"""Letters: every one has words in every language, keeps no secret in sight, and reaches a mail server."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from idp.notices import letters
from idp.notices.letters import AddressInUse, CredentialChanged, EmailChanged, EmailCode, Letter, NameChanged, NewDevice
from idp.notices.rendering import Rendered, render
from idp.notices.senders import DeliveryFailed, OnScreen, Smtp, sender_at
from idp.web.language import NAMES
from tests.support.mail import Mailbox, mail_server
from tests.support.server import free_port

AT = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
TO = "amina@example.org"
SERVICE = "https://id.example.org"
EVERY = [
    EmailCode(to=TO, language="en", code="123456"),
    AddressInUse(to=TO, language="en"),
    NewDevice(to=TO, language="en", at=AT, device="Firefox on Linux"),
    EmailChanged(to=TO, language="en", at=AT),
    NameChanged(to=TO, language="en", at=AT),
    *(CredentialChanged(to=TO, language="en", at=AT, change=change) for change in sorted(letters.CHANGES)),
]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


def sender(box: Mailbox) -> Smtp:
    made = sender_at(f"smtp://127.0.0.1:{box.port}", "no-reply@id.example.org")
    assert isinstance(made, Smtp)
    return made


def test_every_letter_is_tried_here() -> None:
    assert {type(letter) for letter in EVERY} == set(letters.LETTERS.values())


@pytest.mark.parametrize("letter", EVERY, ids=lambda letter: getattr(letter, "change", letter.name))
@pytest.mark.parametrize("language", sorted(NAMES))
def test_every_letter_has_words_in_every_language(letter: Letter, language: str) -> None:
    written = letters.from_payload({**letters.to_payload(letter), "language": language})

    rendered = render(written, service=SERVICE)

    assert rendered.subject
    assert len(rendered.text.splitlines()) > 1
    assert "{" not in rendered.subject + rendered.text
    if language != "en":
        assert rendered.subject != render(letter, service=SERVICE).subject


@pytest.mark.parametrize("letter", EVERY, ids=lambda letter: getattr(letter, "change", letter.name))
def test_a_letter_survives_the_outbox(letter: Letter) -> None:
    assert letters.from_payload(letters.to_payload(letter)) == letter


def test_a_letter_says_its_code_once_it_is_read_and_never_in_a_log() -> None:
    letter = EmailCode(to=TO, language="en", code="654321")
    rendered = render(letter, service=SERVICE)

    assert "654321" in rendered.text
    assert "654321" not in repr(letter)
    assert "654321" not in repr(rendered)
    assert TO not in repr(letter)


def test_a_change_that_has_no_words_is_refused() -> None:
    with pytest.raises(ValueError, match="no letter"):
        CredentialChanged(to=TO, language="en", at=AT, change="invented")


def test_a_letter_reaches_the_mail_server(mailbox: Mailbox) -> None:
    sender(mailbox).send("m1", TO, Rendered("Caff\u00e8 subject", "Words.\n.\nMore.\n"))

    [got] = mailbox.letters
    assert (got["To"], got["Subject"], got["From"]) == (TO, "Caff\u00e8 subject", "no-reply@id.example.org")
    assert got["Message-ID"] == "<m1@id.example.org>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got.get_content().replace("..", ".").split() == ["Words.", ".", "More."]


@pytest.mark.parametrize(
    "to", ["", "nobody", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org", "a b@example.org"]
)
def test_an_address_that_is_not_one_is_never_sent_to(mailbox: Mailbox, to: str) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        sender(mailbox).send("m1", to, Rendered("Subject", "Words."))

    assert failed.value.final
    assert mailbox.letters == []


@pytest.mark.parametrize(("answer", "final"), [("550 nobody here", True), ("450 later", False)])
def test_a_refused_recipient_is_tried_again_only_if_that_may_help(mailbox: Mailbox, answer: str, final: bool) -> None:
    mailbox.answer_to_recipients = answer

    with pytest.raises(DeliveryFailed) as failed:
        sender(mailbox).send("m1", TO, Rendered("Subject", "Words."))

    assert failed.value.final is final
    assert TO not in str(failed.value)


def test_a_mail_server_that_is_away_may_come_back() -> None:
    away = Smtp(host="127.0.0.1", port=free_port(), sender="no-reply@id.example.org", tls="none")

    with pytest.raises(DeliveryFailed) as failed:
        away.send("m1", TO, Rendered("Subject", "Words."))

    assert not failed.value.final


def test_a_mail_server_without_tls_gets_nothing(mailbox: Mailbox) -> None:
    strict = Smtp(host="127.0.0.1", port=mailbox.port, sender="no-reply@id.example.org")

    with pytest.raises(DeliveryFailed):
        strict.send("m1", TO, Rendered("Subject", "Words."))

    assert mailbox.letters == []


def test_mail_servers_elsewhere_are_reached_with_tls_only() -> None:
    plain, implicit = (
        sender_at("smtp://u%40x:p%3A@mail.example.org", "a@b.example"),
        sender_at("smtps://m.example", "a"),
    )

    assert isinstance(plain, Smtp)
    assert isinstance(implicit, Smtp)
    assert (plain.port, plain.tls, plain.user, plain.password) == (587, "starttls", "u@x", "p:")
    assert (implicit.port, implicit.tls) == (465, "implicit")
    assert isinstance(sender_at("screen:", "a"), OnScreen)
    assert sender_at(None, "a") is None
