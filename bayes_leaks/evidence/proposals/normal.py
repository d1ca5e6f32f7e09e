"""The multivariate normal proposal."""

from typing import Self

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from bayes_leaks.errors import EvidenceError
from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.evidence.proposals.base import sobol_normals

# Standard deviation, in units of its own, that a parameter must keep when the others are known.
_ROUNDING = 1e-6


class NormalProposal:
    """Multivariate normal with the mean and covariance of the draws.

    Parameters
    ----------
    mean : ndarray, shape (d,)
        Mean.
    factor : ndarray, shape (d, d)
        Lower Cholesky factor of the covariance.
    """

    def __init__(self, mean: Floats, factor: Floats) -> None:
        self.mean = mean
        self.factor = factor
        log_scale = np.log(np.diag(factor)).sum()
        self._log_constant = -0.5 * mean.size * np.log(2.0 * np.pi) - log_scale

    @classmethod
    def fit(cls, draws: Floats) -> Self:
        """Match mean and covariance.

        Parameters
        ----------
        draws : ndarray, shape (n, d)
            Posterior draws, ``n > d``.

        Returns
        -------
        NormalProposal

        Raises
        ------
        EvidenceError
            If the covariance of the draws is singular.
        """
        covariance = np.atleast_2d(np.cov(draws, rowvar=False))
        spread = np.sqrt(np.diag(covariance))
        try:
            # On the scale of correlations, where rounding cannot pass for variance.
            factor = cholesky(covariance / np.outer(spread, spread), lower=True)
            if np.diag(factor).min() < _ROUNDING:
                raise np.linalg.LinAlgError
        except np.linalg.LinAlgError as error:
            raise EvidenceError(
                f"no normal can be fitted to {draws.shape[0]} draws in {draws.shape[1]} "
                "dimensions: their covariance is singular. Two parameters may be exact "
                "functions of each other, or there are too few draws."
            ) from error
        return cls(draws.mean(axis=0), spread[:, None] * factor)

    def log_density(self, points: Floats) -> Floats:
        """Log density of points.

        Parameters
        ----------
        points : ndarray, shape (n, d)
            Where to evaluate.

        Returns
        -------
        ndarray, shape (n,)
            Nats.
        """
        return np.asarray(self._log_constant - 0.5 * self.squares(points))

    def squares(self, points: Floats) -> Floats:
        """Squared distances (n,) of points (n, d) from the mean, in standard deviations."""
        standard = solve_triangular(self.factor, (points - self.mean).T, lower=True)
        return np.asarray((standard**2).sum(axis=0))

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """Draw a scrambled Sobol set.

        Parameters
        ----------
        size : int
            Number of points, a power of two.
        rng : numpy.random.Generator
            Source of the scrambling; each call scrambles anew.

        Returns
        -------
        ndarray, shape (size, d)
        """
        return self.mean + sobol_normals(size, self.mean.size, rng) @ self.factor.T

    def images(self, points: Floats) -> Floats:
        """Keep the points (n, d), as shape (1, n, d)."""
        return points[None]
