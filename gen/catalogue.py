"""The units by name. A new number system adds one line here."""

import ast
import difflib
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a list of names must not wait for Amaranth
    from ..hdl.unit import Unit

__all__ = ["CATALOGUE", "golden_module", "summary", "unit_class"]

#: Name on the command line: module below ``bitwright.hdl`` and class. The golden model stands at
#: the same place below ``bitwright.verif.golden``.
CATALOGUE = {
    "float-converter": "convert.float_converter:FloatConverter",
    "float-multiplier": "multiply.float_multiplier:FloatMultiplier",
    "integer-multiplier": "multiply.integer_multiplier:IntegerMultiplier",
    "lmul-multiplier": "multiply.lmul_multiplier:LMulMultiplier",
    "carry-save-mac": "digit.carry_save_mac:CarrySaveMac",
    "bitmod-encoder": "bitmod.bitmod_encoder:BitmodEncoder",
    "bitmod-pe": "bitmod.bitmod_pe:BitmodPe",
    "digit-encoder": "digit.digit_encoder:DigitEncoder",
    "digit-serial-mac": "digit.digit_serial_mac:DigitSerialMac",
    "mac-array": "array.mac_array:MacArray",
    "packed-multiplier": "multiply.packed_multiplier:PackedMultiplier",
    "dot-product": "dot.dot_product:DotProduct",
    "affine-dot-product": "dot.affine_dot_product:AffineDotProduct",
    "ternary-dot": "shift_add.ternary_dot:TernaryDot",
    "power-of-two-dot": "shift_add.power_of_two_dot:PowerOfTwoDot",
    "constant-dot": "shift_add.constant_dot:ConstantDot",
    "complex-dot": "shift_add.complex_dot:ComplexDot",
    "unpacker": "mixed.unpacker:Unpacker",
    "packer": "mixed.packer:Packer",
    "group-unpacker": "mixed.group_unpacker:GroupUnpacker",
    "outlier-splitter": "mixed.outlier_splitter:OutlierSplitter",
    "mixed-precision-mac": "mixed.mixed_precision_mac:MixedPrecisionMac",
    "shift-add-dot": "shift_add.shift_add_dot:ShiftAddDot",
    "bitplane-dot": "planes.bitplane_dot:BitplaneDot",
    "bipolar-dot": "planes.bipolar_dot:BipolarDot",
    "block-dot-product": "dot.block_dot_product:BlockDotProduct",
    "lut-dot": "table.lut_dot:LutDot",
    "lut-table": "table.lut_table:LutTable",
    "exact-accumulator": "dot.exact_accumulator:ExactAccumulator",
    "block-quantizer": "convert.block_quantizer:BlockQuantizer",
    "block-scale": "convert.block_scale:BlockScale",
    "rms-statistics": "convert.rms_statistics:RmsStatistics",
    "rms-scale": "convert.rms_scale:RmsScale",
    "bitlinear-quantizer": "convert.bitlinear_quantizer:BitLinearQuantizer",
    "block-dequantizer": "convert.block_dequantizer:BlockDequantizer",
    "hadamard-transform": "transform.hadamard_transform:HadamardTransform",
    "requantizer": "convert.requantizer:Requantizer",
    "tensor-shift": "convert.tensor_shift:TensorShift",
    "bit-switch": "convert.bit_switch:BitSwitch",
    "scale-shift-converter": "convert.scale_shift_converter:ScaleShiftConverter",
}

_ROOT = __name__.rpartition(".gen.")[0]


def _location(name: str) -> tuple[str, str]:
    if name not in CATALOGUE:
        near = difflib.get_close_matches(name, CATALOGUE, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise ValueError(f"The unit must be one of {', '.join(CATALOGUE)}, not '{name}'{hint}")
    module, _, class_name = CATALOGUE[name].partition(":")
    return module, class_name


def unit_class(name: str) -> "type[Unit]":
    """The class of a unit.

    Raises:
        ValueError: if there is no unit of this name; the nearest is suggested.
    """
    module, class_name = _location(name)
    return getattr(importlib.import_module(f"{_ROOT}.hdl.{module}"), class_name)


def golden_module(name: str) -> str:
    """The module that holds a unit's golden model, as ``model(parameters, inputs)``."""
    return f"{_ROOT}.verif.golden.{_location(name)[0]}"


def summary(name: str) -> str:
    """The first line of a unit's documentation, read without importing it: listing is instant."""
    module, class_name = _location(name)
    source = Path(__file__).parent.parent.joinpath("hdl", *module.split(".")).with_suffix(".py")
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            return (ast.get_docstring(node) or "").partition("\n")[0]
    raise LookupError(f"{source.name} has no class {class_name}")
