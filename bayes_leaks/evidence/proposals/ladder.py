"""Which proposal to use: the simplest whose overlap with held-out draws is as good as any."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from bayes_leaks.errors import EvidenceError
from bayes_leaks.evidence.bridge_identity import averaged, solve
from bayes_leaks.evidence.inputs import Floats
from bayes_leaks.evidence.proposals.base import FittedProposal, Proposal
from bayes_leaks.evidence.proposals.defended import defended
from bayes_leaks.evidence.proposals.mixture import StudentMixtureProposal
from bayes_leaks.evidence.proposals.reflected import ReflectedProposal
from bayes_leaks.evidence.proposals.student import StudentProposal
from bayes_leaks.evidence.proposals.warped import WarpedProposal

type Fit = Callable[[Floats], Proposal]

# From the simplest to the most flexible. A normal is the first one with its lightest tails.
KINDS: tuple[type[FittedProposal], ...] = (
    StudentProposal,
    WarpedProposal,
    ReflectedProposal,
    StudentMixtureProposal,
)
LADDER: tuple[Fit, ...] = tuple(defended(kind.fit) for kind in KINDS)
_TRIAL_SIZE = 1024
# An error this small, in nats, needs no better proposal.
_GOOD_ENOUGH = 5e-4
# A more flexible proposal must lower the variance by this factor to be worth its risk.
_GAIN = 0.8


def choose(
    rungs: Sequence[Fit],
    log_density: Callable[[Floats], Floats],
    draws: Floats,
    at_draws: Floats,
    n_proposals: int,
    rng: np.random.Generator,
) -> tuple[int, Proposal]:
    """Choose a kind of proposal by its overlap with draws it was not fitted to, and fit it.

    Every kind is fitted to the first half of the draws and bridged to the second half with a
    small set of proposals. What counts is the error that its overlap lets the full bridge expect,
    never the estimate. The chosen kind is then fitted to all draws given.

    Parameters
    ----------
    rungs : sequence of callable
        Each fits a proposal to draws (n, d); the simplest first.
    log_density : callable
        Points (n, d) to (n,), nats.
    draws : ndarray, shape (chains, draws, d)
        The draws to fit to; others will be bridged.
    at_draws : ndarray, shape (chains, draws)
        Log density there.
    n_proposals : int
        Proposals that the full bridge will use.
    rng : numpy.random.Generator

    Returns
    -------
    int
        Number of the rung.
    Proposal

    Raises
    ------
    EvidenceError
        If none can be fitted.

    References
    ----------
    .. [1] Meng, X.-L. and Wong, W. H. (1996). Simulating ratios of normalizing constants via
       a simple identity: a theoretical exploration. Statistica Sinica 6, 831-860.
    """
    if len(rungs) == 1:
        return 0, rungs[0](draws.reshape(-1, draws.shape[2]))
    half = draws.shape[1] // 2
    held_out = draws[:, half:]
    best, lowest, failure = None, np.inf, None
    for index, fit in enumerate(rungs):
        try:
            proposal = fit(draws[:, :half].reshape(-1, draws.shape[2]))
        except EvidenceError as error:
            failure = error
            continue
        variance = _expected_variance(
            proposal, log_density, held_out, at_draws[:, half:], n_proposals, rng
        )
        if variance < lowest * (_GAIN if best is not None else 1.0):
            best, lowest = index, variance
        if lowest < _GOOD_ENOUGH**2:
            break
    if best is None:
        if failure is not None:
            raise failure
        # No overlap with anything: the bridge will say so.
        best = 0
    return best, rungs[best](draws.reshape(-1, draws.shape[2]))


def _expected_variance(
    proposal: Proposal,
    log_density: Callable[[Floats], Floats],
    held_out: Floats,
    at_held_out: Floats,
    n_proposals: int,
    rng: np.random.Generator,
) -> float:
    """Variance of the log estimate that the overlap lets expect; infinite without overlap."""
    flat = held_out.reshape(-1, held_out.shape[2])
    at_draws = averaged(log_density, proposal, flat, at_held_out.ravel())
    ratios = (at_draws - proposal.log_density(flat)).reshape(at_held_out.shape)
    points = proposal.draw(_TRIAL_SIZE, rng)
    weights = (averaged(log_density, proposal, points) - proposal.log_density(points))[None]
    if not (np.isfinite(ratios).all() and (np.isfinite(weights) | np.isneginf(weights)).all()):
        return math.inf
    terms = solve(ratios, weights, slice(None), n_proposals=n_proposals)
    if terms is None:
        return math.inf
    share = terms.share_draws
    total = n_proposals / (1.0 - share)
    return (1.0 / terms.overlap - 1.0) / (share * (1.0 - share) * total)
