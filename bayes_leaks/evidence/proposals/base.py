"""What a proposal is: a normalised density that the posterior is compared with.

A proposal is fitted to posterior draws and draws points from quasi-random numbers. `bridge` takes
any class that follows `Proposal`.
"""

from typing import Protocol, Self

import numpy as np
from scipy.stats import qmc

from bayes_leaks.evidence.inputs import Floats


class Proposal(Protocol):
    """A normalised density on R^d."""

    def log_density(self, points: Floats) -> Floats:
        """Log density, in nats and normalised, of points (n, d), as shape (n,)."""
        ...

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """Draw one scrambled quasi-random set of `size` (a power of two) points (size, d)."""
        ...

    def images(self, points: Floats) -> Floats:
        """Map points (n, d) by m maps that keep volume and this density: (m, n, d).

        The posterior density is averaged over them before it meets the proposal, which leaves its
        integral as it is. The first map keeps the points; for most proposals it is the only one.
        """
        ...


class FittedProposal(Proposal, Protocol):
    """A kind of proposal that can be fitted to draws."""

    @classmethod
    def fit(cls, draws: Floats) -> Self:
        """Fit to posterior draws of shape (n, d)."""
        ...


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
