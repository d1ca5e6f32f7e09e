"""Evidence values by a second route: what `test_exact_values.py` holds the ladder against."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from ladder_conjugate import noise
from rung import columns
from scipy import integrate, stats
from scipy.special import expit, gammaln, logsumexp
from scipy.stats import qmc

type Floats = np.ndarray

SLEEP = columns("sleep.csv")["difference"]
CAUCHY_SCALE = math.sqrt(0.5)


def log_quad(density: Callable[[float], float], low: float, high: float) -> float:
    """Log of a one-dimensional integral by adaptive quadrature."""
    value, error = integrate.quad(density, low, high, epsabs=0.0, epsrel=1e-11, limit=400)
    assert error < 1e-8 * value
    return math.log(value)


def prior_mean(
    priors: Sequence[stats.rv_continuous], log_likelihood: Callable[..., Floats], log2_points: int
) -> tuple[float, float]:
    """Log of the mean likelihood over independent priors by scrambled Sobol points, with error."""
    logs = []
    for child in np.random.SeedSequence(3).spawn(16):
        sobol = qmc.Sobol(len(priors), rng=np.random.default_rng(child))
        cube = sobol.random_base2(log2_points).T
        values = [prior.ppf(u) for prior, u in zip(priors, cube, strict=True)]
        with np.errstate(over="ignore"):
            logs.append(float(logsumexp(log_likelihood(*values)) - log2_points * math.log(2.0)))
    return log_mean(logs)


def log_mean(logs: Sequence[float]) -> tuple[float, float]:
    """Average independent estimates, given as logarithms; with the standard error."""
    relative = np.exp(np.array(logs) - max(logs))
    error = float(relative.std(ddof=1) / math.sqrt(len(logs)) / relative.mean())
    return max(logs) + math.log(relative.mean()), error


def linear_normal(design: Floats, prior: Floats, noise_variance: Floats, y: Floats) -> float:
    """Bayes' identity at one point: likelihood times prior over posterior."""
    precision = np.linalg.inv(prior) + design.T @ np.linalg.solve(noise_variance, design)
    mean = np.linalg.solve(precision, design.T @ np.linalg.solve(noise_variance, y))
    point = mean + noise(7, len(mean), size=len(mean)) / math.sqrt(np.trace(precision))
    normal = stats.multivariate_normal
    return float(
        normal.logpdf(y, design @ point, noise_variance)
        + normal.logpdf(point, np.zeros(len(point)), prior)
        - normal.logpdf(point, mean, np.linalg.inv(precision))
    )


def normal_inverse_gamma(
    x: Floats, y: Floats, prior_precision: Floats, prior_mean: Floats, shape: float, rate: float
) -> float:
    """Update of the hyperparameters of a linear model with unknown variance."""
    after = prior_precision + x.T @ x
    mean = np.linalg.solve(after, prior_precision @ prior_mean + x.T @ y)
    pulled = prior_mean @ prior_precision @ prior_mean - mean @ after @ mean
    new_shape, new_rate = shape + 0.5 * len(y), rate + 0.5 * float(y @ y + pulled)
    determinants = np.linalg.slogdet(prior_precision)[1] - np.linalg.slogdet(after)[1]
    return float(
        -0.5 * len(y) * math.log(2.0 * math.pi)
        + 0.5 * determinants
        + shape * math.log(rate)
        - new_shape * math.log(new_rate)
        + gammaln(new_shape)
        - gammaln(shape)
    )


def normal_wishart(y: Floats, degrees: float, scale: float, weight: float) -> float:
    """One observation after the other, each Student-t given those before."""
    k = y.shape[1]
    spread, mean, total = np.eye(k) / scale, np.zeros(k), 0.0
    for row in y:
        freedom = degrees - k + 1.0
        shape = spread * (weight + 1.0) / (weight * freedom)
        total += float(stats.multivariate_t.logpdf(row, mean, shape, df=freedom))
        away = row - mean
        spread = spread + weight / (weight + 1.0) * np.outer(away, away)
        mean = (weight * mean + row) / (weight + 1.0)
        weight, degrees = weight + 1.0, degrees + 1.0
    return total


def polya_urn(counts: Sequence[int], prior: Sequence[float]) -> float:
    """Ballots drawn one after the other, times the number of their orders."""
    weights, total = list(prior), 0.0
    for kind, count in enumerate(counts):
        for _ in range(count):
            total += math.log(weights[kind] / sum(weights))
            weights[kind] += 1.0
    return total + math.lgamma(sum(counts) + 1.0) - sum(math.lgamma(n + 1.0) for n in counts)


def radiata_pine(covariate: str) -> float:
    data = columns("radiata_pine.csv")
    x = data[covariate] - data[covariate].mean()
    design = np.column_stack([np.ones(len(x)), x])
    return normal_inverse_gamma(
        design, data["strength_y"], np.diag([0.06, 6.0]), np.array([3000.0, 185.0]), 3.0, 2 * 300**2
    )


def pima(*covariates: str) -> tuple[float, float]:
    """Importance sampling from a Student-t at the mode, with its error over replicates."""
    data = columns("pima_indian_standardised.csv")
    y = data["diabetes"]
    design = np.column_stack([np.ones(len(y)), *(data[name] for name in covariates)])
    d = design.shape[1]
    mode = np.zeros(d)
    for _ in range(30):
        p = expit(design @ mode)
        precision = (design * (p * (1.0 - p))[:, None]).T @ design + 0.01 * np.eye(d)
        mode = mode + np.linalg.solve(precision, design.T @ (y - p) - 0.01 * mode)
    proposal = stats.multivariate_t(mode, np.linalg.inv(precision), df=30)
    logs = []
    for seed in range(8):
        slopes = proposal.rvs(8000, random_state=seed)
        eta = slopes @ design.T
        likelihood = eta @ y - np.logaddexp(0.0, eta).sum(axis=1)
        prior = stats.norm.logpdf(slopes, 0.0, 10.0).sum(axis=1)
        logs.append(logsumexp(likelihood + prior - proposal.logpdf(slopes)) - math.log(8000))
    return log_mean(logs)


def hierarchical_normal(mean_variance: float) -> float:
    y = columns("hierarchical_normal_y.csv")["y"]
    n = len(y)

    def joint(log_variance: float) -> float:
        variance = math.exp(log_variance)
        covariance = (variance + 1.0) * np.eye(n) + mean_variance
        prior = stats.invgamma.pdf(variance, 1.0) * variance
        return prior * math.exp(stats.multivariate_normal.logpdf(y, np.zeros(n), covariance) + 37.0)

    return log_quad(joint, -8.0, 25.0) - 37.0


def sleep_no_effect() -> float:
    n = len(SLEEP)
    half_sum = 0.5 * float(SLEEP @ SLEEP)
    return math.lgamma(0.5 * n) - 0.5 * n * math.log(2.0 * math.pi * half_sum)


def sleep_effect(one_sided: bool) -> float:
    """The t statistic is enough: its noncentral density over the central one."""
    n = len(SLEEP)
    t = float(SLEEP.mean() / SLEEP.std(ddof=1) * math.sqrt(n))

    def joint(delta: float) -> float:
        prior = stats.cauchy.pdf(delta, scale=CAUCHY_SCALE) * (2.0 if one_sided else 1.0)
        return float(prior * stats.nct.pdf(t, n - 1, delta * math.sqrt(n)))

    factor = log_quad(joint, 0.0 if one_sided else -6.0, 8.0) - stats.t.logpdf(t, n - 1)
    return sleep_no_effect() + float(factor)


def sleep_effect_by_g() -> float:
    """The Cauchy prior as a scale mixture of normals (Rouder et al. 2009), over log g."""
    n = len(SLEEP)
    t2 = float(SLEEP.mean() ** 2 / SLEEP.var(ddof=1) * n)

    def joint(log_g: float) -> float:
        g = math.exp(log_g)
        wide = 1.0 + n * g
        fit = -0.5 * math.log(wide) - 0.5 * n * math.log1p(t2 / (wide * (n - 1)))
        return math.exp(fit) * stats.invgamma.pdf(g, 0.5, scale=0.5 * CAUCHY_SCALE**2) * g

    null = -0.5 * n * math.log1p(t2 / (n - 1))
    return sleep_no_effect() + log_quad(joint, -12.0, 60.0) - null


def sleep_normal_gamma(with_mean: bool) -> float:
    ones = np.ones((len(SLEEP), 1)) if with_mean else np.zeros((len(SLEEP), 1))
    return normal_inverse_gamma(ones, SLEEP, np.array([[0.1]]), np.zeros(1), 1.0, 1.0)


def eight_schools_pooled() -> float:
    data = columns("eight_schools.csv")
    return linear_normal(
        np.ones((8, 1)), np.array([[25.0]]), np.diag(data["std_error_sigma"] ** 2), data["effect_y"]
    )


def coal(switching: bool) -> float:
    """Both rates integrate out; the year of the switch is summed over."""
    counts = columns("coal_disasters.csv")["disasters"]
    n, before = len(counts), np.cumsum(counts)

    def segment(total: Floats, years: Floats) -> Floats:
        return gammaln(total + 1.0) - (total + 1.0) * np.log(years + 1.0)

    constant = -gammaln(counts + 1.0).sum()
    if not switching:
        return float(segment(before[-1], n) + constant)
    years = np.arange(1, n + 1)
    parts = segment(before, years) + segment(before[-1] - before, n - years)
    return float(logsumexp(parts) - math.log(n) + constant)
