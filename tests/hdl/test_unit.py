"""Arguments of the wrong kind are refused at once, by name."""

import pytest
from expect import refused

from bitwright.hdl.convert.float_converter import FloatConverter
from bitwright.hdl.dot.dot_product import DotProduct
from bitwright.hdl.formats import parse_format
from bitwright.hdl.multiply.float_multiplier import FloatMultiplier


@pytest.mark.parametrize(
    ("unit", "arguments", "message"),
    [
        (
            FloatMultiplier,
            {"a": "e4m3fn"},
            "The parameter 'a' must be a FloatFormat, not 'e4m3fn'; "
            "parse_format('e4m3fn') gives a format",
        ),
        (
            FloatMultiplier,
            {"b": parse_format("int8")},
            "The parameter 'b' must be a FloatFormat, not <format int8>",
        ),
        (
            FloatMultiplier,
            {"structure": "booth"},
            "The parameter 'structure' must be a Structure, not 'booth'",
        ),
        (DotProduct, {"lanes": 2.5}, "The parameter 'lanes' must be an integer, not 2.5"),
        (DotProduct, {"lanes": True}, "The parameter 'lanes' must be an integer, not True"),
        (DotProduct, {"o": 3}, "The parameter 'o' must be a NumberFormat or None, not 3"),
        (
            FloatConverter,
            {"projection": None},
            "The parameter 'projection' must be a Projection, not None",
        ),
    ],
)
def test_wrong_kinds(unit, arguments, message):
    with refused(message, TypeError):
        unit(**arguments)
