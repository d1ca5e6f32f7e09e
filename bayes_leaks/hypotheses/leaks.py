"""Simulated leak times, as every hypothesis combines them."""

import numpy as np

from bayes_leaks.likelihood.exposure import Exposure, FloatArray


def first_leak(background: FloatArray, *others: FloatArray, end: FloatArray) -> FloatArray:
    """Earliest of several leak times per asset, +inf where it falls after the exposure ends."""
    earliest = np.minimum.reduce([background, *others])
    return np.where(earliest <= end, earliest, np.inf)


def background_leaks(rng: np.random.Generator, fleet: Exposure, rate: float) -> FloatArray:
    """Leak times of a constant hazard, in years; shape (n_assets,)."""
    with np.errstate(divide="ignore"):
        return fleet.start + rng.exponential(size=fleet.n_assets) / (rate * fleet.weight)
