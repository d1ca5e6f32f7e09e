"""A proposal with skewed or light- or heavy-tailed marginals."""

from typing import Self

import numpy as np
from scipy.optimize import minimize

from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.evidence.proposals.student import StudentProposal

# The four parameters of a marginal are known well enough from this many draws.
_MARGINAL_DRAWS = 1000
# Beyond these the map is too steep to be told from a few extreme draws.
_SKEW, _TAIL = 3.0, 3.0


class WarpedProposal:
    """Student-t after a sinh-arcsinh map of every coordinate.

    Parameters
    ----------
    maps : ndarray, shape (4, d)
        Location, scale, skewness and tail weight of each coordinate: ``sinh(tail arcsinh((u -
        location) / scale) - skewness)`` is what `base` describes.
    base : StudentProposal
        Proposal for the mapped coordinates.

    References
    ----------
    .. [1] Jones, M. C. and Pewsey, A. (2009). Sinh-arcsinh distributions. Biometrika 96, 761-780.
       https://doi.org/10.1093/biomet/asp053
    """

    def __init__(self, maps: Floats, base: StudentProposal) -> None:
        self.maps = maps
        self.base = base

    @classmethod
    def fit(cls, draws: Floats) -> Self:
        """Fit every marginal by maximum likelihood, then a Student-t to the mapped draws.

        Parameters
        ----------
        draws : ndarray, shape (n, d)
            Posterior draws, ``n > d``.

        Returns
        -------
        WarpedProposal

        Raises
        ------
        EvidenceError
            If the covariance of the mapped draws is singular.
        """
        thinned = draws[:: max(1, len(draws) // _MARGINAL_DRAWS)]
        maps = np.stack([_fit_marginal(column) for column in thinned.T], axis=1)
        mapped, _ = _forward(draws, maps)
        return cls(maps, StudentProposal.fit(mapped))

    def log_density(self, points: Floats) -> Floats:
        """Log density of points (n, d), in nats, as shape (n,)."""
        mapped, log_slope = _forward(points, self.maps)
        return np.asarray(self.base.log_density(mapped) + log_slope.sum(axis=1))

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """Draw a scrambled Sobol set of `size` (a power of two) points (size, d)."""
        location, scale, skewness, tail = self.maps
        mapped = self.base.draw(size, rng)
        return np.asarray(location + scale * np.sinh((np.arcsinh(mapped) + skewness) / tail))

    def images(self, points: Floats) -> Floats:
        """Keep the points (n, d), as shape (1, n, d)."""
        return points[None]


def _forward(points: Floats, maps: Floats) -> tuple[Floats, Floats]:
    """Map points (n, d); with them the log slope of the map there."""
    location, scale, skewness, tail = maps
    standard = (points - location) / scale
    inner = tail * np.arcsinh(standard) - skewness
    # log cosh without overflow; far out the slope is exponential in `inner`.
    log_cosh = np.logaddexp(inner, -inner) - np.log(2.0)
    log_slope = np.log(tail / scale) + log_cosh - 0.5 * np.log1p(standard**2)
    with np.errstate(over="ignore"):
        return np.sinh(inner), log_slope


def _fit_marginal(draws: Floats) -> Floats:
    """Location, scale, skewness and tail weight of one coordinate by maximum likelihood."""
    middle, spread = np.median(draws), np.std(draws)
    standard = (draws - middle) / spread

    def loss(parameters: Floats) -> tuple[float, Floats]:
        location, log_scale, skewness, log_tail = parameters
        scale, tail = np.exp(log_scale), np.exp(log_tail)
        y = (standard - location) / scale
        root = np.sqrt(1.0 + y**2)
        inner = tail * np.arcsinh(y) - skewness
        sinh, cosh = np.sinh(inner), np.cosh(inner)
        log_likelihood = np.log(tail / scale) + np.log(cosh) - np.log(root) - 0.5 * sinh**2
        by_inner = sinh / cosh - sinh * cosh
        by_y = by_inner * tail / root - y / root**2
        gradient = np.array(
            [
                -by_y.mean() / scale,
                -(by_y * y).mean() - 1.0,
                -by_inner.mean(),
                (by_inner * tail * np.arcsinh(y)).mean() + 1.0,
            ]
        )
        return -float(log_likelihood.mean()), -gradient

    bounds = [(-3.0, 3.0), (-3.0, 3.0), (-_SKEW, _SKEW), (-np.log(_TAIL), np.log(_TAIL))]
    with np.errstate(over="ignore", invalid="ignore"):
        found = minimize(loss, np.zeros(4), jac=True, method="L-BFGS-B", bounds=bounds)
    location, log_scale, skewness, log_tail = found.x
    return np.array(
        [middle + spread * location, spread * np.exp(log_scale), skewness, np.exp(log_tail)]
    )
