"""Authorization details are refused unless their type knows every field and value (RFC 9396 section 5)."""

import json
from dataclasses import replace

import pytest

from federation.authorization.detail_types import LANGUAGES, MalformedTypes, read
from federation.authorization.details import LONGEST, MOST, canonical, check, narrowed
from federation.errors import InvalidAuthorizationDetails
from idp.web.language import NAMES
from tests.support.payments import PAYMENT, RECORD, TYPES

KNOWN = read(TYPES)


@pytest.fixture
def payer(relying_party):
    return replace(relying_party, authorization_details_types=tuple(KNOWN))


def changed(detail=PAYMENT, **fields):
    return {name: value for name, value in (detail | fields).items() if value is not None}


def test_what_fits_its_type_is_kept_as_it_was_written(payer):
    dated = changed(requestedExecutionDate="2026-12-24")

    assert check(json.dumps([dated, RECORD]), payer, KNOWN) == (dated, RECORD)
    assert check(None, payer, KNOWN) == ()


UNFIT = {
    "of an unknown type": changed(type="payment"),
    "of no type": changed(type=None),
    "of a type that is no name": changed(type=["payment_initiation"]),
    "an unknown field": changed(purpose="tax"),
    "a missing field": changed(creditorName=None),
    "a number for text": changed(creditorName=7),
    "no text": changed(creditorName=" "),
    "long text": changed(creditorName="a" * 141),
    "text that turns the line around": changed(creditorName="abc\u202e001"),
    "text that nobody sees": changed(creditorName="\u3164"),
    "text of a joiner alone": changed(creditorName="\u200d"),
    "text that covers the line above": changed(creditorName="Merchant" + "\u0302" * 9),
    "two lines": changed(creditorName="Merchant A\nAmount: 1"),
    "a null in text": changed(creditorName="a\0"),
    "half a character": changed(creditorName="\ud800"),
    "an unknown choice": changed(actions=["cancel"]),
    "a choice twice": changed(actions=["initiate", "initiate"]),
    "no choice": changed(actions=[]),
    "a choice for a list": changed(actions="initiate"),
    "a list in a list": changed(actions=[["initiate"]]),
    "another currency": changed(instructedAmount={"currency": "USD", "amount": "1"}),
    "a list of currencies": changed(instructedAmount={"currency": ["EUR"], "amount": "1"}),
    "a sum as a number": changed(instructedAmount={"currency": "EUR", "amount": 1}),
    "a sum below nothing": changed(instructedAmount={"currency": "EUR", "amount": "-1"}),
    "a sum in other digits": changed(instructedAmount={"currency": "EUR", "amount": "\u0661"}),
    "a sum with an exponent": changed(instructedAmount={"currency": "EUR", "amount": "1e9"}),
    "more than a sum": changed(instructedAmount={"currency": "EUR", "amount": "1", "tip": "2"}),
    "no day": changed(requestedExecutionDate="2026-02-30"),
    "a week": changed(requestedExecutionDate="2026-W01-1"),
    "a null": changed(requestedExecutionDate=None) | {"requestedExecutionDate": None},
    "an unknown part": changed(RECORD, part="debts"),
    "a list for a part": changed(RECORD, part=["owners"]),
    "a number that is none": changed(RECORD, years=True),
    "a broken number": changed(RECORD, years=1.5),
    "a number beyond all readers": changed(RECORD, years=2**60),
    "a flag that is none": changed(RECORD, debts=1),
}


@pytest.mark.parametrize("detail", UNFIT.values(), ids=UNFIT)
def test_one_that_does_not_fit_is_refused_and_with_it_all(payer, detail):
    for details in ([detail], [PAYMENT, detail]):
        with pytest.raises(InvalidAuthorizationDetails):
            check(json.dumps(details), payer, KNOWN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "[[]]",
        '["payment_initiation"]',
        "[" * 4_000,
        json.dumps(PAYMENT),
        json.dumps([PAYMENT, PAYMENT]),
        json.dumps([PAYMENT | {"creditorName": str(number)} for number in range(MOST + 1)]),
        json.dumps([PAYMENT])[:-1] + " " * LONGEST + "]",
        '[{"type": "payment_initiation", "type": "payment_initiation"}]',
        '[{"type": "https://land.example/record", "part": "owners", "years": NaN}]',
        '[{"type": "https://land.example/record", "part": "owners", "years": 1e999}]',
        '[{"type": "https://land.example/record", "part": "owners", "years": ' + "9" * 4_000 + "}]",
    ],
)
def test_anything_but_a_short_list_of_objects_is_refused(payer, text):
    with pytest.raises(InvalidAuthorizationDetails):
        check(text, payer, KNOWN)


def test_a_type_is_asked_for_only_by_those_registered_for_it(relying_party):
    with pytest.raises(InvalidAuthorizationDetails):
        check(json.dumps([PAYMENT]), replace(relying_party, authorization_details_types=(RECORD["type"],)), KNOWN)


def test_a_token_has_all_that_was_granted_or_some_of_it_and_never_more():
    granted = (PAYMENT, RECORD)

    assert narrowed(None, granted) == granted
    assert narrowed(json.dumps([dict(reversed(RECORD.items()))]), granted) == (RECORD,)
    for more in ([changed(creditorName="Merchant B")], [PAYMENT, changed(actions=["status"])], [RECORD | {"debts": 1}]):
        with pytest.raises(InvalidAuthorizationDetails):
            narrowed(json.dumps(more), granted)
    with pytest.raises(InvalidAuthorizationDetails):
        narrowed(json.dumps([PAYMENT]), ())


def test_equal_objects_have_one_text_and_others_another():
    assert canonical(PAYMENT) == canonical(dict(reversed(PAYMENT.items())))
    assert canonical({"a": True}) != canonical({"a": 1}) != canonical({"a": 1.0})


def field(**changes):
    plain = {"name": "a", "kind": "text", "words": {"en": "A", "cy": "A"}}
    written = {name: value for name, value in (plain | changes).items() if value is not None}
    return [{"type": "t", "words": {"en": "T", "cy": "T"}, "fields": [written]}]


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        ["t"],
        [{"type": "t"}],
        field(name="type"),
        field(name="<b>"),
        field(kind="json"),
        field(kind=["text"]),
        field(words={"en": "A"}),
        field(words={"en": "A", "cy": ""}),
        field(words={"en": "A", "cy": "\u202e"}),
        field(words="A"),
        field(required="yes"),
        field(choices={"x": {"en": "X", "cy": "X"}}),
        field(kind="choice"),
        field(kind="choice", choices={"x": "X"}),
        field(kind="amount"),
        field(kind="amount", currencies=["pounds"]),
        field(hidden=True),
        field() * 2,
    ],
)
def test_an_operator_is_told_what_cannot_be_used(document):
    with pytest.raises(MalformedTypes):
        read(document)


def test_words_are_in_every_language_of_the_pages():
    assert set(LANGUAGES) == set(NAMES)
