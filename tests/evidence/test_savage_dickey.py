"""The Bayes factor of a point, on trial against exact ones, near the draws and far away."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal, special, stats

from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence import Evidence, LogBayesFactor
from bayes_leaks.evidence.savage_dickey import Restriction, savage_dickey

Floats = NDArray[np.float64]
CONSTANT, PRIOR_SD = -137.25, 3.0
SLEEP = np.array([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
DISTANCES = range(7)


def chains(seed: int, dimension: int, rho: float = 0.5) -> Floats:
    """Stationary AR(1) chains with standard normal margins, shape (chains, draws, d)."""
    noise = np.random.default_rng([seed, dimension]).normal(size=(4, 1000, dimension))
    noise[:, 1:] *= np.sqrt(1.0 - rho**2)
    return signal.lfilter([1.0], [1.0, -rho], noise, axis=1)


@dataclass(frozen=True)
class Case:
    """A posterior that can be drawn from exactly, and a point with a known Bayes factor."""

    log_density: Callable[[Floats], Floats]
    draws: Callable[[int], Floats]
    restriction: Restriction
    exact: float

    def factor(self, seed: int, **options: object) -> LogBayesFactor:
        return savage_dickey(
            options.pop("log_density", self.log_density),
            self.draws(seed),
            options.pop("restriction", self.restriction),
            random_seed=seed,
            **options,
        )


def normal(dimension: int, correlation: float, distance: float) -> Case:
    """The first parameter held at a distance from its mean, in posterior standard deviations."""
    covariance = (1.0 - correlation) * np.eye(dimension) + correlation
    factor = np.linalg.cholesky(covariance)

    def log_density(points: Floats) -> Floats:
        standard = np.linalg.solve(factor, points.T)
        return CONSTANT - 0.5 * (standard**2).sum(axis=0)

    log_prior = float(stats.norm.logpdf(distance, 0.5, PRIOR_SD))
    return Case(
        log_density,
        lambda seed: chains(seed, dimension) @ factor.T,
        Restriction([0], [float(distance)], log_prior),
        float(stats.norm.logpdf(distance)) - log_prior,
    )


def gamma(shape: float, distance: float) -> Case:
    """A rate on the log scale, whose posterior is skewed."""
    point = np.log(shape) + distance / np.sqrt(shape)
    log_prior = float(stats.norm.logpdf(point, 0.0, PRIOR_SD))
    return Case(
        lambda x: CONSTANT + shape * x[:, 0] - np.exp(x[:, 0]),
        lambda seed: np.log(special.gammaincinv(shape, special.ndtr(chains(seed, 1)))),
        Restriction([0], [point], log_prior),
        float(shape * point - np.exp(point) - special.gammaln(shape)) - log_prior,
    )


def normal_gamma(distance: float | None = None) -> Case:
    """Mean and log precision of the sleep data; the mean's prior depends on the precision."""
    n, strength = len(SLEEP), 0.1
    middle = SLEEP.sum() / (strength + n)
    shape, squares = 1.0 + 0.5 * n, (SLEEP**2).sum()
    rate = 1.0 + 0.5 * (squares - (strength + n) * middle**2)
    spread = np.sqrt(rate / (shape - 1.0) / (strength + n))
    point = 0.0 if distance is None else middle + distance * spread

    def log_prior_of_mean(x: Floats) -> Floats:
        return stats.norm.logpdf(x[:, 0], 0.0, np.exp(-0.5 * x[:, 1]) / np.sqrt(strength))

    def log_density(x: Floats) -> Floats:
        errors = ((SLEEP[:, None] - x[:, 0]) ** 2).sum(axis=0)
        likelihood = 0.5 * n * x[:, 1] - 0.5 * np.exp(x[:, 1]) * errors
        return CONSTANT + likelihood + log_prior_of_mean(x) - np.exp(x[:, 1]) + x[:, 1]

    def draws(seed: int) -> Floats:
        z = chains(seed, 2)
        precision = special.gammaincinv(shape, special.ndtr(z[..., 1])) / rate
        mean = middle + z[..., 0] / np.sqrt((strength + n) * precision)
        return np.stack([mean, np.log(precision)], axis=-1)

    null_rate = 1.0 + 0.5 * ((SLEEP - point) ** 2).sum()
    exact = shape * np.log(rate / null_rate) - 0.5 * np.log(strength / (strength + n))
    return Case(log_density, draws, Restriction([0], [point], log_prior_of_mean), float(exact))


def z_scores(case: Case, factors: list[LogBayesFactor]) -> Floats:
    return np.array([(factor.value - case.exact) / factor.mcse for factor in factors])


def check_calibration(z: Floats) -> None:
    """Accept z-scores whose root mean square is 0.75 to 1.1 and 95 % intervals that cover 92-98 %.

    Both bands are widened by the 99.9 % quantiles of chance for this number of z-scores.
    """
    mean_square = float(np.mean(z**2))
    lowest = 0.75**2 * stats.chi2.ppf(0.001, z.size) / z.size
    highest = 1.1**2 * stats.chi2.ppf(0.999, z.size) / z.size
    assert lowest < mean_square < highest, f"mean square of z is {mean_square:.3g}"
    covered = int(np.sum(np.abs(z) < 1.96))
    fewest, most = stats.binom.ppf(0.001, z.size, 0.92), stats.binom.ppf(0.999, z.size, 0.98)
    assert fewest <= covered <= most, f"95 % intervals cover {covered} of {z.size}"


@pytest.fixture(scope="module")
def small() -> Floats:
    found = []
    for case, seeds in ((normal(5, 0.6, 3.0), range(24)), (gamma(3.0, 4.0), range(40))):
        factors = [case.factor(seed) for seed in seeds]
        assert all(factor.trusted for factor in factors)
        found.append(z_scores(case, factors))
    return np.concatenate(found)


@pytest.mark.parametrize("distance", DISTANCES)
def test_normal_mean_at_any_distance(distance):
    case = normal(1, 0.0, distance)
    factor = case.factor(1)
    assert factor.trusted, factor.reasons
    assert abs(factor.value - case.exact) < 4.0 * factor.mcse
    assert factor.mcse < 0.001


@pytest.mark.parametrize(
    "case",
    [
        normal(5, 0.6, 6.0),
        normal(20, 0.5, 4.0),
        gamma(3.0, -6.0),
        gamma(3.0, 4.0),
        normal_gamma(),
        normal_gamma(6.0),
    ],
    ids=["5 d", "20 d", "gamma left", "gamma right", "normal-gamma", "normal-gamma far"],
)
def test_other_posteriors(case):
    factor = case.factor(1)
    assert factor.trusted, factor.reasons
    assert abs(factor.value - case.exact) < 4.0 * factor.mcse
    assert factor.mcse < 0.005


def test_the_sleep_data_have_the_factor_of_the_two_conjugate_models():
    # The closed forms of both evidences, without and with an effect.
    assert normal_gamma().exact == pytest.approx(-22.462663 + 19.134571, abs=1e-6)


def test_several_parameters_held_and_none_left():
    point = [1.0, -2.0]
    case = normal(2, 0.5, 0.0)
    covariance = np.array([[1.0, 0.5], [0.5, 1.0]])
    exact = stats.multivariate_normal.logpdf(point, np.zeros(2), covariance) + 3.0
    factor = case.factor(1, restriction=Restriction([0, 1], point, -3.0))
    assert factor.trusted
    assert abs(factor.value - exact) < 4.0 * factor.mcse


def test_columns_may_come_in_any_order():
    base = normal(3, 0.5, 0.0)
    one = base.factor(1, restriction=Restriction([0, 2], [1.0, -2.0], -3.0))
    other = base.factor(1, restriction=Restriction([2, 0], [-2.0, 1.0], -3.0))
    assert abs(one.value - other.value) < 4.0 * np.hypot(one.mcse, other.mcse)


def test_small_part_is_calibrated(small):
    check_calibration(small)


def test_half_the_error_bar_is_caught(small):
    with pytest.raises(AssertionError, match="mean square"):
        check_calibration(2.0 * small)


def test_a_prior_density_left_out_is_caught():
    case = normal(5, 0.6, 3.0)
    without = Restriction([0], [3.0], 0.0)
    factors = [case.factor(seed, restriction=without) for seed in range(6)]
    with pytest.raises(AssertionError, match="mean square"):
        check_calibration(z_scores(case, factors))


def test_a_prior_that_depends_on_the_others_is_not_a_constant():
    """Control of the generalised ratio: the plain one answers for another null model."""
    case = normal_gamma()
    spread = np.sqrt(1.0 / 0.1)
    marginal = float(stats.t.logpdf(0.0, 2.0, 0.0, spread))
    factors = [
        case.factor(seed, restriction=Restriction([0], [0.0], marginal)) for seed in range(6)
    ]
    with pytest.raises(AssertionError, match="mean square"):
        check_calibration(z_scores(case, factors))


@pytest.mark.slow
@pytest.mark.parametrize("distance", DISTANCES)
def test_normal_mean_is_calibrated(distance):
    case = normal(1, 0.0, distance)
    factors = [case.factor(seed, allow_untrusted=True) for seed in range(200)]
    assert sum(factor.trusted for factor in factors) >= 196
    check_calibration(z_scores(case, [factor for factor in factors if factor.trusted]))


@pytest.mark.slow
@pytest.mark.parametrize(
    "case",
    [normal(5, 0.6, 0.0), normal(5, 0.6, 6.0), gamma(3.0, 4.0), normal_gamma(), normal_gamma(5.0)],
    ids=["5 d", "5 d far", "gamma", "normal-gamma", "normal-gamma far"],
)
def test_other_posteriors_are_calibrated(case):
    factors = [case.factor(seed) for seed in range(200)]
    assert sum(factor.trusted for factor in factors) >= 190
    check_calibration(z_scores(case, [factor for factor in factors if factor.trusted]))


def test_a_constant_in_the_density_changes_nothing():
    case = normal(2, 0.5, 2.0)
    moved = case.factor(1, log_density=lambda x: case.log_density(x) + 1e4)
    assert moved.value == pytest.approx(case.factor(1).value, abs=1e-7)


def test_same_seed_same_bits_and_other_seed_other_bits():
    case = normal(2, 0.5, 2.0)
    assert case.factor(7) == case.factor(7)
    draws = case.draws(7)
    one, other = (
        savage_dickey(case.log_density, draws, case.restriction, random_seed=seed).value
        for seed in (1, 2)
    )
    assert one != other


def two_modes(points: Floats) -> Floats:
    heights = [stats.norm.logpdf(points, 5.0 * sign).sum(axis=1) for sign in (-1.0, 1.0)]
    return np.logaddexp(*heights)


def test_draws_of_one_mode_are_refused():
    draws = 5.0 + chains(1, 2)
    start = 10.0 * np.random.default_rng(1).normal(size=(2000, 2))
    point = Restriction([0], [5.0], -2.0)
    found = savage_dickey(two_modes, draws, point, start=start, random_seed=1)
    assert np.isnan(found.value) and np.isnan(found.mcse)
    assert "disagreement: " in found.reasons[0] and found.reasons[0].endswith("(free)")
    kept = savage_dickey(two_modes, draws, point, start=start, random_seed=1, allow_untrusted=True)
    assert np.isfinite(kept.value) and kept.reasons == found.reasons and not kept.trusted


def test_a_mode_of_the_null_model_far_from_the_draws_is_seen():
    """With the first parameter at zero, the second has most of its mass where no draw is."""

    def log_density(x: Floats) -> Floats:
        near = stats.norm.logpdf(x[:, 0], 4.0) + stats.norm.logpdf(x[:, 1], 0.0)
        far = stats.norm.logpdf(x[:, 0], 0.0, 0.1) + stats.norm.logpdf(x[:, 1], 12.0) - 9.0
        return np.logaddexp(near, far)

    draws = chains(1, 2) + np.array([4.0, 0.0])
    start = 8.0 * np.random.default_rng(1).normal(size=(2000, 2))
    point = Restriction([0], [0.0], -2.0)
    found = savage_dickey(log_density, draws, point, start=start, random_seed=1)
    assert not found.trusted
    assert any(reason.endswith("(restricted)") for reason in found.reasons)


def test_a_density_that_is_nan_is_refused():
    case = normal(2, 0.5, 1.0)
    found = case.factor(
        1, log_density=lambda x: np.where(x[:, 1] > 2.5, np.nan, case.log_density(x))
    )
    assert np.isnan(found.value)
    assert any(reason.startswith("non_finite") for reason in found.reasons)


def test_a_known_evidence_is_used_and_its_reasons_kept():
    case = normal(1, 0.0, 2.0)
    known = Evidence(CONSTANT + 0.5 * np.log(2.0 * np.pi), 0.0, "exact", 0, {}, trusted=True)
    factor = case.factor(1, evidence=known)
    assert factor.value == pytest.approx(case.exact, abs=1e-12)
    assert factor.mcse == 0.0
    doubtful = case.factor(1, evidence=known.distrusted("prior_mass: It is not one."))
    assert np.isnan(doubtful.value)
    assert doubtful.reasons == ("prior_mass: It is not one. (free)",)


@pytest.mark.parametrize(
    ("fixed", "point", "start", "message"),
    [
        ([], [], None, r"fixed must name different columns from 0 to 1, got \[\]"),
        ([0, 0], [1.0, 1.0], None, "fixed must name different columns"),
        ([2], [1.0], None, r"got \[2\]"),
        ([0], [1.0, 2.0], None, "point must hold 1 finite numbers"),
        ([0], [np.inf], None, "point must hold 1 finite numbers"),
        ([0], [1.0], np.zeros((60, 3)), r"start must have shape \(n, 2\) .* got \(60, 3\)"),
        ([0], [1.0], np.zeros((20, 2)), r"n of at least 50, got \(20, 2\)"),
        ([5], [np.nan], None, "fixed must .*; point must "),
    ],
)
def test_bad_arguments(fixed, point, start, message):
    case = normal(2, 0.5, 1.0)
    with pytest.raises(ParameterError, match=message):
        case.factor(1, restriction=Restriction(fixed, point, 0.0), start=start)


def test_bad_draws():
    with pytest.raises(ParameterError, match=r"savage_dickey cannot start: draws must have shape"):
        savage_dickey(
            lambda x: x[:, 0], np.zeros((4, 3)), Restriction([0], [0.0], 0.0), random_seed=1
        )


def test_too_few_draws():
    case = normal(1, 0.0, 1.0)
    with pytest.raises(ParameterError, match="draws has 40 draws; at least 50 are needed"):
        savage_dickey(case.log_density, case.draws(1)[:2, :20], case.restriction, random_seed=1)
