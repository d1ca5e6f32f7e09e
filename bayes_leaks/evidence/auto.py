"""The default strategy: two independent estimators that must agree."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bayes_leaks.errors import EvidenceError
from bayes_leaks.evidence import agreement
from bayes_leaks.evidence.bridge import bridge
from bayes_leaks.evidence.importance import ImportanceSample, importance_sample
from bayes_leaks.evidence.inputs import Floats, LogDensity, RandomSeed
from bayes_leaks.evidence.reciprocal import reciprocal
from bayes_leaks.evidence.result import Evidence
from bayes_leaks.evidence.smc import ISLANDS, smc_with_draws
from bayes_leaks.evidence.threads import one_thread

# How far from the draws the second estimator starts when there are no prior draws.
_OVERDISPERSION = 3.0
IMPORTANCE_START = 2000
# The second estimator aims at this part of the error asked for, so that it can confirm the first.
_SHARPER = 0.5
# What says that the chains are too short for what they have to explore.
_UNMIXED = {"few_effective_draws", "high_r_hat"}
# Up to this R-hat chains still represent the posterior; above, each tells of its own part.
_REPRESENTATIVE = 1.05
# Chains of twice the length that are still above this R-hat are stuck: they will not mix.
_STUCK = 1.5
_NOTHING = np.empty((0, 0))
# Particles of an island of the fallback: at least, and for each dimension.
_PARTICLES, _PARTICLES_PER_DIMENSION = 128, 8
# What an untrusted estimate keeps its number under; the report has a name for each estimator.
_WITHHELD = ("log_ml_untrusted", "mcse_untrusted")


@dataclass(frozen=True, slots=True)
class Target:
    """An unnormalised posterior and what is known of it.

    Parameters
    ----------
    log_density : callable
        Log prior plus log likelihood on R^d, Jacobian included: points (n, d) to (n,), nats.
    log_prior, log_likelihood : callable
        Its two parts; only the fallback needs them apart.
    draw_prior : callable or None
        From a number to as many independent draws from the prior, shape (n, d). Without it no
        estimator can find what the posterior draws have missed.
    """

    log_density: LogDensity
    log_prior: LogDensity
    log_likelihood: LogDensity
    draw_prior: Callable[[int], Floats] | None


@dataclass(frozen=True, slots=True)
class Draws:
    """Posterior draws and what their sampler reported.

    Parameters
    ----------
    points : ndarray, shape (chains, draws, d)
    log_density : ndarray, shape (chains, draws), or None
        At the points, if the sampler has kept it.
    divergences : float
        Number of divergent transitions.
    """

    points: Floats
    log_density: Floats | None
    divergences: float

    def densities(self, target: Target) -> Floats:
        """Log density at the points, from the sampler or evaluated."""
        if self.log_density is not None:
            return self.log_density
        values = target.log_density(self.points.reshape(-1, self.points.shape[2]))
        return np.asarray(values).reshape(self.points.shape[:2])

    def with_more(self, other: "Draws") -> "Draws":
        """Put the chains of both together."""
        known = None
        if self.log_density is not None and other.log_density is not None:
            known = np.concatenate([self.log_density, other.log_density])
        points = np.concatenate([self.points, other.points])
        return Draws(points, known, self.divergences + other.divergences)


@one_thread
def auto(
    target: Target,
    draws: Draws,
    *,
    mcse: float,
    random_seed: RandomSeed,
    proposals_per_draw: int = 8,
    more_draws: Callable[[int, int], Draws] | None = None,
    max_draws: int = 0,
    allow_untrusted: bool = False,
) -> Evidence:
    """Estimate a log marginal likelihood twice, and believe it if both agree.

    Bridge sampling works from the posterior draws. Adaptive importance sampling starts from the
    prior and moves without them, so it can find what they missed; they only widen its error where
    its proposal missed what they found. Where one of the two cannot be
    trusted, sequential Monte Carlo from the prior is asked. Of two trusted estimates that agree
    within 4 joint standard errors, the one with the smaller error is returned.

    Parameters
    ----------
    target : Target
    draws : Draws
    mcse : float
        Standard error to reach, in nats; positive.
    random_seed : int, numpy.random.SeedSequence or numpy.random.Generator
    proposals_per_draw : int, optional
        For the bridge.
    more_draws : callable, optional
        From a number of chains and their length to fresh ones. Called while `max_draws` allows it:
        for as many again while the error is above `mcse`, for chains of twice the length in the
        place of those that have not mixed.
    max_draws : int, optional
        Posterior draws to spend in all.
    allow_untrusted : bool, optional
        Keep the number even if a check failed.

    Returns
    -------
    Evidence
        Nats. `diagnostics` holds those of the estimate returned, ``log_ml_NAME``, ``mcse_NAME``
        of every estimator tried, and ``mcse_target``.

    Notes
    -----
    `reasons` of an untrusted result begin with ``unconfirmed``, ``disagreement``,
    ``unvisited_mode`` or ``reciprocal_disagrees``, followed by those of the estimators.
    """
    rng = np.random.default_rng(random_seed)
    independent = _from_prior(target, draws, mcse, rng)
    seen = _NOTHING if isinstance(independent, EvidenceError) else independent.draws
    spent, longer = draws.points.shape[0] * draws.points.shape[1], False
    while True:
        estimates = {"bridge": _bridge(target, draws, proposals_per_draw, seen, rng)}
        estimates["importance"] = _importance(independent, estimates["bridge"], target, draws)
        verdict = agreement.judge(estimates)
        if more_draws is None or not _more_help(estimates, mcse):
            break
        chains, length = draws.points.shape[:2]
        unmixed = bool(set(estimates["bridge"].codes) & _UNMIXED)
        stuck = longer and estimates["bridge"].diagnostics["r_hat"] > _STUCK
        # More chains of the same length would not mix better.
        length = 2 * length if unmixed else length
        spent += chains * length
        if stuck or spent > max_draws:
            break
        more = more_draws(chains, length)
        draws, longer = (more, True) if unmixed else (draws.with_more(more), longer)
    if verdict.reasons and target.draw_prior is not None and _finite(estimates):
        start = target.draw_prior(smc_size(draws.points.shape[2]))
        estimates["smc"], particles = smc_with_draws(
            target.log_prior, target.log_likelihood, start, random_seed=rng
        )
        if estimates["smc"].trusted:
            estimates["bridge"] = _if_complete(estimates["bridge"], target, draws, particles)
            estimates["importance"] = _widened(
                estimates["importance"],
                independent,
                particles,
                np.asarray(target.log_density(particles)),
            )
        verdict = agreement.judge(estimates)
    return _report(estimates, verdict, target, draws, mcse, allow_untrusted)


def smc_size(dimension: int) -> int:
    """How many prior draws sequential Monte Carlo starts from."""
    return ISLANDS * max(_PARTICLES, _PARTICLES_PER_DIMENSION * dimension)


def _from_prior(
    target: Target, draws: Draws, mcse: float, rng: np.random.Generator
) -> ImportanceSample | EvidenceError:
    """Estimate by importance sampling from the prior, or failing that from around the draws."""
    if target.draw_prior is not None:
        start = target.draw_prior(IMPORTANCE_START)
    else:
        flat = draws.points.reshape(-1, draws.points.shape[2])
        few = flat[rng.choice(len(flat), min(IMPORTANCE_START, len(flat)), replace=False)]
        start = flat.mean(axis=0) + _OVERDISPERSION * (few - flat.mean(axis=0))
    try:
        return importance_sample(target.log_density, start, mcse=_SHARPER * mcse, random_seed=rng)
    except EvidenceError as error:
        return error


def _importance(
    found: ImportanceSample | EvidenceError, bridge: Evidence, target: Target, draws: Draws
) -> Evidence:
    """Widen the error where draws, if they represent the posterior, show it to be too small."""
    if isinstance(found, EvidenceError):
        return _failed("importance", f"no_start: {found}")
    if not bridge.diagnostics.get("r_hat", np.inf) <= _REPRESENTATIVE:
        return found.evidence
    flat = draws.points.reshape(-1, draws.points.shape[2])
    return _widened(found.evidence, found, flat, draws.densities(target).ravel())


def _widened(
    estimate: Evidence, found: ImportanceSample | EvidenceError, points: Floats, at_points: Floats
) -> Evidence:
    """Widen the error by what these posterior draws show, if others have not widened it more."""
    if isinstance(found, EvidenceError):
        return estimate
    widened = found.widened(points, at_points)
    return max(estimate, widened, key=lambda one: one.untrusted_numbers[1])


def _bridge(
    target: Target, draws: Draws, proposals_per_draw: int, seen: Floats, rng: np.random.Generator
) -> Evidence:
    """Estimate by bridge sampling, unless the draws miss a mode that others have seen."""
    try:
        estimate = bridge(
            target.log_density,
            draws.points,
            draws.log_density,
            proposals_per_draw=proposals_per_draw,
            random_seed=rng,
            diagnostics={"divergences": draws.divergences},
        )
    except EvidenceError as error:
        return _failed("bridge", f"no_proposal: {error}")
    return _if_complete(estimate, target, draws, seen)


def _if_complete(estimate: Evidence, target: Target, draws: Draws, seen: Floats) -> Evidence:
    """Withdraw trust from an estimate whose draws never visited a mode."""
    if not (estimate.trusted and len(seen)):
        return estimate
    reason = agreement.unvisited(target.log_density, draws.points, draws.densities(target), seen)
    return estimate.distrusted(reason) if reason else estimate


def _failed(method: str, reason: str) -> Evidence:
    return Evidence(np.nan, np.nan, method, 0, {}, trusted=False, reasons=(reason,))


def _finite(estimates: Mapping[str, Evidence]) -> bool:
    """Whether the density has shown no value that no density can have."""
    codes = {code for estimate in estimates.values() for code in estimate.codes}
    return not any(code.startswith("non_finite") for code in codes)


def _more_help(estimates: Mapping[str, Evidence], mcse: float) -> bool:
    """Whether further posterior draws may give what is still missing."""
    if not _finite(estimates):
        return False
    trusted = [estimate.mcse for estimate in estimates.values() if estimate.trusted]
    bridged = estimates["bridge"]
    unmixed = set(bridged.codes) & _UNMIXED
    return bool(unmixed) or (bridged.trusted and min(trusted) > mcse)


def _report(
    estimates: Mapping[str, Evidence],
    verdict: agreement.Verdict,
    target: Target,
    draws: Draws,
    mcse: float,
    allow_untrusted: bool,
) -> Evidence:
    """Put the chosen estimate, what the others said and the verdict into one `Evidence`."""
    chosen = estimates[verdict.chosen]
    numbers = dict(chosen.diagnostics)
    for name, estimate in estimates.items():
        numbers[f"log_ml_{name}"], numbers[f"mcse_{name}"] = estimate.untrusted_numbers
    numbers["mcse_target"] = mcse
    numbers["independent_start"] = float(target.draw_prior is not None)
    reasons = verdict.reasons
    opposite = reciprocal(draws.densities(target), draws.points)
    numbers["log_ml_reciprocal"], numbers["mcse_reciprocal"] = opposite.untrusted_numbers
    # Where draws are known to be incomplete, others have agreed without them.
    alarm = agreement.alarm(opposite, chosen) if estimates["bridge"].trusted else ""
    if alarm and not reasons:
        reasons = (alarm,)
    log_ml, error = chosen.untrusted_numbers
    confirmed = f", confirmed by {verdict.confirmed_by}" if verdict.confirmed_by else ""
    return Evidence(
        log_ml=log_ml,
        mcse=error,
        method=verdict.chosen + confirmed,
        n_evaluations=sum(estimate.n_evaluations for estimate in estimates.values()),
        diagnostics={k: v for k, v in numbers.items() if k not in _WITHHELD},
        trusted=not reasons,
        reasons=reasons,
        allow_untrusted=allow_untrusted,
    )
