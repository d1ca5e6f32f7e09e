"""Finding a proposal for importance sampling, step by step, from points spread too widely."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import logsumexp

from bayes_leaks.errors import EvidenceError
from bayes_leaks.evidence.inputs import CountedDensity, Floats
from bayes_leaks.evidence.proposals import (
    Defended,
    FittedProposal,
    Proposal,
    StudentMixtureProposal,
    StudentProposal,
    WarpedProposal,
)

# Share of equally weighted points that a step may leave.
_KEEP = 0.25
# After the posterior is reached, further steps must raise the share of effective points by this.
_GAIN = 1.1
_POLISHING = 4
_MAX_ROUNDS = 100
# In many dimensions the more flexible proposals are too costly to be tried in every step.
_FLEXIBLE_ALWAYS = 12
_FLEXIBLE_EVERY = 4
# Points to fit the kinds to before one is chosen: at least, and for each dimension.
_CHOICE, _CHOICE_PER_DIMENSION = 512, 16
# From the simplest to the most flexible.
_KINDS: tuple[type[FittedProposal], ...] = (
    StudentProposal,
    WarpedProposal,
    StudentMixtureProposal,
)
# Gain in mean log density over held-out points that a more flexible proposal must bring.
_FLEXIBILITY = 0.01


@dataclass(frozen=True, slots=True)
class Adapted:
    """A proposal fitted to the posterior, and how well.

    Parameters
    ----------
    proposal : Defended
    share : float
        Effective share of its points.
    rounds : int
        Steps taken.
    reached : bool
        Whether the last steps had the posterior itself as their goal.
    non_finite : int
        Points at which the log density was +inf or NaN.
    """

    proposal: Defended
    share: float
    rounds: int
    reached: bool
    non_finite: int


def adapt(density: CountedDensity, start: Floats, size: int, rng: np.random.Generator) -> Adapted:
    """Move a proposal from wide starting points to the posterior.

    With a proposal ``q`` and weights ``w = f / q``, the next proposal is fitted to points
    resampled with ``w^b``, where the power ``b`` is as large as a quarter of effective points
    allows: a step along the geometric path from ``q`` to the posterior. It ends when ``b`` is 1
    and further steps no longer help.

    Parameters
    ----------
    density : CountedDensity
    start : ndarray, shape (n, d)
        Points at least as widely spread as the posterior.
    size : int
        Points per step, a power of two.
    rng : numpy.random.Generator

    Returns
    -------
    Adapted

    Raises
    ------
    EvidenceError
        If the density is zero at all points, or no proposal can be fitted.

    References
    ----------
    .. [1] Koblents, E. and Míguez, J. (2015). A population Monte Carlo scheme with transformed
       weights and its application to stochastic kinetic models. Statistics and Computing 25,
       407-425. https://doi.org/10.1007/s11222-013-9440-2
    .. [2] Cappé, O., Douc, R., Guillin, A., Marin, J.-M. and Robert, C. P. (2008). Adaptive
       importance sampling in general mixture classes. Statistics and Computing 18, 447-459.
       https://doi.org/10.1007/s11222-008-9059-x
    """
    proposal = Defended.around(fit_best(start, rng), start)
    best = Adapted(proposal, 0.0, 0, reached=False, non_finite=0)
    polishing = non_finite = 0
    for number in range(1, _MAX_ROUNDS + 1):
        points = proposal.draw(size, rng)
        weights = density(points) - proposal.log_density(points)
        odd = ~(np.isfinite(weights) | np.isneginf(weights))
        non_finite += int(odd.sum())
        weights[odd] = -np.inf
        if np.isneginf(weights).all():
            raise EvidenceError(
                f"the density is zero at all {size} points of a proposal fitted to the starting "
                "points; start from points that cover the posterior"
            )
        share = effective_share(weights)
        power = _largest_power(weights)
        if power == 1.0:
            polishing += 1
            improved = share > _GAIN * best.share
            if not best.reached or share > best.share:
                best = Adapted(proposal, share, number, reached=True, non_finite=non_finite)
            if not improved or polishing > _POLISHING:
                break
        else:
            best = Adapted(proposal, share, number, reached=False, non_finite=non_finite)
        chosen = resample(points, power * weights, len(points), rng)
        few = points.shape[1] <= _FLEXIBLE_ALWAYS
        flexible = few or number % _FLEXIBLE_EVERY == 0 or power == 1.0
        fitted = fit_best(chosen, rng) if flexible else StudentProposal.fit(chosen)
        proposal = Defended.around(fitted, chosen)
    return best


def fit_best(points: Floats, rng: np.random.Generator) -> Proposal:
    """Fit the simplest proposal that describes held-out points as well as any.

    Parameters
    ----------
    points : ndarray, shape (n, d)
    rng : numpy.random.Generator

    Returns
    -------
    Proposal
        Fitted to all points; the kind is chosen on some of them.

    Raises
    ------
    EvidenceError
        If the points have no covariance.
    """
    size = min(len(points) // 2, max(_CHOICE, _CHOICE_PER_DIMENSION * points.shape[1]))
    order = rng.permutation(len(points))
    fitted, held_out = points[order[:size]], points[order[-size:]]
    best, highest = _KINDS[0], -np.inf
    for kind in _KINDS:
        height = float(kind.fit(fitted).log_density(held_out).mean())
        if height > highest + (_FLEXIBILITY if kind is not _KINDS[0] else 0.0):
            best, highest = kind, height
    return best.fit(points)


def effective_share(log_weights: Floats) -> float:
    """Share of equally weighted points that these are worth, from 0 to 1."""
    sums = 2.0 * logsumexp(log_weights) - logsumexp(2.0 * log_weights)
    return float(np.exp(sums) / log_weights.size)


def _largest_power(log_weights: Floats) -> float:
    """Largest power up to 1 at which a quarter of the points stays effective."""
    # Where the density is zero no power helps: what counts are the points that are left.
    possible = np.isfinite(log_weights)
    return largest_step(log_weights, 1.0, _KEEP * float(possible.mean()))


def largest_step(log_weights: Floats, limit: float, wanted: float) -> float:
    """Largest power up to a limit at which a wanted share of points stays effective.

    Parameters
    ----------
    log_weights : ndarray, shape (n,)
        Nats; -inf is a weight of zero at any power.
    limit : float
        Positive.
    wanted : float
        Effective share, below that of the points with a weight above zero.

    Returns
    -------
    float
    """
    possible = log_weights[np.isfinite(log_weights)]
    part = possible.size / log_weights.size

    def excess(power: float) -> float:
        return part * effective_share(power * possible) - wanted

    return limit if excess(limit) >= 0.0 else float(brentq(excess, 0.0, limit, xtol=1e-10))


def resample(points: Floats, log_weights: Floats, size: int, rng: np.random.Generator) -> Floats:
    """Draw points in proportion to their weights, as evenly as can be.

    Parameters
    ----------
    points : ndarray, shape (n, d)
    log_weights : ndarray, shape (n,)
        Nats, up to a constant.
    size : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (size, d)
    """
    shares = np.exp(log_weights - logsumexp(log_weights))
    positions = (rng.random() + np.arange(size)) / size
    chosen = np.searchsorted(np.cumsum(shares), positions * shares.sum())
    return np.asarray(points[np.minimum(chosen, len(points) - 1)])
