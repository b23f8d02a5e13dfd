"""The capacity page is what its figures say, and its sums move as what they stand for does."""

from dataclasses import replace

import pytest

from tests.load.capacity import PAGE, POPULATIONS, Prices, page, plan, read_figures

FIGURES = read_figures()


def test_the_page_is_what_the_command_writes_from_the_figures():
    assert PAGE.read_text() == page(FIGURES, Prices())


@pytest.mark.parametrize("population", POPULATIONS)
def test_nodes_that_are_left_when_a_zone_is_lost_carry_the_peak(population):
    needed = plan(population, FIGURES, Prices())

    assert needed.nodes % 3 == 0
    assert needed.cores <= needed.nodes * 2 / 3 * 4 * 0.6


def test_twice_the_people_take_twice_of_what_grows_with_them():
    one, two = (plan(population, FIGURES, Prices()) for population in (50_000_000, 100_000_000))

    assert two.rows_a_second == pytest.approx(2 * one.rows_a_second)
    assert two.gigabytes_a_year == pytest.approx(2 * one.gigabytes_a_year)
    assert one.nodes < two.nodes <= 2 * one.nodes


def test_a_slower_sign_in_takes_more_nodes_and_a_dearer_core_more_money():
    slower = replace(FIGURES, service_ms={how: 3 * ms for how, ms in FIGURES.service_ms.items()})
    usual = plan(67_000_000, FIGURES, Prices())

    assert plan(67_000_000, slower, Prices()).nodes > 2 * usual.nodes
    assert plan(67_000_000, FIGURES, Prices(core_hour=1.0)).cost_a_year > usual.cost_a_year
