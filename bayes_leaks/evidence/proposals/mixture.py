"""A mixture of Student-t's, for posteriors with several modes or a bend."""

import warnings
from typing import Self

import numpy as np
from scipy.linalg import cholesky
from scipy.special import logsumexp, ndtr

from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.evidence.proposals.base import sobol_normals
from bayes_leaks.evidence.proposals.normal import NormalProposal
from bayes_leaks.evidence.proposals.student import DEGREES_OF_FREEDOM, StudentProposal

_MAX_COMPONENTS = 8
# A rough fit is enough for a proposal.
_STEPS = 30
_TOLERANCE = 3e-3


class StudentMixtureProposal:
    """Mixture of multivariate Student-t's with common tails.

    Parameters
    ----------
    weights : ndarray, shape (k,)
        Sum to one.
    components : list of StudentProposal
        One for each weight.
    """

    def __init__(self, weights: Floats, components: list[StudentProposal]) -> None:
        self.weights = weights
        self.components = components

    @classmethod
    def fit(cls, draws: Floats) -> Self:
        """Fit normals by expectation maximisation, as many as BIC asks for, then choose the tails.

        Parameters
        ----------
        draws : ndarray, shape (n, d)
            Posterior draws, ``n > d``.

        Returns
        -------
        StudentMixtureProposal

        Raises
        ------
        EvidenceError
            If the covariance of the draws is singular.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        whole = NormalProposal.fit(draws)
        standard = np.linalg.solve(whole.factor, (draws - whole.mean).T).T
        best, lowest = None, _normal_bic(standard)
        for k in range(2, _MAX_COMPONENTS + 1):
            # Components need enough draws for a covariance.
            if k * 5 * draws.shape[1] > len(draws):
                break
            mixture = GaussianMixture(k, random_state=0, max_iter=_STEPS, tol=_TOLERANCE)
            with warnings.catch_warnings():
                # A fit that stopped early is a worse proposal, not a wrong one.
                warnings.simplefilter("ignore", ConvergenceWarning)
                mixture.fit(standard)
            bic = mixture.bic(standard)
            if bic >= lowest:
                break
            best, lowest = mixture, bic
        if best is None:
            return cls(np.ones(1), [StudentProposal.fit(draws)])
        normals = [
            NormalProposal(
                whole.mean + whole.factor @ mean, whole.factor @ cholesky(covariance, lower=True)
            )
            for mean, covariance in zip(best.means_, best.covariances_, strict=True)
        ]
        squares = [normal.squares(draws) for normal in normals]
        tails = [
            cls(best.weights_, [StudentProposal(normal, df) for normal in normals])
            for df in DEGREES_OF_FREEDOM
        ]
        return max(tails, key=lambda proposal: float(proposal._at_squares(squares).sum()))

    def log_density(self, points: Floats) -> Floats:
        """Log density of points (n, d), in nats, as shape (n,)."""
        return self._sum([component.log_density(points) for component in self.components])

    def _at_squares(self, squares: list[Floats]) -> Floats:
        return self._sum(
            [
                component.at_squares(own)
                for component, own in zip(self.components, squares, strict=True)
            ]
        )

    def _sum(self, parts: list[Floats]) -> Floats:
        return np.asarray(logsumexp(np.stack(parts), axis=0, b=self.weights[:, None]))

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """Draw a scrambled Sobol set of `size` (a power of two) points (size, d)."""
        dimension = self.components[0].mean.size
        normals = sobol_normals(size, dimension + 2, rng)
        # One Sobol coordinate chooses the component, so that their shares are even too.
        ends = np.cumsum(self.weights)[:-1]
        chosen = np.searchsorted(ends, ndtr(normals[:, -1]))
        points = np.empty((size, dimension))
        for index, component in enumerate(self.components):
            own = chosen == index
            points[own] = component.place(normals[own, :-2], ndtr(normals[own, -2]))
        return points

    def images(self, points: Floats) -> Floats:
        """Keep the points (n, d), as shape (1, n, d)."""
        return points[None]


def _normal_bic(standard: Floats) -> float:
    """Bayesian information criterion of one normal fitted to whitened draws (n, d)."""
    n, d = standard.shape
    n_parameters = d + 0.5 * d * (d + 1)
    return float(n * d * (np.log(2.0 * np.pi) + 1.0) + n_parameters * np.log(n))
