"""Tempered sequential Monte Carlo from the prior: the fallback for several modes."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.special import logsumexp

from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence.adaptation import fit_best, largest_step, resample
from bayes_leaks.evidence.inputs import CountedDensity, Floats, LogDensity, RandomSeed
from bayes_leaks.evidence.proposals import NormalProposal, Proposal
from bayes_leaks.evidence.result import Evidence
from bayes_leaks.evidence.threads import one_thread

METHOD = "smc"
ISLANDS = 16
MIN_ISLANDS = 8
MIN_PARTICLES = 32
# Share of effective particles that a change of temperature may leave.
_KEEP = 0.5
_MAX_STAGES = 200
# Moves go on until a particle has forgotten where the stage began, or this long.
_FORGOTTEN = 0.2
_MAX_MOVES = 200
_BLOCK = 5
_SCALES = (1.0, 0.3, 0.1)
_MAX_ERROR = 0.3


def smc(
    log_prior: LogDensity,
    log_likelihood: LogDensity,
    prior_draws: ArrayLike,
    *,
    islands: int = ISLANDS,
    random_seed: RandomSeed,
    allow_untrusted: bool = False,
) -> Evidence:
    """Estimate a log marginal likelihood by tempered sequential Monte Carlo.

    See `smc_with_draws`, which also returns posterior draws.

    Examples
    --------
    >>> import numpy as np
    >>> def normal(x, scale):
    ...     return (-0.5 * (x / scale) ** 2 - np.log(scale) - 0.9189385332046727).sum(axis=1)
    >>> draws = np.random.default_rng(1).normal(size=(2048, 1))
    >>> found = smc(lambda x: normal(x, 1.0), lambda x: normal(x, 0.1), draws, random_seed=1)
    >>> bool(abs(found.log_ml - normal(np.zeros((1, 1)), 1.01**0.5)[0]) < 3 * found.mcse)
    True
    """
    return smc_with_draws(
        log_prior,
        log_likelihood,
        prior_draws,
        islands=islands,
        random_seed=random_seed,
        allow_untrusted=allow_untrusted,
    )[0]


@one_thread
def smc_with_draws(
    log_prior: LogDensity,
    log_likelihood: LogDensity,
    prior_draws: ArrayLike,
    *,
    islands: int = ISLANDS,
    random_seed: RandomSeed,
    allow_untrusted: bool = False,
) -> tuple[Evidence, Floats]:
    """Estimate a log marginal likelihood and return posterior draws with it.

    Particles begin as draws from the prior and nowhere else. The likelihood is raised to a power
    that grows from 0 to 1; at each power particles are resampled inside their island and moved
    until they have forgotten where they were.

    Parameters
    ----------
    log_prior, log_likelihood : callable
        Points (n, d) of the unconstrained space to (n,), nats; Jacobian included in the prior.
    prior_draws : array_like, shape (n, d)
        Independent draws from the prior, at least 32 for each island.
    islands : int, optional
        Independent groups of particles, at least 8, whose spread gives the error.
    random_seed : int, numpy.random.SeedSequence or numpy.random.Generator
    allow_untrusted : bool, optional
        Keep the number even if a check failed.

    Returns
    -------
    Evidence
        Nats.
    ndarray, shape (n, d)
        The particles at the end.

    Raises
    ------
    ParameterError
        If an argument is not allowed.

    Notes
    -----
    The islands share the powers and the proposals of their moves, which depend on all particles;
    each is otherwise unbiased on the natural scale, so the estimate is the log of their mean.

    References
    ----------
    .. [1] Del Moral, P., Doucet, A. and Jasra, A. (2006). Sequential Monte Carlo samplers. JRSS B
       68, 411-436. https://doi.org/10.1111/j.1467-9868.2006.00553.x
    """
    draws = np.asarray(prior_draws, dtype=np.float64)
    _check_arguments(draws, islands)
    rng = np.random.default_rng(random_seed)
    size = len(draws) // islands
    points = draws[: size * islands]
    prior, likelihood = CountedDensity(log_prior), CountedDensity(log_likelihood)
    log_prior_at, at = prior(points), likelihood(points)
    log_ml, power, moved, stage = np.zeros(islands), 0.0, True, 0
    reasons = _non_finite(at)
    while power < 1.0 and not reasons and stage < _MAX_STAGES:
        stage += 1
        step = largest_step(at, 1.0 - power, _KEEP * float(np.isfinite(at).mean()))
        weights = (step * at).reshape(islands, size)
        log_ml += logsumexp(weights, axis=1) - np.log(size)
        power = min(power + step, 1.0)
        if not np.isfinite(log_ml).all():
            reasons.append(
                "no_survivors: in an island no particle has a likelihood above zero; give more "
                "prior draws."
            )
            break
        chosen = _survivors(weights, rng)
        mover = _Moves(prior, likelihood, points[chosen], log_prior_at[chosen], at[chosen])
        moved &= mover.run(power, rng)
        points, log_prior_at, at = mover.points, mover.log_prior, mover.log_likelihood
        reasons = mover.reasons
    numbers = {"stages": float(stage), "power": power}
    estimate = error = np.nan
    if not reasons:
        estimate, error, reasons = _combine(log_ml, power, moved)
    evidence = Evidence(
        log_ml=estimate,
        mcse=error,
        method=METHOD,
        n_evaluations=likelihood.n_evaluations,
        diagnostics=numbers,
        trusted=not reasons,
        reasons=tuple(reasons),
        allow_untrusted=allow_untrusted,
    )
    return evidence, points


class _Moves:
    """Metropolis moves that leave prior times likelihood to a power as it is."""

    def __init__(
        self,
        prior: CountedDensity,
        likelihood: CountedDensity,
        points: Floats,
        log_prior: Floats,
        log_likelihood: Floats,
    ) -> None:
        self._densities = prior, likelihood
        self.points = points
        self.log_prior = log_prior
        self.log_likelihood = log_likelihood
        self.reasons: list[str] = []

    def run(self, power: float, rng: np.random.Generator) -> bool:
        """Move until the start is forgotten; say whether it was."""
        start = self.points.copy()
        # Moves of two kinds: to anywhere in a fitted shape, and near by at several scales.
        shape = fit_best(start, rng)
        factor = NormalProposal.fit(start).factor * 2.38 / np.sqrt(start.shape[1])
        for _ in range(0, _MAX_MOVES, _BLOCK):
            for _ in range(_BLOCK):
                self._anywhere(shape, power, rng)
                self._near(factor, power, rng)
                if self.reasons:
                    return False
            if _memory(start, self.points) < _FORGOTTEN:
                return True
        return False

    def _near(self, factor: Floats, power: float, rng: np.random.Generator) -> None:
        scale = rng.choice(_SCALES, size=(len(self.points), 1))
        steps = rng.standard_normal(self.points.shape) @ factor.T
        self._try(self.points + scale * steps, np.zeros(len(self.points)), power, rng)

    def _anywhere(self, shape: Proposal, power: float, rng: np.random.Generator) -> None:
        size = 2 ** int(np.ceil(np.log2(len(self.points))))
        points = rng.permutation(shape.draw(size, rng))[: len(self.points)]
        forth, back = shape.log_density(points), shape.log_density(self.points)
        self._try(points, back - forth, power, rng)

    def _try(
        self, points: Floats, log_correction: Floats, power: float, rng: np.random.Generator
    ) -> None:
        log_prior, log_likelihood = (density(points) for density in self._densities)
        # Outside the prior the likelihood may be anything.
        log_likelihood = np.where(np.isneginf(log_prior), -np.inf, log_likelihood)
        self.reasons += _non_finite(log_prior + log_likelihood)
        if self.reasons:
            return
        gain = log_prior - self.log_prior + power * (log_likelihood - self.log_likelihood)
        accepted = np.log(rng.random(len(points))) < gain + log_correction
        self.points[accepted] = points[accepted]
        self.log_prior[accepted] = log_prior[accepted]
        self.log_likelihood[accepted] = log_likelihood[accepted]


def _survivors(weights: Floats, rng: np.random.Generator) -> np.ndarray:
    """Resample inside each island (islands, size): indices into all particles."""
    islands, size = weights.shape
    indices = np.arange(islands * size, dtype=np.float64).reshape(islands, size, 1)
    chosen = [resample(own, w, size, rng) for own, w in zip(indices, weights, strict=True)]
    return np.concatenate(chosen)[:, 0].astype(int)


def _memory(before: Floats, after: Floats) -> float:
    """Largest correlation of a coordinate with its value at the start of the stage."""
    centred = [points - points.mean(axis=0) for points in (before, after)]
    product = (centred[0] * centred[1]).mean(axis=0)
    return float(np.max(np.abs(product) / (centred[0].std(axis=0) * centred[1].std(axis=0))))


def _non_finite(values: Floats) -> list[str]:
    """Reasons that rule out any estimate: values that no log density can have."""
    odd = int((np.isnan(values) | np.isposinf(values)).sum())
    if not odd:
        return []
    return [
        f"non_finite_density: the log density is +inf or NaN at {odd} points; it must be finite, "
        "or -inf where the posterior is zero."
    ]


def _combine(log_ml: Floats, power: float, moved: bool) -> tuple[float, float, list[str]]:
    """Average the islands and judge."""
    islands = log_ml.size
    estimate = float(logsumexp(log_ml) - np.log(islands))
    factor = stats.t.ppf(0.975, islands - 1) / stats.norm.ppf(0.975)
    error = float(factor * np.std(np.exp(log_ml - estimate), ddof=1) / np.sqrt(islands))
    reasons = []
    if power < 1.0:
        reasons.append(
            f"not_converged: after {_MAX_STAGES} stages the likelihood has the power {power:.3g} "
            "only; the posterior is too narrow for its prior."
        )
    if not moved:
        reasons.append(
            f"slow_moves: after {_MAX_MOVES} moves particles still remembered where they began; "
            "the estimate may be biased upwards."
        )
    if not error <= _MAX_ERROR:
        reasons.append(
            f"large_error: the standard error is {error:.2f} nats (limit {_MAX_ERROR}), since the "
            "islands disagree; give more prior draws."
        )
    return estimate, error, reasons


def _check_arguments(prior_draws: Floats, islands: int) -> None:
    """Report all bad arguments together."""
    problems = []
    if islands < MIN_ISLANDS:
        problems.append(
            f"islands must be {MIN_ISLANDS} or more, got {islands}; fewer cannot measure their "
            "own spread"
        )
    if prior_draws.ndim != 2 or len(prior_draws) < MIN_PARTICLES * islands:
        problems.append(
            f"prior_draws must have shape (n, d) with n of at least {MIN_PARTICLES} for each of "
            f"{islands} islands, got {prior_draws.shape}"
        )
    elif not np.isfinite(prior_draws).all():
        problems.append("prior_draws must be finite; leave out draws without an image")
    if problems:
        raise ParameterError("smc cannot start: " + "; ".join(problems))
