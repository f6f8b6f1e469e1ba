"""The random streams that quantizers can hold: 32-bit words, one generator a word.

Beat ``t`` of a unit takes the words' states after ``t`` steps, side by side, the first word in the
low bits; element ``i`` takes bits ``N * i`` to ``N * i + N - 1`` of that.

The seed of word ``w`` is ``mix(seed + w * 0x9E3779B9)`` modulo ``2**32``, where ``mix`` is the
bijective finalizer of MurmurHash3 (A. Appleby, public domain): ``h ^= h >> 16; h *= 0x85EBCA6B;
h ^= h >> 13; h *= 0xC2B2AE35; h ^= h >> 16``. The one seed that gives zero, in which a generator
would stay for ever, is replaced by 1.
"""

import numpy as np

from ....hdl.formats.scale_rules import RandomSource

__all__ = ["draws", "seeds", "step"]

_WORD = np.uint32


def seeds(seed: int, words: int) -> np.ndarray:
    """The words' first states."""
    h = (seed + np.arange(words, dtype=np.uint64) * 0x9E3779B9).astype(_WORD)
    h ^= h >> 16
    h *= _WORD(0x85EBCA6B)
    h ^= h >> 13
    h *= _WORD(0xC2B2AE35)
    h ^= h >> 16
    return np.where(h == 0, _WORD(1), h)


def step(states: np.ndarray, source: RandomSource) -> np.ndarray:
    """The states one beat later."""
    if source is RandomSource.XORSHIFT:
        states = states ^ (states << 13)
        states = states ^ (states >> 17)
        return states ^ (states << 5)
    for _ in range(32):
        bit = (states >> 31) ^ (states >> 21) ^ (states >> 1) ^ states
        states = (states << 1) | (bit & 1)
    return states


def draws(source: RandomSource, seed: int, beats: int, elements: int, bits: int) -> np.ndarray:
    """One integer of ``bits`` bits an element, in shape (beats, elements)."""
    words = -(-elements * bits // 32)
    states = np.empty((beats, words), _WORD)
    state = seeds(seed, words)
    for beat in range(beats):
        states[beat] = state
        state = step(state, source)
    stream = np.unpackbits(
        states.astype("<u4").view(np.uint8), axis=1, bitorder="little", count=elements * bits
    )
    weights = 1 << np.arange(bits, dtype=np.int64)
    return stream.reshape(beats, elements, bits).astype(np.int64) @ weights
