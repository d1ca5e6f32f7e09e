"""The error bar of the bridge is on trial: z = (estimate - exact) / mcse must look normal."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from calibration import COVERAGE, Floats, check_calibration, share_covered
from scipy import signal, special, stats

from bayes_leaks.evidence import Evidence, bridge
from bayes_leaks.evidence.proposals import NormalProposal
from bayes_leaks.evidence.proposals.ladder import LADDER

# Nearly normal targets of one or two dimensions have errors of 1e-4 nats, stated a fifth too large.
LOWEST_RMS = 0.75
CHAINS, DRAWS, CONSTANT = 4, 1000, -137.25


def autocorrelated_normals(rng: np.random.Generator, dimension: int, rho: float) -> Floats:
    """Stationary AR(1) chains with standard normal margins, shape (chains, draws, d)."""
    noise = rng.normal(size=(CHAINS, DRAWS, dimension))
    noise[:, 1:] *= np.sqrt(1.0 - rho**2)
    return signal.lfilter([1.0], [1.0, -rho], noise, axis=1)


@dataclass(frozen=True)
class Target:
    """A normalised density per coordinate, reached from `normals` standard normals."""

    transform: Callable[[Floats], Floats]
    log_density: Callable[[Floats], Floats]
    normals: int = 1

    def draws(self, seed: int, dimension: int, rho: float) -> Floats:
        rng = np.random.default_rng([seed, dimension])
        return self.transform(autocorrelated_normals(rng, dimension * self.normals, rho))

    def unnormalised(self, points: Floats) -> Floats:
        return self.log_density(points) + CONSTANT


def sum_last(function: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    return lambda points: function(points).sum(axis=-1)


def correlate(z: Floats) -> Floats:
    return z @ equicorrelation(z.shape[-1]).T


def equicorrelation(dimension: int) -> Floats:
    return np.linalg.cholesky(0.5 * np.eye(dimension) + 0.5)


def correlated_density(points: Floats) -> Floats:
    factor = equicorrelation(points.shape[-1])
    z = np.linalg.solve(factor, points.T).T
    return stats.norm.logpdf(z).sum(axis=-1) - np.log(np.diag(factor)).sum()


def sinh_arcsinh_density(x: Floats, skew: float = 0.3, tail: float = 1.0) -> Floats:
    inner = tail * np.arcsinh(x) - skew
    slope = tail * np.cosh(inner) / np.sqrt(1.0 + x**2)
    return stats.norm.logpdf(np.sinh(inner)) + np.log(slope)


def probit_posterior_draws(z: Floats, slope: float = 3.0) -> Floats:
    """Draws from 2 phi(x) Phi(slope x), the posterior of a probit observation."""
    first, second = np.split(z, 2, axis=-1)
    share = slope / np.sqrt(1.0 + slope**2)
    return share * np.abs(first) + np.sqrt(1.0 - share**2) * second


TARGETS = {
    "normal": Target(lambda z: z, sum_last(stats.norm.logpdf)),
    "correlated": Target(correlate, correlated_density),
    "skewed": Target(lambda z: np.sinh(np.arcsinh(z) + 0.3), sum_last(sinh_arcsinh_density)),
    "student": Target(
        lambda z: stats.t.ppf(special.ndtr(z), 10), sum_last(lambda x: stats.t.logpdf(x, 10))
    ),
    "logit-uniform": Target(
        lambda z: special.log_ndtr(z) - special.log_ndtr(-z), sum_last(stats.logistic.logpdf)
    ),
    "log-gamma": Target(
        lambda z: np.log(special.gammaincinv(4.0, special.ndtr(z))),
        sum_last(lambda x: 4.0 * x - np.exp(x) - special.gammaln(4.0)),
    ),
    "logit-beta": Target(
        lambda z: special.logit(special.betaincinv(3.0, 5.0, special.ndtr(z))),
        sum_last(
            lambda x: (
                3.0 * special.log_expit(x) + 5.0 * special.log_expit(-x) - special.betaln(3.0, 5.0)
            )
        ),
    ),
    "probit": Target(
        probit_posterior_draws,
        sum_last(lambda x: np.log(2.0) + stats.norm.logpdf(x) + special.log_ndtr(3.0 * x)),
        normals=2,
    ),
}


def estimates(name: str, dimension: int, rho: float, seeds: range, **options: object) -> list:
    target = TARGETS[name]
    return [
        bridge(
            options.get("log_density", target.unnormalised),
            target.draws(seed, dimension, rho),
            random_seed=seed,
            ladder=options.get("ladder", LADDER),
            allow_untrusted=True,
        )
        for seed in seeds
    ]


def z_scores(results: list[Evidence]) -> Floats:
    return np.array([(result.log_ml - CONSTANT) / result.mcse for result in results])


CASES = [
    ("normal", 1),
    ("normal", 2),
    ("normal", 10),
    ("correlated", 6),
    ("skewed", 6),
    ("skewed", 10),
    ("student", 10),
    ("logit-uniform", 10),
    ("log-gamma", 10),
    ("logit-beta", 6),
    ("probit", 6),
    ("probit", 10),
]
SMALL_CASES = [("correlated", 2, 0.0), ("correlated", 6, 0.9), ("skewed", 6, 0.9)]
SMALL_CASES += [("log-gamma", 10, 0.0), ("probit", 10, 0.9)]


@pytest.fixture(scope="module")
def small() -> dict[str, Floats]:
    found = {}
    for name, dimension, rho in SMALL_CASES:
        results = estimates(name, dimension, rho, range(24))
        trusted = [result for result in results if result.trusted]
        assert len(trusted) >= 12
        found[f"{name}-{dimension}-{rho}"] = z_scores(trusted)
    return found


def test_small_part(small):
    for z in small.values():
        check_calibration(z, LOWEST_RMS)
    check_calibration(np.concatenate(list(small.values())), LOWEST_RMS)


@pytest.mark.slow
def test_error_bars_over_many_seeds():
    z_by_case = {}
    for name, dimension in CASES:
        for rho in (0.0, 0.9):
            results = estimates(name, dimension, rho, range(200))
            trusted = [result for result in results if result.trusted]
            assert len(trusted) >= 60, (name, dimension, rho)
            z_by_case[name, dimension, rho] = z_scores(trusted)
    for rho in (0.0, 0.9):
        pooled = np.concatenate([z for key, z in z_by_case.items() if key[2] == rho])
        assert COVERAGE[0] <= share_covered(pooled) <= COVERAGE[1]
        assert 0.9 <= np.sqrt(np.mean(pooled**2)) <= 1.1
        assert abs(pooled.mean()) < 0.15
    failures = {}
    for key, z in z_by_case.items():
        try:
            check_calibration(z, LOWEST_RMS)
        except AssertionError as error:
            failures[key] = str(error)
    assert not failures


def test_half_the_error_bar_is_caught(small):
    with pytest.raises(AssertionError, match="mean square"):
        check_calibration(2.0 * np.concatenate(list(small.values())))


def test_double_the_error_bar_is_caught(small):
    with pytest.raises(AssertionError, match="mean square"):
        check_calibration(0.5 * np.concatenate(list(small.values())))


def without_jacobian(x: Floats) -> Floats:
    return TARGETS["log-gamma"].unnormalised(x) - x.sum(axis=1)


def without_prior_constant(x: Floats) -> Floats:
    return TARGETS["log-gamma"].unnormalised(x) - np.log(2.0)


class TruncatedProposal(NormalProposal):
    """Draws a little less than its density promises: nothing beyond two standard deviations."""

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        points = super().draw(size, rng)
        spread = 2.0 * np.linalg.norm(self.factor, axis=1)
        return np.clip(points, self.mean - spread, self.mean + spread)


@pytest.mark.parametrize(
    "fault",
    [
        {"log_density": without_jacobian},
        {"log_density": without_prior_constant},
        {"ladder": [TruncatedProposal.fit]},
    ],
    ids=["jacobian", "constant", "truncated"],
)
def test_faults_are_caught(fault):
    results = estimates("log-gamma", 10, 0.0, range(24), **fault)
    with pytest.raises(AssertionError, match="of z is"):
        check_calibration(z_scores(results))


@pytest.mark.parametrize("name", ["student", "logit-uniform", "probit"])
def test_heavy_tails_are_refused_though_the_error_is_small(name):
    results = estimates(name, 1, 0.0, range(12), ladder=[NormalProposal.fit])
    refused = [result for result in results if "high_k_hat" in result.codes]
    assert len(refused) >= 10
    assert all(abs(result.log_ml - CONSTANT) < 0.005 for result in results)
