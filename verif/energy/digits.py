"""Real operands: images of digits, and the weights that a small classifier multiplies them with.

The classifier is that of the example: 64 pixels, 32 hidden units, 10 classes, trained on three
quarters of the 1,797 images that scikit-learn ships, always the same way. What streams is its first
layer: the pixels of images that it has not seen, and the weights of the hidden units. A unit reads
them in the order of a matrix product: image after image, for each of them hidden unit after hidden
unit, for each of these as many of the 64 terms a beat as the unit has lanes.
"""

import functools
import warnings

import numpy as np

from .tile import Tile

__all__ = ["TERMS", "layer", "stream"]

TERMS = 64
"""Products of one dot product."""


@functools.cache
def layer() -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 64), and weights (32, 64).

    Raises:
        ValueError: if scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
        from sklearn.neural_network import MLPClassifier
    except ImportError:
        raise ValueError(
            "The operands 'digits' need scikit-learn: `pip install 'bitwright[demo]'`"
        ) from None
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    seen, unseen, seen_labels, _ = train_test_split(
        images, labels, test_size=0.25, random_state=0, stratify=labels
    )
    model = MLPClassifier((32,), alpha=1e-3, max_iter=300, tol=1e-4, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the last epoch still improved a little
        model.fit(seen, seen_labels)
    return np.asarray(unseen), model.coefs_[0].astype(np.float32).T


def stream(tile: Tile, lanes: int, beats: int) -> dict[str, np.ndarray]:
    """Activations and weights of so many beats for each of the machines, one after the other.

    Each machine begins with a dot product of its own, as far from the others' as can be. Terms
    begin again with the first where the lanes do not divide them.
    """
    images, weights = layer()
    chunks = -(-TERMS // tile.lanes)
    terms = np.arange(chunks * tile.lanes) % TERMS
    left = images[:, terms].reshape(len(images), chunks, tile.lanes)
    right = weights[:, terms].reshape(len(weights), chunks, tile.lanes)
    high, wide = -(-len(images) // tile.rows), -(-len(weights) // tile.columns)
    first = np.arange(lanes)[:, None] * (high * wide) // lanes
    number, chunk = (first + np.arange(beats) // chunks).ravel(), np.arange(lanes * beats) % beats
    chunk %= chunks
    rows = number[:, None] // wide % high * tile.rows + np.arange(tile.rows)
    columns = number[:, None] % wide * tile.columns + np.arange(tile.columns)
    return {
        "a": left[rows % len(images), chunk[:, None]].reshape(lanes * beats, -1),
        "b": right[columns % len(weights), chunk[:, None]].reshape(lanes * beats, -1),
    }
