"""JSON of strangers: what two readers might understand differently is refused, and nothing else breaks."""

import pytest

from federation.strict_json import DEEPEST, NotStrictJson, parse_object


def test_an_object_that_every_reader_understands_alike_is_read() -> None:
    assert parse_object('{"a": [1, "\u0141"], "b": {"c": null}}'.encode()) == {"a": [1, "\u0141"], "b": {"c": None}}
    assert parse_object(rb'{"a\\u0000": "\ud83c\udfdb \\ud800"}') == {"a\\u0000": "\U0001f3db \\ud800"}
    assert parse_object(b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b'{"a": 1} {"b": 2}',
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": "\xff"}',
        rb'{"a": "b\u0000"}',
        rb'{"a\u0000": 1}',
        rb'{"a": [{"b": ["\uD800"]}]}',
        rb'{"a": "\udfdb\ud83c"}',
        b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1),
        b"[" * 100_000,
    ],
)
def test_anything_else_is_refused(text: bytes) -> None:
    with pytest.raises(NotStrictJson):
        parse_object(text)
