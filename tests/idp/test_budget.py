"""What one SSO sign-in may cost the stores (design: one grant and two audit rows, few round trips)."""

from tests.support.counting import cost_of_sign_in
from tests.support.stores import Pair

ROWS = 3
QUERIES = 7
TRIPS = 2
"""The code is kept, and the code is taken."""


def test_a_sign_in_keeps_three_rows_and_asks_little(pair: Pair) -> None:
    cost, counted = cost_of_sign_in(pair.database_url, pair.ephemeral_url)

    assert cost.rows == ROWS, counted.statements
    assert cost.queries <= QUERIES, counted.statements
    assert cost.trips <= TRIPS, counted.trips
