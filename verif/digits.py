"""A small classifier of handwritten digits, trained in floating point: it has real operands."""

import functools
import warnings
from dataclasses import dataclass

import numpy as np

__all__ = ["Network", "train"]


@dataclass(frozen=True)
class Network:
    """64 inputs, 32 hidden ReLUs, 10 outputs; and the images it has not seen.

    ``peaks`` holds the largest input of each layer over the training images.
    """

    weights: tuple[np.ndarray, np.ndarray]
    biases: tuple[np.ndarray, np.ndarray]
    peaks: tuple[float, float]
    images: np.ndarray
    labels: np.ndarray

    def accuracy(self, scores: np.ndarray) -> float:
        """Share of the test images whose label scores highest."""
        return float((scores.argmax(axis=1) == self.labels).mean())

    def float32_scores(self) -> np.ndarray:
        """The test images through the network in float32."""
        hidden = np.maximum(self.images @ self.weights[0] + self.biases[0], 0)
        return hidden @ self.weights[1] + self.biases[1]


@functools.cache
def train() -> Network:
    """Train on three quarters of scikit-learn's 1,797 digits; always the same way.

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
    seen, unseen, seen_labels, unseen_labels = train_test_split(
        images, labels, test_size=0.25, random_state=0, stratify=labels
    )
    model = MLPClassifier((32,), alpha=1e-3, max_iter=300, tol=1e-4, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the last epoch still improved a little
        model.fit(seen, seen_labels)
    first, second = (np.asarray(w, np.float32) for w in model.coefs_)
    biases = [np.asarray(b, np.float32) for b in model.intercepts_]
    hidden = np.maximum(seen @ first + biases[0], 0)
    return Network(
        weights=(first, second),
        biases=(biases[0], biases[1]),
        peaks=(float(np.max(seen)), float(hidden.max())),
        images=np.asarray(unseen),
        labels=np.asarray(unseen_labels),
    )
