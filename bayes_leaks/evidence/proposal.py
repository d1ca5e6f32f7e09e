"""Proposal densities: what the posterior is compared with.

A proposal is fitted to posterior draws, has a known normalising constant, and draws points
from quasi-random numbers. `bridge` takes any class that follows `Proposal`.
"""

from typing import Protocol, Self

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.stats import qmc

from bayes_leaks.errors import EvidenceError
from bayes_leaks.evidence.inputs import Floats


class Proposal(Protocol):
    """A normalised density on R^d fitted to draws."""

    @classmethod
    def fit(cls, draws: Floats) -> Self:
        """Fit to posterior draws of shape (n, d)."""
        ...

    def log_density(self, points: Floats) -> Floats:
        """Log density, in nats and normalised, of points (n, d), as shape (n,)."""
        ...

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """Draw one scrambled quasi-random set of `size` (a power of two) points (size, d)."""
        ...


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
        try:
            factor = cholesky(covariance, lower=True)
        except np.linalg.LinAlgError as error:
            raise EvidenceError(
                f"no normal can be fitted to {draws.shape[0]} draws in {draws.shape[1]} "
                "dimensions: their covariance is singular. Two parameters may be exact "
                "functions of each other, or there are too few draws."
            ) from error
        return cls(draws.mean(axis=0), factor)

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
        standard = solve_triangular(self.factor, (points - self.mean).T, lower=True)
        return np.asarray(self._log_constant - 0.5 * (standard**2).sum(axis=0))

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


def sobol_normals(size: int, dimension: int, rng: np.random.Generator) -> Floats:
    """Draw standard normals from one scrambled Sobol set.

    Parameters
    ----------
    size : int
        Number of points, a power of two.
    dimension : int
        Number of coordinates, 1 or more.
    rng : numpy.random.Generator
        Source of the scrambling.

    Returns
    -------
    ndarray, shape (size, dimension)
        Each point is exactly standard normal; together they cover the space more evenly
        than independent draws, so averages of smooth functions have a smaller error.

    References
    ----------
    .. [1] Owen, A. B. (1998). Scrambling Sobol' and Niederreiter-Xing points. Journal of
       Complexity 14, 466-489. https://doi.org/10.1006/jcom.1998.0487
    """
    engine = qmc.MultivariateNormalQMC(np.zeros(dimension), rng=rng)
    return np.asarray(engine.random(size), dtype=np.float64)
