"""Sequential Monte Carlo from the prior: right on exact integrals, and refused where it is lost."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence import smc
from bayes_leaks.evidence.smc import smc_with_draws

Floats = NDArray[np.float64]
CONSTANT = -42.5
SCALE, DF = 3.0, 3.0


def log_prior(points: Floats) -> Floats:
    return stats.t.logpdf(points / SCALE, DF).sum(axis=1) - points.shape[1] * np.log(SCALE)


def prior_draws(dimension: int, size: int = 2048, seed: int = 0) -> Floats:
    return SCALE * np.random.default_rng([seed, dimension]).standard_t(DF, size=(size, dimension))


def normal(points: Floats) -> Floats:
    return CONSTANT + stats.norm.logpdf(points, 0.5, 0.2).sum(axis=1)


def log_gamma(points: Floats) -> Floats:
    return CONSTANT + stats.loggamma.logpdf(points, 2.0).sum(axis=1)


def two_modes(points: Floats) -> Floats:
    parts = ((0.3, 4.0), (0.7, -4.0))
    at = [np.log(w) + stats.norm.logpdf(points, m, 0.5).sum(axis=1) for w, m in parts]
    return CONSTANT + np.logaddexp(*at)


def banana(points: Floats) -> Floats:
    bent = points[:, 1] - 0.5 * (points[:, 0] ** 2 - 2.25)
    return CONSTANT + stats.norm.logpdf(points[:, 0], 0.0, 1.5) + stats.norm.logpdf(bent)


def likelihood_of(posterior: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    """The likelihood under which the prior becomes this posterior, whose integral is known."""
    return lambda points: posterior(points) - log_prior(points)


TARGETS = {
    "normal": (normal, 1),
    "normal, 8 dimensions": (normal, 8),
    "log-gamma": (log_gamma, 3),
    "two modes": (two_modes, 2),
    "banana": (banana, 2),
}


@pytest.mark.parametrize("name", TARGETS)
def test_the_exact_answer(name: str) -> None:
    posterior, dimension = TARGETS[name]
    estimate = smc(log_prior, likelihood_of(posterior), prior_draws(dimension), random_seed=1)
    assert estimate.trusted, estimate.reasons
    assert abs(estimate.log_ml - CONSTANT) < 4.0 * estimate.mcse
    assert 0.0 < estimate.mcse < 0.15
    assert estimate.diagnostics["power"] == 1.0


def test_a_likelihood_that_says_nothing_has_evidence_one() -> None:
    estimate = smc(log_prior, lambda x: np.zeros(len(x)), prior_draws(2), random_seed=1)
    assert estimate.log_ml == pytest.approx(0.0, abs=1e-12)
    assert estimate.diagnostics["stages"] == 1.0


def test_same_seed_same_bits_and_other_seed_other_bits() -> None:
    first, again, other = (
        smc(log_prior, likelihood_of(two_modes), prior_draws(2), random_seed=seed)
        for seed in (7, np.random.SeedSequence(7), 8)
    )
    assert first == again
    assert first.log_ml != other.log_ml


def test_a_constant_moves_the_answer_by_itself() -> None:
    base = smc(log_prior, likelihood_of(normal), prior_draws(2), random_seed=1)
    likelihood = likelihood_of(normal)
    moved = smc(log_prior, lambda x: likelihood(x) + 1e4, prior_draws(2), random_seed=1)
    assert moved.log_ml - base.log_ml == pytest.approx(1e4, abs=1e-7)
    assert moved.mcse == pytest.approx(base.mcse, rel=1e-5)


def test_evaluations_are_those_counted() -> None:
    calls = []

    def counted(points: Floats) -> Floats:
        calls.append(len(points))
        return likelihood_of(normal)(points)

    estimate = smc(log_prior, counted, prior_draws(1), random_seed=1)
    assert estimate.n_evaluations == sum(calls)


def test_more_particles_give_a_smaller_error() -> None:
    few, many = (
        smc(log_prior, likelihood_of(normal), prior_draws(2, size), random_seed=1)
        for size in (1024, 8192)
    )
    assert many.mcse < 0.7 * few.mcse


def test_particles_at_the_end_are_posterior_draws_of_both_modes() -> None:
    estimate, points = smc_with_draws(
        log_prior, likelihood_of(two_modes), prior_draws(2, 2050), random_seed=1
    )
    assert estimate.trusted
    # What does not divide into islands is left out.
    assert points.shape == (2048, 2)
    share = np.mean(points[:, 0] > 0.0)
    assert share == pytest.approx(0.3, abs=4.0 * np.sqrt(0.21 / 400))
    np.testing.assert_allclose(np.abs(points).std(axis=0), 0.5, atol=0.1)


def test_the_support_of_the_prior_is_kept() -> None:
    """Where the prior is zero the likelihood may be anything."""

    def half_prior(points: Floats) -> Floats:
        inside = log_prior(points) + points.shape[1] * np.log(2.0)
        return np.where((points > 0.0).all(axis=1), inside, -np.inf)

    def likelihood(points: Floats) -> Floats:
        return np.where((points > 0.0).all(axis=1), stats.norm.logpdf(points).sum(axis=1), np.nan)

    draws = np.abs(prior_draws(1))
    estimate, points = smc_with_draws(half_prior, likelihood, draws, random_seed=1)
    exact, _ = _integral(lambda x: 2.0 * stats.t.pdf(x / SCALE, DF) / SCALE * stats.norm.pdf(x))
    assert estimate.trusted, estimate.reasons
    assert abs(estimate.log_ml - np.log(exact)) < 4.0 * estimate.mcse
    assert (points > 0.0).all()


def _integral(density: Callable[[float], float]) -> tuple[float, float]:
    from scipy.integrate import quad

    return quad(density, 0.0, np.inf)


@pytest.mark.parametrize(
    ("draws", "islands", "message"),
    [
        (prior_draws(2), 7, "islands must be 8 or more, got 7; fewer cannot measure"),
        (prior_draws(2)[:511], 16, r"at least 32 for each of 16 islands, got \(511, 2\)"),
        (np.zeros(2048), 16, r"prior_draws must have shape \(n, d\) .* got \(2048,\)"),
        (np.full((2048, 1), np.inf), 16, "prior_draws must be finite; leave out draws without"),
        (np.zeros(3), 2, r"islands must be 8 or more, got 2; .*; prior_draws must have shape"),
    ],
)
def test_bad_arguments_are_refused_before_the_density_is_called(
    draws: Floats, islands: int, message: str
) -> None:
    calls = []
    with pytest.raises(ParameterError, match="smc cannot start: .*" + message):
        smc(calls.append, calls.append, draws, islands=islands, random_seed=1)
    assert not calls


def test_a_density_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ParameterError, match="Vectorise it over the first axis"):
        smc(log_prior, lambda x: x, prior_draws(2), random_seed=1)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
@pytest.mark.parametrize("edge", [0.0, 40.0])
def test_a_value_that_no_density_has_refuses_all(odd: float, edge: float) -> None:
    """Also where only moves of later stages get to."""
    draws = np.clip(prior_draws(1), -30.0, 30.0)
    estimate = smc(
        lambda x: stats.norm.logpdf(x, 0.0, 15.0).sum(axis=1),
        lambda x: np.where(x[:, 0] > edge, odd, stats.norm.logpdf(x[:, 0], 25.0, 5.0)),
        draws,
        random_seed=1,
    )
    assert set(estimate.codes) == {"non_finite_density"}
    assert np.isnan(estimate.log_ml)
    assert np.isnan(estimate.mcse)


def test_an_island_without_survivors_is_refused() -> None:
    estimate = smc(
        log_prior, lambda x: np.where(x[:, 0] > 20.0, 0.0, -np.inf), prior_draws(1), random_seed=1
    )
    assert estimate.codes == ("no_survivors",)
    assert np.isnan(estimate.log_ml)


def test_islands_that_disagree_are_refused() -> None:
    """Few particles for a posterior that is much narrower than its prior."""

    def narrow(points: Floats) -> Floats:
        return stats.norm.logpdf(points, 1.0, 1e-8).sum(axis=1)

    estimate = smc(log_prior, narrow, prior_draws(4, 256), islands=8, random_seed=1)
    assert "large_error" in estimate.codes
    assert np.isnan(estimate.log_ml)
    assert np.isfinite(estimate.untrusted_numbers[0])


def test_particles_that_cannot_forget_are_refused() -> None:
    """A grid of narrow peaks: no move gets from one to the next in time."""

    def grid(points: Floats) -> Floats:
        return 60.0 * np.cos(12.0 * points).sum(axis=1) - 0.5 * (points**2).sum(axis=1)

    estimate = smc(log_prior, grid, prior_draws(4, 512), random_seed=1)
    assert "slow_moves" in estimate.codes
    assert np.isnan(estimate.log_ml)
