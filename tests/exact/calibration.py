"""When z = (estimate - exact) / mcse over many seeds looks standard normal.

Bounds are quantiles of chance for the number of seeds n: the mean of z is normal with standard
deviation 1 / sqrt(n), the sum of its squares chi-square with n degrees of freedom, the number of
covered 95 % intervals binomial. Each is crossed by chance in 1 of 1000 cases on either side.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

type Floats = NDArray[np.float64]

CHANCE = 1e-3
# The true standard deviation of z may be from 0.8 to 1.1: an error bar is itself an estimate.
LOWEST_RMS, HIGHEST_RMS = 0.8, 1.1
COVERAGE = (0.92, 0.98)


def share_covered(z: Floats) -> float:
    """Share of 95 % intervals that hold the exact value."""
    return float(np.mean(np.abs(z) < 1.96))


def check_calibration(z: Floats, lowest_rms: float = LOWEST_RMS) -> None:
    """Accept z-scores that n normals of a standard deviation in the band could have given."""
    n = z.size
    mean_limit = HIGHEST_RMS * stats.norm.isf(CHANCE) / np.sqrt(n)
    assert abs(z.mean()) < mean_limit, f"mean of z is {z.mean():.3g}, limit {mean_limit:.3g}"
    lowest = lowest_rms**2 * stats.chi2.ppf(CHANCE, n) / n
    highest = HIGHEST_RMS**2 * stats.chi2.isf(CHANCE, n) / n
    mean_square = float(np.mean(z**2))
    assert lowest < mean_square < highest, f"mean square of z is {mean_square:.3g}"
    covered = int(np.sum(np.abs(z) < 1.96))
    fewest, most = stats.binom.ppf(CHANCE, n, COVERAGE[0]), stats.binom.isf(CHANCE, n, COVERAGE[1])
    assert fewest <= covered <= most, f"95 % intervals cover {covered} of {n}"
