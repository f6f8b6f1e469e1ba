"""Functional coverage from formats: what stimuli show of a unit, and what cannot be shown."""

from .measure import Coverage, Model, coverage

__all__ = ["Coverage", "Model", "coverage"]
