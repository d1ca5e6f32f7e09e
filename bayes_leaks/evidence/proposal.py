"""Proposal densities: what the posterior is compared with.

A proposal is fitted to posterior draws, has a known normalising constant, and draws points
from quasi-random numbers. `bridge` takes any class that follows `Proposal`.
"""

from typing import Protocol, Self

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.special import ndtr
from scipy.stats import chi2, multivariate_t, qmc

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


class StudentProposal:
    """Multivariate Student-t with the mean and covariance of the draws.

    Its polynomial tails lie above those of any posterior with exponential ones, such as that of a
    rate on the log scale or of a share on the logit scale, so its importance weights are bounded
    where those of a normal are not; in the middle it overlaps nearly as well.

    Parameters
    ----------
    normal : NormalProposal
        The normal of equal mean and covariance.
    """

    degrees_of_freedom = 8

    def __init__(self, normal: NormalProposal) -> None:
        self.mean = normal.mean
        df = self.degrees_of_freedom
        self.factor = normal.factor * np.sqrt((df - 2) / df)
        self._density = multivariate_t(self.mean, self.factor @ self.factor.T, df=df)

    @classmethod
    def fit(cls, draws: Floats) -> Self:
        """Match mean and covariance.

        Parameters
        ----------
        draws : ndarray, shape (n, d)
            Posterior draws, ``n > d``.

        Returns
        -------
        StudentProposal

        Raises
        ------
        EvidenceError
            If the covariance of the draws is singular.
        """
        return cls(NormalProposal.fit(draws))

    def log_density(self, points: Floats) -> Floats:
        """Log density of points (n, d), in nats, as shape (n,)."""
        return np.asarray(self._density.logpdf(points)).reshape(len(points))

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """Draw a scrambled Sobol set of `size` (a power of two) points (size, d)."""
        df = self.degrees_of_freedom
        normals = sobol_normals(size, self.mean.size + 1, rng)
        # One more Sobol coordinate gives the chi-square that scales each point.
        stretch = np.sqrt(df / chi2.isf(ndtr(normals[:, -1:]), df))
        return np.asarray(self.mean + stretch * (normals[:, :-1] @ self.factor.T))


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
