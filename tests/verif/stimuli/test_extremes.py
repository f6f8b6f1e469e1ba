"""The strongest beats are the strongest there are, also where a mode says what their codes mean."""

import numpy as np
import pytest

from bitwright.gen.generate import make_unit
from bitwright.verif.stimuli import stimuli
from bitwright.verif.stimuli.extremes import numbers_alone, strongest_beats

E4M3_LARGEST = 0x7E  # 448; 0x7F is NaN


def found(name, texts):
    unit, rng = make_unit(name, texts), np.random.default_rng(0)
    beats, _ = stimuli(unit, 1024)
    strongest = strongest_beats(rng, unit, beats)
    rows = {name: np.array([beat[name] for beat in strongest]) for name in beats}
    return numbers_alone(unit, rows)[0][:, 0], strongest


def test_the_mode_and_the_codes_of_the_largest_product():
    (most, least), beats = found("mixed-precision-mac", {"lanes": "1"})
    # Sums are integers in units of the least product of two E4M3 numbers.
    assert most == -least == 448**2 * 2**18
    assert all(beat["a"][0] & 0x7F == beat["b"][0] & 0x7F == E4M3_LARGEST for beat in beats)


@pytest.mark.parametrize("lanes", ["2", "5"])
def test_narrow_integers_keep_to_their_codes(lanes):
    (most, least), beats = found("dot-product", {"a": "int8n", "b": "int8n", "lanes": lanes})
    assert most == -least == int(lanes) * 127**2
    assert not any(np.any(beat[name] == 0x80) for beat in beats for name in "ab")
