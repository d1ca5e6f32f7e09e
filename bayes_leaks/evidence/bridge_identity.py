"""The optimal bridge between draws and proposals, solved for the normalising constant.

With the posterior ``p = f / Z`` known up to ``Z`` and a normalised proposal ``q``, write

    t_q = p / (s1 p + s2 q)  at proposals,    t_p = q / (s1 p + s2 q)  at draws.

Both have the same expectation ``I``, the integral of ``p q / (s1 p + s2 q)``. The estimate is
the ``Z`` at which the two sample means agree. Near it, the error of ``log Z`` is
``(mean t_q - mean t_p) / I``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp

from bayes_leaks.evidence.chains import effective_draws
from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.evidence.proposals.base import Proposal

_WIDEST_BRACKET = 2.0**20
_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class BridgeTerms:
    """One solved bridge.

    Parameters
    ----------
    log_ml : float
        Log normalising constant, in nats.
    overlap : float
        The integral ``I``: 1 when posterior and proposal are the same, 0 when they are apart.
    at_draws : ndarray, shape (chains, draws)
        ``t_p / I`` at every draw, also at those that were not bridged.
    at_proposals : ndarray, shape (replicates,)
        Mean of ``t_q / I`` over each replicate.
    bridged : slice
        The draws of each chain that were bridged; ``at_draws`` has mean 1 there.
    share_draws : float
        The share ``s1`` of effective draws among all points.
    """

    log_ml: float
    overlap: float
    at_draws: Floats
    at_proposals: Floats
    bridged: slice
    share_draws: float


def averaged(
    log_density: Callable[[Floats], Floats],
    proposal: Proposal,
    points: Floats,
    at_points: Floats | None = None,
) -> Floats:
    """Log of the mean density over the images that the proposal gives to each point.

    Parameters
    ----------
    log_density : callable
        Points (n, d) to (n,), nats.
    proposal : Proposal
    points : ndarray, shape (n, d)
    at_points : ndarray, shape (n,), optional
        Log density at the points themselves, if known.

    Returns
    -------
    ndarray, shape (n,)
        Nats.
    """
    images = proposal.images(points)
    values = [log_density(points) if at_points is None else at_points]
    values += [log_density(image) for image in images[1:]]
    if len(values) == 1:
        return values[0]
    # A density that is NaN is reported by the bridge, in words.
    with np.errstate(invalid="ignore"):
        return np.asarray(np.logaddexp.reduce(values) - np.log(len(values)))


def solve(
    at_draws: Floats, at_proposals: Floats, bridged: slice, *, n_proposals: int | None = None
) -> BridgeTerms | None:
    """Solve the bridge identity for the normalising constant.

    In ``log Z`` the difference of the two log means falls strictly from plus to minus
    infinity, so there is one root and bisection cannot miss it. Ratios are centred first:
    neither the root nor the tolerance depends on a constant in the log density.

    Parameters
    ----------
    at_draws : ndarray, shape (chains, draws)
        ``log f - log q`` at posterior draws, finite.
    at_proposals : ndarray, shape (replicates, size)
        ``log f - log q`` at proposals, finite or -inf.
    bridged : slice
        The draws of each chain that the proposal was not fitted to.
    n_proposals : int, optional
        Number of proposals to weigh them by, if these are only a sample of them.

    Returns
    -------
    BridgeTerms or None
        None if no root exists within 2^20 nats of the draws: there is no overlap.

    References
    ----------
    .. [1] Meng, X.-L. and Wong, W. H. (1996). Simulating ratios of normalizing constants via
       a simple identity: a theoretical exploration. Statistica Sinica 6, 831-860.
    """
    used = at_draws[:, bridged]
    centre = float(np.median(used))
    effective = min(effective_draws(used, method="bulk"), used.size)
    n_proposals = at_proposals.size if n_proposals is None else n_proposals
    log_share_draws = np.log(effective) - np.log(effective + n_proposals)
    log_share_proposals = np.log(n_proposals) - np.log(effective + n_proposals)

    def log_t_draws(ratio: Floats, log_z: float) -> Floats:
        weight = ratio - centre - log_z
        return np.asarray(-np.logaddexp(log_share_draws + weight, log_share_proposals))

    def log_t_proposals(ratio: Floats, log_z: float) -> Floats:
        weight = ratio - centre - log_z
        return np.asarray(-np.logaddexp(log_share_draws, log_share_proposals - weight))

    def disagreement(log_z: float) -> float:
        proposals = logsumexp(log_t_proposals(at_proposals, log_z)) - np.log(at_proposals.size)
        draws = logsumexp(log_t_draws(used, log_z)) - np.log(used.size)
        return float(proposals - draws)

    bracket = 1.0
    while not disagreement(-bracket) > 0 > disagreement(bracket):
        bracket *= 2.0
        if bracket > _WIDEST_BRACKET:
            return None
    log_z = float(brentq(disagreement, -bracket, bracket, xtol=_TOLERANCE))
    overlap = float(np.exp(log_t_draws(used, log_z)).mean())
    return BridgeTerms(
        log_ml=centre + log_z,
        overlap=overlap,
        at_draws=np.exp(log_t_draws(at_draws, log_z)) / overlap,
        at_proposals=np.exp(log_t_proposals(at_proposals, log_z)).mean(axis=1) / overlap,
        bridged=bridged,
        share_draws=float(np.exp(log_share_draws)),
    )
