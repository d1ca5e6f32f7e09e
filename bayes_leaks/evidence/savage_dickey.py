"""The Bayes factor of a point against the model around it, without a kernel density."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import lstsq, solve_triangular
from scipy.special import logsumexp

from bayes_leaks.errors import EvidenceError, ParameterError
from bayes_leaks.evidence import agreement, checks
from bayes_leaks.evidence.adaptation import effective_share
from bayes_leaks.evidence.bayes_factor import LogBayesFactor
from bayes_leaks.evidence.bridge_error import bridge_error
from bayes_leaks.evidence.bridge_identity import BridgeTerms
from bayes_leaks.evidence.chains import effective_draws, k_hat
from bayes_leaks.evidence.importance import importance_with_draws
from bayes_leaks.evidence.inputs import CountedDensity, Floats, LogDensity, RandomSeed
from bayes_leaks.evidence.inputs import draws_problems
from bayes_leaks.evidence.proposals import NormalProposal, WarpedProposal
from bayes_leaks.evidence.result import Evidence
from bayes_leaks.evidence.threads import one_thread

# Error in nats that each of the two evidences aims at.
_AIM = 0.002
_MAX_ERROR = 0.3
_START = 2000
_OVERDISPERSION = 3.0
_WIDTHS = (NormalProposal, WarpedProposal)


@dataclass(frozen=True, slots=True)
class Restriction:
    """A model and the point at which some of its coordinates are held.

    Parameters
    ----------
    log_density : CountedDensity
        Of the model, points (n, d) to (n,), nats.
    log_prior : callable
        Of the held coordinates given the others, points (n, d) to (n,), nats.
    fixed : ndarray of bool, shape (d,)
        Which coordinates are held.
    point : ndarray, shape (k,)
        Where they are held.
    """

    log_density: CountedDensity
    log_prior: LogDensity
    fixed: np.ndarray
    point: Floats

    def log_null(self, others: Floats) -> Floats:
        """Log density of the restricted model at its own coordinates (n, d - k), nats."""
        points = np.empty((len(others), self.fixed.size))
        points[:, self.fixed] = self.point
        points[:, ~self.fixed] = others
        return self.log_density(points) - np.asarray(self.log_prior(points))
