"""An address is proved once, in few tries, by the newest code alone."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import time

import pytest

from federation.ephemeral import EphemeralStore
from idp.authentication import email_codes
from idp.authentication.email_codes import (
    ALPHABET,
    LENGTH,
    LETTERS,
    LETTERS_OF_DAY,
    LETTERS_TO_CITIZEN,
    TRIES,
    NoCode,
    TriesSpent,
)
from idp.authentication.peppers import Peppers
from idp.citizens.email import parse
from idp.storage.ephemeral.in_sqlite import InSqlite

PEPPERS = Peppers({1: b"o" * 32})
ADA = parse("Ada@example.org")


def wrong(code: str) -> str:
    return code[1:] + ("B" if code[0] != "B" else "C")


def test_the_code_in_the_letter_proves_the_address_once(ephemeral: EphemeralStore) -> None:
    code = email_codes.mint(ephemeral, PEPPERS, "i1", ADA)

    assert email_codes.prove(ephemeral, PEPPERS, "i1", f" {code[:4]} {code[4:].lower()}") == ADA
    with pytest.raises(NoCode):
        email_codes.prove(ephemeral, PEPPERS, "i1", code)


def test_racing_proofs_get_one_winner(ephemeral: EphemeralStore) -> None:
    code = email_codes.mint(ephemeral, PEPPERS, "i1", ADA)

    def run(_: int) -> bool:
        try:
            return email_codes.prove(ephemeral, PEPPERS, "i1", code) is not None
        except (NoCode, TriesSpent):
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(run, range(16))) == 1


def test_a_burst_of_guesses_gets_no_more_tries_than_a_patient_one(ephemeral: EphemeralStore) -> None:
    code = email_codes.mint(ephemeral, PEPPERS, "i1", ADA)

    def run(_: int) -> bool:
        try:
            return email_codes.prove(ephemeral, PEPPERS, "i1", wrong(code)) is None
        except TriesSpent:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(run, range(20))) == TRIES
    with pytest.raises(TriesSpent):
        email_codes.prove(ephemeral, PEPPERS, "i1", code)


def test_the_code_of_another_interaction_proves_nothing(ephemeral: EphemeralStore) -> None:
    email_codes.mint(ephemeral, PEPPERS, "i1", ADA)
    code = email_codes.mint(ephemeral, PEPPERS, "i2", parse("eve@example.org"))

    with pytest.raises(NoCode):
        email_codes.prove(ephemeral, PEPPERS, "i3", code)
    assert email_codes.prove(ephemeral, PEPPERS, "i1", code) in (None, ADA)


def test_a_new_letter_ends_the_code_of_the_old_one(ephemeral: EphemeralStore) -> None:
    old = email_codes.mint(ephemeral, PEPPERS, "i1", ADA)
    new = email_codes.mint(ephemeral, PEPPERS, "i1", ADA)

    if old != new:
        assert email_codes.prove(ephemeral, PEPPERS, "i1", old) is None
    assert email_codes.prove(ephemeral, PEPPERS, "i1", new) == ADA


@pytest.mark.parametrize("code", ["", "x", "1" * 5000, "\0", "\u0661\u0662\u0663\u0664\u0665\u0666"])
def test_what_is_no_code_is_wrong(ephemeral: EphemeralStore, code: str) -> None:
    email_codes.mint(ephemeral, PEPPERS, "i1", ADA)

    assert email_codes.prove(ephemeral, PEPPERS, "i1", code) is None


def test_an_address_gets_few_letters_a_day_whatever_its_spelling(ephemeral: EphemeralStore) -> None:
    spellings = [ADA, parse("ADA@EXAMPLE.ORG")]

    sent = [email_codes.may_send(ephemeral, spellings[turn % 2], f"browser {turn}") for turn in range(LETTERS + 4)]

    assert sum(sent) == LETTERS
    assert email_codes.may_send(ephemeral, parse("eve@example.org"), "another")


def test_the_letters_of_an_hour_come_back_long_before_the_day_is_over(tmp_path: Path) -> None:
    seconds = [time()]
    store = InSqlite(tmp_path / "ephemeral.sqlite", elapsed=lambda: seconds[0])
    sent = 0
    for hour in range(5):
        sent += sum(email_codes.may_send(store, ADA, f"browser {hour} {turn}") for turn in range(LETTERS + 2))
        assert sent == min(LETTERS * (hour + 1), LETTERS_OF_DAY)
        seconds[0] += 3_601


def test_strangers_at_sign_up_do_not_keep_a_citizen_from_their_new_address(ephemeral: EphemeralStore) -> None:
    for turn in range(LETTERS + 1):
        email_codes.may_send(ephemeral, ADA, f"browser {turn}")

    sent = [email_codes.may_send_to_citizen(ephemeral, ADA, f"citizen {turn}") for turn in range(LETTERS)]

    assert sum(sent) == LETTERS_TO_CITIZEN


def test_all_the_guesses_of_a_day_are_few_among_the_codes_there_are() -> None:
    assert len(ALPHABET) ** LENGTH > TRIES * (LETTERS_OF_DAY + LETTERS_TO_CITIZEN) * 10**8
