"""The multivariate Student-t proposal."""

from typing import Self

import numpy as np
from scipy.special import gammaln, ndtr
from scipy.stats import chi2

from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.evidence.proposals.base import sobol_normals
from bayes_leaks.evidence.proposals.normal import NormalProposal

# From tails as heavy as those of any posterior with a variance to a normal in all but name.
DEGREES_OF_FREEDOM = (4.0, 6.0, 8.0, 12.0, 20.0, 40.0, 1000.0)


class StudentProposal:
    """Multivariate Student-t with the mean and covariance of the draws.

    Its polynomial tails lie above those of any posterior with exponential ones, such as that of a
    rate on the log scale or of a share on the logit scale, so its importance weights are bounded
    where those of a normal are not; in the middle it overlaps nearly as well.

    Parameters
    ----------
    normal : NormalProposal
        The normal of equal mean and covariance.
    degrees_of_freedom : float, optional
        Above 2.
    """

    def __init__(self, normal: NormalProposal, degrees_of_freedom: float = 8.0) -> None:
        self._normal = normal
        self.mean = normal.mean
        self.degrees_of_freedom = df = degrees_of_freedom
        self.factor = normal.factor * np.sqrt((df - 2.0) / df)
        dimension = self.mean.size
        self._log_constant = (
            gammaln(0.5 * (df + dimension))
            - gammaln(0.5 * df)
            - 0.5 * dimension * np.log(df * np.pi)
            - np.log(np.diag(self.factor)).sum()
        )

    @classmethod
    def fit(cls, draws: Floats) -> Self:
        """Match mean and covariance, then choose the tails by likelihood.

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
        normal = NormalProposal.fit(draws)
        squares = normal.squares(draws)
        tails = [cls(normal, df) for df in DEGREES_OF_FREEDOM]
        return max(tails, key=lambda proposal: float(proposal.at_squares(squares).sum()))

    def log_density(self, points: Floats) -> Floats:
        """Log density of points (n, d), in nats, as shape (n,)."""
        return self.at_squares(self._normal.squares(points))

    def at_squares(self, squares: Floats) -> Floats:
        """Log density, in nats, where the normal of equal covariance has these squares (n,)."""
        df = self.degrees_of_freedom
        power = 0.5 * (df + self.mean.size)
        return np.asarray(self._log_constant - power * np.log1p(squares / (df - 2.0)))

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """Draw a scrambled Sobol set of `size` (a power of two) points (size, d)."""
        normals = sobol_normals(size, self.mean.size + 1, rng)
        # One more Sobol coordinate gives the chi-square that scales each point.
        return self.place(normals[:, :-1], ndtr(normals[:, -1]))

    def place(self, normals: Floats, quantiles: Floats) -> Floats:
        """Turn standard normals (n, d) and quantiles (n,) of the spread into points (n, d)."""
        df = self.degrees_of_freedom
        stretch = np.sqrt(df / chi2.isf(quantiles, df))
        return np.asarray(self.mean + stretch[:, None] * (normals @ self.factor.T))

    def images(self, points: Floats) -> Floats:
        """Keep the points (n, d), as shape (1, n, d)."""
        return points[None]
