"""A note of the audit log's end outlives the database it was taken from."""

import pytest

from federation.ephemeral import EphemeralStore
from idp.audit.log import Head
from idp.audit.noted_head import is_behind, note, noted

A, B = "a" * 64, "b" * 64


def test_the_latest_end_is_noted_and_an_older_database_does_not_unsay_it(ephemeral: EphemeralStore) -> None:
    assert noted(ephemeral) is None

    for head in (Head(3, A), Head(7, A), Head(5, B)):
        note(ephemeral, head)

    assert noted(ephemeral) == Head(7, A)


@pytest.mark.parametrize(
    ("head", "before", "behind"),
    [
        (Head(0, A), None, False),
        (Head(7, A), Head(7, A), False),
        (Head(8, B), Head(7, A), False),
        (Head(6, A), Head(7, A), True),
        (Head(7, B), Head(7, A), True),
    ],
)
def test_a_log_is_behind_that_is_shorter_than_noted_or_ends_otherwise(
    head: Head, before: Head | None, behind: bool
) -> None:
    assert is_behind(head, before) is behind
