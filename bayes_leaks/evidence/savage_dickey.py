"""The Bayes factor of a point against the model around it, without a density estimate.

The posterior density at a point is an integral over the other parameters, divided by the evidence
of the whole model. Both integrals are estimated like any other evidence, so the answer stays
accurate where no posterior draw has ever been.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import lstsq

from bayes_leaks.errors import EvidenceError, ParameterError
from bayes_leaks.evidence import agreement
from bayes_leaks.evidence.bayes_factor import LogBayesFactor
from bayes_leaks.evidence.bridge import bridge
from bayes_leaks.evidence.importance import importance
from bayes_leaks.evidence.inputs import (
    CountedDensity,
    Floats,
    LogDensity,
    RandomSeed,
    draws_problems,
)
from bayes_leaks.evidence.result import Evidence
from bayes_leaks.evidence.threads import one_thread

_START = 2000
# What importance sampling needs at least.
_MIN_START = 50
# How far from the draws the second estimator starts when there are no prior draws.
_OVERDISPERSION = 3.0


@dataclass(frozen=True, slots=True)
class Restriction:
    """Some parameters of a model, held at a point.

    Parameters
    ----------
    fixed : sequence of int
        Columns of the parameters that are held.
    point : array_like, shape (len(fixed),)
        Where, in the unconstrained space.
    log_prior : callable or float
        Log density of the held parameters given the others, in the unconstrained space: points
        (n, d) to (n,), nats; or one number, if it does not depend on the others.
    """

    fixed: Sequence[int]
    point: ArrayLike
    log_prior: LogDensity | float

    def others(self, dimension: int) -> list[int]:
        """Columns of the parameters that stay free."""
        return [column for column in range(dimension) if column not in self.fixed]

    def null(self, log_density: LogDensity, dimension: int) -> LogDensity:
        """Log density of the restricted model at its own parameters (n, d - len(fixed))."""
        free = self.others(dimension)

        def restricted(values: Floats) -> Floats:
            points = np.empty((len(values), dimension))
            points[:, list(self.fixed)] = np.asarray(self.point, dtype=np.float64)
            points[:, free] = values
            prior = self.log_prior(points) if callable(self.log_prior) else self.log_prior
            # Where both are -inf the answer is NaN, and the estimators refuse it in words.
            with np.errstate(invalid="ignore"):
                return np.subtract(log_density(points), prior, dtype=np.float64)

        return restricted


@one_thread
def savage_dickey(
    log_density: LogDensity,
    draws: ArrayLike,
    restriction: Restriction,
    *,
    start: ArrayLike | None = None,
    evidence: Evidence | None = None,
    mcse: float = 0.002,
    favoured: str = "restricted",
    against: str = "free",
    random_seed: RandomSeed,
    allow_untrusted: bool = False,
) -> LogBayesFactor:
    """Estimate the Bayes factor of a point null against the model in which it is nested.

    Parameters
    ----------
    log_density : callable
        Unnormalised log posterior of the free model on R^d, Jacobian included: points (n, d) to
        (n,), nats.
    draws : array_like, shape (chains, draws, d)
        Unconstrained posterior draws of the free model, 16 or more per chain.
    restriction : Restriction
        Which parameters are held, where, and their prior density there.
    start : array_like, shape (n, d), optional
        At least 50 points spread like the prior of the free model. They make the confirming
        estimates independent of `draws`; without them it starts from draws spread three times as
        wide, and cannot find a mode far from them.
    evidence : Evidence, optional
        Of the free model, with the constants of `log_density`, if it is known already.
    mcse : float, optional
        Standard error that each evidence aims at, in nats; positive.
    favoured, against : str, optional
        Names of the restricted and of the free model.
    random_seed : int, numpy.random.SeedSequence or numpy.random.Generator
    allow_untrusted : bool, optional
        Keep the number even if a check failed.

    Returns
    -------
    LogBayesFactor
        Nats, positive where the point predicted the data better. NaN, with reasons, unless both
        evidences are trusted.

    Raises
    ------
    ParameterError
        If an argument is not allowed; all problems are reported together.
    EvidenceError
        If no proposal can be fitted to the draws.

    Notes
    -----
    The restricted model is the free one with the held parameters made constants: the density of
    the others is ``f(point, others) / p(point | others)``, where ``f`` is the unnormalised
    posterior and ``p`` the prior of the held parameters given the others. Where that prior does not
    depend on the others, the ratio of the two evidences is the Savage-Dickey ratio [1]_, the
    posterior density at the point over the prior density there; where it does, it is the
    generalised ratio [2]_.

    Each evidence is estimated twice, once from the draws and once from `start`, and believed if
    both agree; see `agreement.judge`. For the restricted model the draws are first moved to the
    point along their own regression on the held parameters.

    References
    ----------
    .. [1] Dickey, J. M. (1971). The weighted likelihood ratio, linear hypotheses on normal location
       parameters. Annals of Mathematical Statistics 42, 204-223.
       https://doi.org/10.1214/aoms/1177693507
    .. [2] Verdinelli, I. and Wasserman, L. (1995). Computing Bayes factors using a generalization
       of the Savage-Dickey density ratio. Journal of the American Statistical Association 90,
       614-618. https://doi.org/10.1080/01621459.1995.10476554

    Examples
    --------
    A standard normal posterior and a normal prior with standard deviation 2:

    >>> import numpy as np
    >>> draws = np.random.default_rng(1).normal(size=(4, 500, 1))
    >>> point = Restriction([0], [3.0], -0.5 * 1.5**2 - np.log(2.0 * np.sqrt(2.0 * np.pi)))
    >>> factor = savage_dickey(lambda x: -0.5 * x[:, 0] ** 2, draws, point, random_seed=1)
    >>> bool(abs(factor.value - (-0.5 * 3.0**2 + 0.5 * 1.5**2 + np.log(2.0))) < 4 * factor.mcse)
    True
    """
    sample = np.asarray(draws, dtype=np.float64)
    wide = None if start is None else np.asarray(start, dtype=np.float64)
    _check_arguments(sample, restriction, wide)
    rng = np.random.default_rng(random_seed)
    if wide is None:
        wide = _spread(sample, rng)
    free = evidence or _free_evidence(log_density, sample, wide, mcse, rng)
    null = restricted_evidence(
        log_density, sample, restriction, start=wide, mcse=mcse, random_seed=rng
    )
    reasons = [f"{reason} ({favoured})" for reason in null.reasons]
    reasons += [f"{reason} ({against})" for reason in free.reasons]
    value = null.untrusted_numbers[0] - free.untrusted_numbers[0]
    error = float(np.hypot(null.untrusted_numbers[1], free.untrusted_numbers[1]))
    if reasons and not allow_untrusted:
        value = error = np.nan
    return LogBayesFactor(favoured, against, value, error, tuple(reasons))


def restricted_evidence(
    log_density: LogDensity,
    draws: Floats,
    restriction: Restriction,
    *,
    start: Floats,
    mcse: float,
    random_seed: RandomSeed,
) -> Evidence:
    """Estimate the log evidence of a restricted model from draws of the free one.

    Parameters
    ----------
    log_density, draws, restriction, start, mcse, random_seed
        As in `savage_dickey`.

    Returns
    -------
    Evidence
        Nats; without an error if no parameter stays free.
    """
    dimension = draws.shape[2]
    density = CountedDensity(restriction.null(log_density, dimension))
    free = restriction.others(dimension)
    if not free:
        return _known(float(density(np.empty((1, 0)))[0]))
    rng = np.random.default_rng(random_seed)
    starts = {"from draws": _moved(draws, restriction, rng), "from start": start[:, free]}
    return _judged(
        {name: _importance(density, points, mcse, rng) for name, points in starts.items()}
    )


def _free_evidence(
    log_density: LogDensity, draws: Floats, start: Floats, mcse: float, rng: np.random.Generator
) -> Evidence:
    name, from_draws = "bridge", bridge(log_density, draws, random_seed=rng)
    if from_draws.codes == ("high_k_hat",):
        # Healthy draws, but tails that no proposal of the bridge covers.
        name = "from draws"
        from_draws = _importance(log_density, _thinned(draws, rng), mcse, rng)
    return _judged({name: from_draws, "from start": _importance(log_density, start, mcse, rng)})


def _importance(
    log_density: LogDensity, start: Floats, mcse: float, rng: np.random.Generator
) -> Evidence:
    try:
        return importance(log_density, start, mcse=mcse, random_seed=rng)
    except EvidenceError as error:
        reason = f"no_start: {error}."
        return Evidence(np.nan, np.nan, "importance", 0, {}, trusted=False, reasons=(reason,))


def _judged(estimates: dict[str, Evidence]) -> Evidence:
    """Report the better of two estimates, or the mean of two of a kind, trusted if they agree."""
    verdict = agreement.judge(estimates)
    chosen = [estimates[verdict.chosen]]
    if not verdict.reasons and len({estimate.method for estimate in estimates.values()}) == 1:
        # Of two of a kind, to choose the one with the smaller error would favour one too small.
        chosen = list(estimates.values())
    log_ml, errors = np.transpose([estimate.untrusted_numbers for estimate in chosen])
    return Evidence(
        log_ml=float(log_ml.mean()),
        mcse=float(np.linalg.norm(errors)) / len(chosen),
        method=chosen[0].method,
        n_evaluations=sum(estimate.n_evaluations for estimate in estimates.values()),
        diagnostics={},
        trusted=not verdict.reasons,
        reasons=verdict.reasons,
    )


def _known(value: float) -> Evidence:
    reasons = () if np.isfinite(value) else (f"non_finite_density: it is {value} at the point.",)
    return Evidence(value, 0.0, "exact", 1, {}, trusted=not reasons, reasons=reasons)


def _moved(draws: Floats, restriction: Restriction, rng: np.random.Generator) -> Floats:
    """Values (n, d - k) of the other parameters, moved to the point along their regression."""
    flat = _thinned(draws, rng)
    held = flat[:, list(restriction.fixed)]
    others = flat[:, restriction.others(flat.shape[1])]
    slopes = lstsq(held - held.mean(axis=0), others - others.mean(axis=0))[0]
    return np.asarray(others + (np.asarray(restriction.point) - held) @ slopes)


def _spread(draws: Floats, rng: np.random.Generator) -> Floats:
    """Draws (n, d) three times as far from their mean as they were."""
    flat = _thinned(draws, rng)
    return np.asarray(flat.mean(axis=0) + _OVERDISPERSION * (flat - flat.mean(axis=0)))


def _thinned(draws: Floats, rng: np.random.Generator) -> Floats:
    flat = draws.reshape(-1, draws.shape[2])
    return flat[rng.choice(len(flat), min(_START, len(flat)), replace=False)]


def _check_arguments(draws: Floats, restriction: Restriction, start: Floats | None) -> None:
    """Report all bad arguments together."""
    if problems := draws_problems(draws):
        raise ParameterError("savage_dickey cannot start: " + "; ".join(problems))
    dimension = draws.shape[2]
    fixed = list(restriction.fixed)
    if not fixed or len(set(fixed)) < len(fixed) or not set(fixed) <= set(range(dimension)):
        problems.append(f"fixed must name different columns from 0 to {dimension - 1}, got {fixed}")
    point = np.asarray(restriction.point, dtype=np.float64)
    if point.shape != (len(fixed),) or not np.isfinite(point).all():
        problems.append(
            f"point must hold {len(fixed)} finite numbers, one for each fixed column, got "
            f"{point.tolist()}"
        )
    if draws[..., 0].size < _MIN_START:
        problems.append(f"draws has {draws[..., 0].size} draws; at least {_MIN_START} are needed")
    if start is not None and (start.shape[1:] != (dimension,) or len(start) < _MIN_START):
        problems.append(
            f"start must have shape (n, {dimension}) with n of at least {_MIN_START}, got "
            f"{start.shape}"
        )
    if problems:
        raise ParameterError("savage_dickey cannot start: " + "; ".join(problems))
