"""Adaptive importance sampling, from posterior draws or from the prior alone."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import logsumexp

from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence.adaptation import Adapted, adapt, effective_share, resample
from bayes_leaks.evidence.chains import k_hat, smooth_weights
from bayes_leaks.evidence.checks import MAX_K_HAT
from bayes_leaks.evidence.inputs import CountedDensity, Floats, LogDensity, RandomSeed
from bayes_leaks.evidence.proposals import Proposal
from bayes_leaks.evidence.result import Evidence
from bayes_leaks.evidence.threads import one_thread

METHOD = "importance"
REPLICATES = 16
_MIN_START = 50
_MIN_EFFECTIVE = 100.0
_MIN_SIZE = 1024
_MAX_SIZE = 2**13
_KEPT = 2000
# An error as large as this, in nats, comes from a handful of points and says nothing.
_MAX_ERROR = 0.3


@dataclass(frozen=True, slots=True)
class ImportanceSample:
    """An estimate by importance sampling, and what it can be examined by.

    Parameters
    ----------
    evidence : Evidence
    draws : ndarray, shape (2000, d)
        Equally weighted draws from the posterior, some more than once; none without an estimate.
    proposal : Proposal
        What the weighted points were drawn from.
    """

    evidence: Evidence
    draws: Floats
    proposal: Proposal

    def widened(self, points: Floats, at_points: Floats) -> Evidence:
        """Let posterior draws from elsewhere speak of weights that the proposal never drew.

        The mean square of the weights over proposals is their mean over posterior draws. If the
        latter is larger, a part of the posterior is so rare among the proposals that their own
        spread does not show it.

        Parameters
        ----------
        points : ndarray, shape (n, d)
            Posterior draws, autocorrelated or not.
        at_points : ndarray, shape (n,)
            Log density there.

        Returns
        -------
        Evidence
            With an error widened by the difference of the two.
        """
        estimate = self.evidence
        if not estimate.trusted:
            return estimate
        weights = np.exp(at_points - self.proposal.log_density(points) - estimate.log_ml)
        share = estimate.diagnostics["effective_share"]
        unseen = max(0.0, float(weights.mean()) - 1.0 / share)
        variance = unseen * share / estimate.diagnostics["ess"]
        return replace(
            estimate,
            mcse=math.hypot(estimate.mcse, math.sqrt(variance)),
            diagnostics={**estimate.diagnostics, "mcse_unseen": math.sqrt(variance)},
        )


def importance(
    log_density: LogDensity,
    start: ArrayLike,
    *,
    mcse: float = 0.01,
    random_seed: RandomSeed,
    diagnostics: Mapping[str, float] | None = None,
    allow_untrusted: bool = False,
) -> Evidence:
    """Estimate a log marginal likelihood by adaptive importance sampling.

    See `importance_sample`, which also returns posterior draws.

    Examples
    --------
    >>> import numpy as np
    >>> start = 5.0 * np.random.default_rng(1).normal(size=(1000, 2))
    >>> estimate = importance(lambda x: -0.5 * (x**2).sum(axis=1), start, random_seed=1)
    >>> bool(abs(estimate.log_ml - np.log(2 * np.pi)) < 3 * estimate.mcse)
    True
    """
    return importance_sample(
        log_density,
        start,
        mcse=mcse,
        random_seed=random_seed,
        diagnostics=diagnostics,
        allow_untrusted=allow_untrusted,
    ).evidence


@one_thread
def importance_sample(
    log_density: LogDensity,
    start: ArrayLike,
    *,
    mcse: float = 0.01,
    random_seed: RandomSeed,
    diagnostics: Mapping[str, float] | None = None,
    allow_untrusted: bool = False,
) -> ImportanceSample:
    """Estimate a log marginal likelihood, and return draws and proposal with it.

    A proposal moves from the starting points to the posterior; see `adapt`. It is then frozen, and
    the average weight of fresh points from it is the estimate.

    Parameters
    ----------
    log_density : callable
        Unnormalised log posterior on R^d, Jacobian included: points (n, d) to (n,), nats.
    start : array_like, shape (n, d)
        At least 50 points, spread at least as widely as the posterior: draws from the prior, or
        from the posterior. A mode that they do not lead to is not found.
    mcse : float, optional
        Standard error to aim at, in nats; positive.
    random_seed : int, numpy.random.SeedSequence or numpy.random.Generator
    diagnostics : mapping of str to float, optional
        Kept with the result.
    allow_untrusted : bool, optional
        Keep the number even if a check failed.

    Returns
    -------
    ImportanceSample
        Its `evidence` is in nats; ``log_ml ± 1.96 mcse`` is a 95 % interval.

    Raises
    ------
    ParameterError
        If an argument is not allowed; all problems are reported together.
    EvidenceError
        If the density is zero wherever the starting points lead.

    Notes
    -----
    The error comes from 16 independently scrambled Sobol sets, with the Student factor. The
    largest weights are smoothed by a Pareto distribution [1]_; its shape k-hat must stay below
    0.7, and what smoothing changes counts as error.

    References
    ----------
    .. [1] Vehtari, A., Simpson, D., Gelman, A., Yao, Y. and Gabry, J. (2024). Pareto smoothed
       importance sampling. Journal of Machine Learning Research 25(72).
       https://doi.org/10.48550/arXiv.1507.02646
    """
    points = np.asarray(start, dtype=np.float64)
    _check_arguments(points, mcse)
    density = CountedDensity(log_density)
    rng = np.random.default_rng(random_seed)
    size = 2 ** math.ceil(math.log2(max(_MIN_SIZE, 64 * points.shape[1])))
    adapted = adapt(density, points, size, rng)

    # The variance of weights is (1 / share - 1): that many points bring the error down to `mcse`.
    wanted = (1.0 / max(adapted.share, 0.01) - 1.0) / (mcse**2 * REPLICATES)
    size = min(max(2 ** math.ceil(math.log2(max(wanted, 2.0))), size // 2), _MAX_SIZE)
    sets = [adapted.proposal.draw(size, rng) for _ in range(REPLICATES)]
    weights = np.stack([density(x) - adapted.proposal.log_density(x) for x in sets])
    numbers = dict(diagnostics or {})
    log_ml, error, reasons = _average(weights, adapted, numbers)
    draws = np.empty((0, points.shape[1]))
    if np.isfinite(log_ml):
        draws = resample(np.concatenate(sets), weights.ravel(), _KEPT, rng)
    evidence = Evidence(
        log_ml=log_ml,
        mcse=error,
        method=METHOD,
        n_evaluations=density.n_evaluations,
        diagnostics=numbers,
        trusted=not reasons,
        reasons=tuple(reasons),
        allow_untrusted=allow_untrusted,
    )
    return ImportanceSample(evidence, draws, adapted.proposal)


def _average(
    weights: Floats, adapted: Adapted, numbers: dict[str, float]
) -> tuple[float, float, list[str]]:
    """Average the weights and judge; what was measured is added to `numbers`."""
    odd = int((np.isnan(weights) | np.isposinf(weights)).sum()) + adapted.non_finite
    numbers["impossible_proposals"] = float(np.isneginf(weights).sum())
    numbers["rounds"] = float(adapted.rounds)
    if odd:
        return np.nan, np.nan, [
            f"non_finite_proposals: the log density is +inf or NaN at {odd} points; it must be "
            "finite, or -inf where the posterior is zero."
        ]  # fmt: skip
    if np.isneginf(weights).all():
        return np.nan, np.nan, ["no_overlap: the density is zero at all final proposals."]
    smooth = smooth_weights(weights)
    log_ml = float(logsumexp(smooth) - np.log(smooth.size))
    # Weights of many narrow modes have no Pareto tail, and smoothing shifts their mean.
    shift = float(logsumexp(weights)) - float(logsumexp(smooth))
    means = np.exp(logsumexp(smooth, axis=1) - np.log(smooth.shape[1]) - log_ml)
    factor = stats.t.ppf(0.975, REPLICATES - 1) / stats.norm.ppf(0.975)
    error = math.hypot(factor * np.std(means, ddof=1) / np.sqrt(REPLICATES), shift)
    share = effective_share(weights.ravel())
    numbers |= {"k_hat": k_hat(weights), "ess": share * weights.size, "effective_share": share}
    return log_ml, error, _reasons(numbers, adapted, error)


def _reasons(numbers: Mapping[str, float], adapted: Adapted, error: float) -> list[str]:
    """Why an average of these weights is not to be trusted; empty if it is."""
    reasons = []
    if not adapted.reached:
        reasons.append(
            f"not_converged: the proposal had not reached the posterior after {adapted.rounds} "
            "steps; start nearer to it."
        )
    if not numbers["ess"] >= _MIN_EFFECTIVE:
        reasons.append(
            f"few_effective_draws: the weighted points are worth only {numbers['ess']:.0f} equal "
            f"ones, {_MIN_EFFECTIVE:.0f} are needed; the posterior has a shape that the proposal "
            "cannot follow."
        )
    if not numbers["k_hat"] <= MAX_K_HAT:
        reasons.append(
            f"high_k_hat: the proposal misses part of the posterior, k-hat of its weights is "
            f"{numbers['k_hat']:.2f} (limit {MAX_K_HAT}); the error bar may be too small."
        )
    if not error <= _MAX_ERROR:
        reasons.append(
            f"large_error: the standard error is {error:.2f} nats (limit {_MAX_ERROR}); a handful "
            "of points decides."
        )
    return reasons


def _check_arguments(start: Floats, mcse: float) -> None:
    """Report all bad arguments together."""
    problems = []
    if start.ndim != 2 or start.shape[0] < _MIN_START or start.shape[1] == 0:
        problems.append(
            f"start must have shape (n, d) with n of at least {_MIN_START}, got {start.shape}"
        )
    elif not np.isfinite(start).all():
        row, column = np.argwhere(~np.isfinite(start))[0]
        problems.append(
            f"start must be finite; start[{row}, {column}] is {start[row, column]}; leave such "
            "points out"
        )
    if not 0.0 < mcse < np.inf:
        problems.append(f"mcse must be positive and finite, got {mcse}")
    if problems:
        raise ParameterError("importance cannot start: " + "; ".join(problems))
