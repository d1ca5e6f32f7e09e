import numpy as np
import pytest
from scipy import special, stats

from bayes_leaks.errors import EvidenceError, ParameterError
from bayes_leaks.evidence.exact import (
    beta_binomial,
    gamma_poisson,
    linear_regression,
    normal_mean,
    quadrature,
)


@pytest.mark.parametrize(("n_events", "exposure"), [(0, 12.0), (2, 30.0), (50, 3.0)])
def test_gamma_poisson(n_events, exposure):
    def log_density(points):
        log_rate = points[:, 0]
        rate = np.exp(log_rate)
        prior = 1.5 * np.log(4.0) - special.gammaln(1.5) + 0.5 * log_rate - 4.0 * rate
        return n_events * log_rate - rate * exposure + prior + log_rate

    center = special.digamma(n_events + 1.5) - np.log(exposure + 4.0)
    integral = quadrature(log_density, center, special.polygamma(1, n_events + 1.5))
    assert integral.trusted
    exact = gamma_poisson(n_events, exposure, alpha=1.5, beta=4.0)
    assert exact.trusted
    assert exact.mcse == 0.0
    assert integral.log_ml == pytest.approx(exact.log_ml, abs=1e-8)


def test_beta_binomial():
    assert beta_binomial(2, 10, 1.0, 1.0).log_ml == pytest.approx(-np.log(11.0), abs=1e-12)
    total = special.logsumexp([beta_binomial(k, 7, 0.5, 3.0).log_ml for k in range(8)])
    assert total == pytest.approx(0.0, abs=1e-12)

    def log_density(points):
        log_p, log_not = special.log_expit(points[:, 0]), special.log_expit(-points[:, 0])
        likelihood = np.log(special.comb(9, 4)) + 4 * log_p + 5 * log_not
        return likelihood + 2.5 * log_p + 0.7 * log_not - special.betaln(2.5, 0.7)

    integral = quadrature(log_density, 0.3, 0.5)
    assert integral.log_ml == pytest.approx(beta_binomial(4, 9, 2.5, 0.7).log_ml, abs=1e-8)


def test_normal_mean():
    y = np.array([1.2, -0.4, 3.3, 0.9])

    def log_density(points):
        mean = points[:, :1]
        likelihood = stats.norm.logpdf(y, mean, 1.7).sum(axis=1)
        return likelihood + stats.norm.logpdf(mean[:, 0], 0.5, 2.0)

    integral = quadrature(log_density, 1.0, 0.6)
    exact = normal_mean(y, sigma=1.7, prior_mean=0.5, prior_sd=2.0).log_ml
    assert integral.log_ml == pytest.approx(exact, abs=1e-8)
    covariance = 1.7**2 * np.eye(4) + 4.0
    assert exact == pytest.approx(stats.multivariate_normal(np.full(4, 0.5), covariance).logpdf(y))


def test_linear_regression():
    rng = np.random.default_rng(4)
    design = np.column_stack([np.ones(12), rng.normal(size=12)])
    y = design @ [1.0, -2.0] + 0.5 * rng.normal(size=12)
    prior_mean, prior_scale = np.array([0.2, 0.0]), np.array([[4.0, 1.0], [1.0, 2.0]])

    def log_density(points):
        log_variance, precision = points[:, 2], np.exp(-points[:, 2])
        misfit = ((y - points[:, :2] @ design.T) ** 2).sum(axis=1)
        likelihood = -0.5 * (12 * (np.log(2.0 * np.pi) + log_variance) + misfit * precision)
        shift = points[:, :2] - prior_mean
        squares = np.einsum("ni,ij,nj->n", shift, np.linalg.inv(prior_scale), shift)
        log_det = np.linalg.slogdet(2.0 * np.pi * prior_scale)[1] + 2.0 * log_variance
        prior = -0.5 * (log_det + squares * precision)
        noise = 3.0 * (np.log(0.8) - log_variance) - special.gammaln(3.0) - 0.8 * precision
        return likelihood + prior + noise

    center = [*np.linalg.lstsq(design, y)[0], np.log(0.25)]
    integral = quadrature(log_density, center, np.diag([0.02, 0.02, 0.2]), rtol=1e-5)
    exact = linear_regression(y, design, prior_mean, prior_scale, 3.0, 0.8)
    assert integral.trusted, integral.reasons
    assert integral.log_ml == pytest.approx(exact.log_ml, abs=1e-5)


def correlated_t(points):
    return stats.multivariate_t([1.0, -50.0], [[2.0, 9.0], [9.0, 90.0]], df=4).logpdf(points) + 7.0


def test_heavy_tails_and_a_rough_scale():
    estimate = quadrature(correlated_t, [0.0, -40.0], [[9.0, 0.0], [0.0, 200.0]], rtol=1e-6)
    assert estimate.trusted, estimate.reasons
    assert estimate.log_ml == pytest.approx(7.0, abs=1e-6)
    assert 0.0 < estimate.mcse < 1e-6
    assert estimate.n_evaluations > 1000


def test_an_improper_posterior_is_refused():
    estimate = quadrature(lambda x: -np.log1p(np.abs(x[:, 0])), 0.0, 1.0)
    assert not estimate.trusted
    assert "passes_disagree" in estimate.codes


def test_too_few_subdivisions_are_refused():
    def disc(points):
        return np.where((points**2).sum(axis=1) < 1.0, 0.0, -np.inf)

    estimate = quadrature(disc, [0.0, 0.0], np.eye(2))
    assert "not_converged" in estimate.codes
    assert estimate.diagnostics["log_ml_untrusted"] == pytest.approx(np.log(np.pi), abs=1e-3)


def test_infinite_and_missing_densities_are_errors():
    with pytest.raises(EvidenceError, match="log_density is inf at"):
        quadrature(lambda x: np.where(x[:, 0] > 1.0, np.inf, 0.0), 0.0, 1.0)
    with pytest.raises(EvidenceError, match="log_density is nan at"):
        quadrature(lambda x: np.full(len(x), np.nan), 0.0, 1.0)
    with pytest.raises(EvidenceError, match="cover the posterior"):
        quadrature(lambda x: np.full(len(x), -np.inf), 0.0, 1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros(4), np.eye(4)), "center has 4 dimensions; quadrature does 3 at most, use bri"),
        (([np.nan], [[1.0]]), r"center must be finite with shape \(d,\), got \[nan\]"),
        (([0.0, 0.0], [[1.0, 2.0], [2.0, 1.0]]), "scale must be a symmetric positive definite"),
        (([0.0, 0.0], [[1.0]]), r"covariance of shape \(2, 2\), got \[\[1.0\]\]"),
    ],
)
def test_bad_quadrature_arguments(arguments, message):
    with pytest.raises(ParameterError, match=message):
        quadrature(lambda x: x[:, 0], *arguments)


def test_bad_tolerance():
    with pytest.raises(ParameterError, match=r"rtol must lie between 1e-12 and 0.1, got 0"):
        quadrature(lambda x: x[:, 0], 0.0, 1.0, rtol=0.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gamma_poisson(-1, 1.0, 1.0, 1.0), "n_events must be 0 or more and finite, got -1"),
        (lambda: gamma_poisson(1, 1.0, 0.0, 1.0), "alpha must be positive and finite, got 0.0"),
        (lambda: beta_binomial(5, 4, 1.0, 1.0), "successes must be at most trials, got 5 > 4"),
        (lambda: normal_mean([], 1.0, 0.0, 1.0), "y must be a vector of finite numbers"),
        (lambda: normal_mean([1.0], -1.0, 0.0, 1.0), "sigma must be positive and finite, got -1"),
        (
            lambda: linear_regression([1.0], [[1.0, 2.0]], [0.0], [[1.0]], 1.0, 1.0),
            r"design must have shape \(1, 1\) .* got \(1, 2\)",
        ),
        (
            lambda: linear_regression([1.0], [[1.0]], [0.0], [[-1.0]], 1.0, 1.0),
            "prior_scale must be positive definite",
        ),
    ],
)
def test_bad_closed_form_arguments(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
