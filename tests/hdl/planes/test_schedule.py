"""The order in which serial units work, and how wide their adders are."""

from itertools import product

import pytest

from bitwright.hdl.formats import IntegerFormat
from bitwright.hdl.planes.schedule import Schedule, ShiftedSum, turns


@pytest.mark.parametrize(("a", "b"), list(product((1, 3, 8), (1, 2, 8))))
def test_each_pair_has_its_turn_once_from_the_lowest_weight_up(a, b):
    order = turns(Schedule.SERIAL, a, b)
    assert order.b is not None
    pairs = list(zip(order.a, order.b, strict=True))
    assert sorted(pairs) == list(product(range(a), range(b)))
    weight = 0
    for cycle, pair in enumerate(pairs):
        weight += cycle in order.heavier
        assert sum(pair) == weight


def test_planes_of_activations():
    order = turns(Schedule.ACTIVATION_SERIAL, 4, 3)
    assert (list(order.a), order.b, list(order.heavier)) == ([0, 1, 2, 3], None, [1, 2, 3])
    assert turns(Schedule.PARALLEL, 4, 3).cycles == 1


def test_adder_of_a_serial_sum_is_narrow():
    """128 lanes of int6: 13 bits to add to, where the sum of all has 19 and the low ones leave."""
    order = turns(Schedule.SERIAL, 6, 6)
    state = ShiftedSum(IntegerFormat.holding(-128, 128), order, IntegerFormat(19)).state
    assert (state["high"].width, state["low"].width) == (13, 10)
