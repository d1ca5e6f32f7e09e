"""Cross-fitted optimal bridge sampling with scrambled Sobol proposals."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence import checks
from bayes_leaks.evidence.bridge_error import bridge_error
from bayes_leaks.evidence.bridge_identity import averaged, solve
from bayes_leaks.evidence.chains import effective_draws, k_hat
from bayes_leaks.evidence.inputs import (
    CountedDensity,
    Floats,
    LogDensity,
    RandomSeed,
    draws_problems,
    log_density_at,
)
from bayes_leaks.evidence.proposals.defended import SMALLEST_SET
from bayes_leaks.evidence.proposals.ladder import LADDER, Fit, choose
from bayes_leaks.evidence.result import Evidence
from bayes_leaks.evidence.threads import one_thread

METHOD = "bridge"
_MIN_REPLICATES = 4
_NO_OVERLAP = (
    "no_overlap: posterior and proposal have no point in common, the bridge has no solution; "
    "check that draws and log_density use the same unconstrained space."
)


@one_thread
def bridge(
    log_density: LogDensity,
    draws: ArrayLike,
    log_density_at_draws: ArrayLike | None = None,
    *,
    proposals_per_draw: int = 8,
    replicates: int = 8,
    random_seed: RandomSeed,
    ladder: Sequence[Fit] = LADDER,
    diagnostics: Mapping[str, float] | None = None,
    allow_untrusted: bool = False,
) -> Evidence:
    """Estimate a log marginal likelihood from posterior draws.

    Every chain is cut in half. A proposal is fitted to one half of all chains and bridged to
    the other half, then the other way round; the two estimates are averaged. No draw meets
    a proposal that was fitted to it, which would bias the estimate downwards. Which kind of
    proposal it is, is decided by the fitted half alone; see `choose`.

    Parameters
    ----------
    log_density : callable
        Unnormalised log posterior on R^d, Jacobian included: points (n, d) to (n,), nats.
    draws : array_like, shape (chains, draws, d)
        Unconstrained posterior draws, 16 or more per chain.
    log_density_at_draws : array_like, shape (chains, draws), optional
        `log_density` at the draws, if the sampler has kept it; spot-checked, not recomputed.
    proposals_per_draw : int, optional
        Proposals per posterior draw, 1 or more, rounded up so that a replicate is a power of
        two. One costs a single log density.
    replicates : int, optional
        Independent scramblings of the Sobol proposals per fold, 4 or more.
    random_seed : int, numpy.random.SeedSequence or numpy.random.Generator
        Seed of the scrambling.
    ladder : sequence of callable, optional
        Kinds of proposal to choose from, the simplest first; each fits one to draws (n, d).
    diagnostics : mapping of str to float, optional
        What the sampler reported, kept with the result; ``"divergences"`` is judged too. The
        result adds, among others, ``rung_first`` and ``rung_second``: which of `ladder` was fitted
        to the first and to the second half.
    allow_untrusted : bool, optional
        Keep the number even if a check failed.

    Returns
    -------
    Evidence
        Nats. ``log_ml ± 1.96 mcse`` is a 95 % interval.

    Raises
    ------
    ParameterError
        If an argument is not allowed; all problems are reported together.
    EvidenceError
        If no proposal can be fitted.

    Notes
    -----
    The error sums the long-run variance of the bridge term itself over the chains, the
    correlation of the folds, and the spread over replicates of the proposals; see
    `bridge_error`. The verdict needs 2 chains, 100 effective draws, R-hat of the bridge term,
    the log density and every parameter within 1.01 or its noise, k-hat of the importance
    weights at the proposals up to 0.7, and log densities that are finite (or -inf at
    proposals). A mode that no chain has visited cannot be seen from here.

    References
    ----------
    .. [1] Meng, X.-L. and Wong, W. H. (1996). Simulating ratios of normalizing constants via
       a simple identity: a theoretical exploration. Statistica Sinica 6, 831-860.
    .. [2] Gronau, Q. F. et al. (2017). A tutorial on bridge sampling. Journal of Mathematical
       Psychology 81, 80-97. https://doi.org/10.1016/j.jmp.2017.09.005
    .. [3] Gronau, Q. F., Singmann, H. and Wagenmakers, E.-J. (2020). bridgesampling: an R
       package for estimating normalizing constants. Journal of Statistical Software 92(10).
       https://doi.org/10.18637/jss.v092.i10
    .. [4] Micaletto, G. and Vehtari, A. (2025). Bridge sampling diagnostics.
       https://doi.org/10.48550/arXiv.2508.14487
    .. [5] Wong, J. S. T., Forster, J. J. and Smith, P. W. F. (2020). Properties of the bridge
       sampler with a focus on splitting the MCMC sample. Statistics and Computing 30.

    Examples
    --------
    >>> import numpy as np
    >>> draws = np.random.default_rng(1).normal(size=(4, 500, 2))
    >>> estimate = bridge(lambda x: -0.5 * (x**2).sum(axis=1), draws, random_seed=1)
    >>> bool(abs(estimate.log_ml - np.log(2 * np.pi)) < 3 * estimate.mcse)
    True
    """
    sample = np.asarray(draws, dtype=np.float64)
    _check_arguments(sample, proposals_per_draw, replicates)
    density = CountedDensity(log_density)
    at_draws = log_density_at(density, sample, log_density_at_draws)
    rng = np.random.default_rng(random_seed)
    half = sample.shape[1] // 2
    wanted = proposals_per_draw * sample.shape[0] * half / replicates
    size = 2 ** math.ceil(math.log2(max(wanted, SMALLEST_SET)))

    flat = sample.reshape(-1, sample.shape[2])
    log_ratios: list[Floats] = []
    log_weights: list[Floats] = []
    numbers = dict(diagnostics or {})
    for name, fitted in (("first", slice(None, half)), ("second", slice(half, None))):
        numbers[f"rung_{name}"], proposal = choose(
            ladder, density, sample[:, fitted], at_draws[:, fitted], size * replicates, rng
        )
        at_images = averaged(density, proposal, flat, at_draws.ravel())
        log_ratios.append((at_images - proposal.log_density(flat)).reshape(at_draws.shape))
        # A generator, so that the points of only one replicate are in memory.
        batches = (proposal.draw(size, rng) for _ in range(replicates))
        log_weights.append(
            np.stack([averaged(density, proposal, x) - proposal.log_density(x) for x in batches])
        )

    numbers["impossible_proposals"] = float(np.isneginf(log_weights).sum())
    reasons = _density_reasons(at_draws, log_weights)
    log_ml = mcse = np.nan
    if not reasons:
        parameters = list(np.moveaxis(sample, 2, 0))
        log_ml, mcse, reasons = _average(log_ratios, log_weights, [at_draws, *parameters], numbers)
    return Evidence(
        log_ml=log_ml,
        mcse=mcse,
        method=METHOD,
        n_evaluations=density.n_evaluations,
        diagnostics=numbers,
        trusted=not reasons,
        reasons=tuple(reasons),
        allow_untrusted=allow_untrusted,
    )


def _average(
    log_ratios: list[Floats],
    log_weights: list[Floats],
    along_chains: list[Floats],
    numbers: dict[str, float],
) -> tuple[float, float, list[str]]:
    """Solve both folds, average them and judge; what was measured is added to `numbers`."""
    half = log_ratios[0].shape[1] // 2
    to_second = solve(log_ratios[0], log_weights[0], bridged=slice(half, None))
    to_first = solve(log_ratios[1], log_weights[1], bridged=slice(None, half))
    if to_second is None or to_first is None:
        return np.nan, np.nan, [_NO_OVERLAP]
    error = bridge_error((to_second, to_first))
    series = [fold.at_draws[:, fold.bridged] for fold in (to_first, to_second)]
    worst, limit = checks.worst_r_hat([*series, *along_chains])
    measured = {
        "k_hat": max(k_hat(weights) for weights in log_weights),
        "r_hat": worst,
        "r_hat_limit": limit,
        "ess": float(sum(effective_draws(part) for part in series)),
        "overlap": min(to_first.overlap, to_second.overlap),
        "fold_difference": to_first.log_ml - to_second.log_ml,
        "mcse_draws": error.draws,
        "mcse_shared": error.shared,
        "mcse_proposals": error.proposals,
        "mcse_between_chains": error.between_chains,
    }
    numbers |= measured
    reasons = checks.chain_reasons(series[0].shape[0], measured["ess"], worst, limit)
    reasons += checks.overlap_reasons(measured["k_hat"], numbers.get("divergences", 0.0))
    return 0.5 * (to_first.log_ml + to_second.log_ml), error.total, reasons


def _density_reasons(at_draws: Floats, log_weights: list[Floats]) -> list[str]:
    """Reasons that rule out any estimate: log densities that no posterior can have."""
    reasons = []
    if bad_draws := int((~np.isfinite(at_draws)).sum()):
        reasons.append(
            f"non_finite_draws: the log density is infinite or NaN at {bad_draws} of "
            f"{at_draws.size} posterior draws; no draw of this posterior can lie there."
        )
    weights = np.stack(log_weights)
    if bad := int((np.isnan(weights) | np.isposinf(weights)).sum()):
        reasons.append(
            f"non_finite_proposals: the log density is +inf or NaN at {bad} of {weights.size} "
            "proposals; it must be finite, or -inf where the posterior is zero."
        )
    return reasons


def _check_arguments(draws: Floats, proposals_per_draw: int, replicates: int) -> None:
    """Report all bad arguments together."""
    problems = draws_problems(draws)
    if proposals_per_draw < 1:
        problems.append(f"proposals_per_draw must be 1 or more, got {proposals_per_draw}")
    if replicates < _MIN_REPLICATES:
        problems.append(
            f"replicates must be {_MIN_REPLICATES} or more, got {replicates}; fewer cannot "
            "measure their own spread"
        )
    if problems:
        raise ParameterError("bridge cannot start: " + "; ".join(problems))
