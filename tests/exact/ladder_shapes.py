"""Bounded, matrix-valued, skewed and bent posteriors; the evidence by quadrature."""

import math
from collections.abc import Callable

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from rung import Rung
from scipy import integrate, stats
from scipy.special import logsumexp

LIKELIHOOD = {"potentials": "likelihood"}
YIELDS = np.array([0.3, 1.7, 0.9, 2.4, 0.6, 3.9, 1.1])
COUNTS = np.array([0, 2, 1, 4, 7, 11])
DOSES = np.linspace(-1.0, 1.5, 6)
PAIRS = np.array([[0.5, 0.8], [-1.1, -0.7], [0.2, -0.3], [1.4, 1.9], [-0.6, 0.1], [0.9, 0.4]])


def log_integral(log_density: Callable[..., np.ndarray], *axes: tuple[float, float]) -> float:
    """Integrate over a box by Gauss-Legendre quadrature in every axis."""
    nodes, weights = np.polynomial.legendre.leggauss({1: 400, 2: 200, 3: 80}[len(axes)])
    points = [low + (high - low) * (nodes + 1) / 2 for low, high in axes]
    logs = [np.log(weights * (high - low) / 2) for low, high in axes]
    grid = np.meshgrid(*points, indexing="ij")
    total = log_density(*grid) + sum(np.meshgrid(*logs, indexing="ij"))
    return float(logsumexp(total))


def uniform_mean() -> pm.Model:
    with pm.Model() as model:
        mean = pm.Uniform("mean", -1, 3)
        pm.Normal("y", mean, 1, observed=np.array([2.6, 3.1, 2.9]))
    return model


def uniform_mean_exact() -> float:
    """Most of the likelihood lies near or beyond the upper bound."""
    y = np.array([2.6, 3.1, 2.9])
    width = 1 / math.sqrt(3)
    inside = stats.norm.cdf(3, y.mean(), width) - stats.norm.cdf(-1, y.mean(), width)
    at_mean = stats.norm.logpdf(y, y.mean(), 1).sum()
    return float(at_mean + math.log(width * math.sqrt(2 * math.pi) * inside / 4))


def half_normal_scale() -> pm.Model:
    with pm.Model() as model:
        scale = pm.HalfNormal("scale", 2)
        pm.Normal("y", 0, scale, observed=YIELDS - 1)
    return model


def half_normal_scale_exact() -> float:
    def log_density(scale: np.ndarray) -> np.ndarray:
        return stats.halfnorm.logpdf(scale, scale=2) + stats.norm.logpdf(
            (YIELDS - 1)[:, None], 0, scale
        ).sum(axis=0)

    return log_integral(log_density, (1e-6, 20.0))


def weibull() -> pm.Model:
    """Shape and scale of waiting times: skewed and bent."""
    with pm.Model() as model:
        shape = pm.Exponential("shape", 1)
        scale = pm.LogNormal("scale", 0, 1)
        pm.Weibull("y", shape, scale, observed=YIELDS)
    return model


def weibull_exact() -> float:
    def log_density(shape: np.ndarray, log_scale: np.ndarray) -> np.ndarray:
        prior = stats.expon.logpdf(shape) + stats.norm.logpdf(log_scale)
        likelihood = stats.weibull_min.logpdf(YIELDS[:, None, None], shape, scale=np.exp(log_scale))
        return prior + likelihood.sum(axis=0)

    return log_integral(log_density, (1e-4, 8.0), (-6.0, 6.0))


def gumbel() -> pm.Model:
    with pm.Model() as model:
        mu = pm.Normal("mu", 0, 2)
        beta = pm.HalfNormal("beta", 2)
        pm.Gumbel("y", mu, beta, observed=YIELDS)
    return model


def gumbel_exact() -> float:
    def log_density(mu: np.ndarray, beta: np.ndarray) -> np.ndarray:
        prior = stats.norm.logpdf(mu, 0, 2) + stats.halfnorm.logpdf(beta, scale=2)
        return prior + stats.gumbel_r.logpdf(YIELDS[:, None, None], mu, beta).sum(axis=0)

    return log_integral(log_density, (-8.0, 8.0), (0.05, 12.0))


def poisson_regression() -> pm.Model:
    with pm.Model() as model:
        level = pm.Normal("level", 0, 2)
        slope = pm.Normal("slope", 0, 2)
        pm.Poisson("y", pm.math.exp(level + slope * DOSES), observed=COUNTS)
    return model


def poisson_regression_exact() -> float:
    def log_density(level: np.ndarray, slope: np.ndarray) -> np.ndarray:
        prior = stats.norm.logpdf(level, 0, 2) + stats.norm.logpdf(slope, 0, 2)
        rate = np.exp(level + slope * DOSES[:, None, None])
        return prior + stats.poisson.logpmf(COUNTS[:, None, None], rate).sum(axis=0)

    return log_integral(log_density, (-4.0, 4.0), (-2.0, 6.0))


def covariance_matrix() -> pm.Model:
    """A Cholesky factor: two standard deviations and a correlation."""
    with pm.Model() as model:
        factor, _, _ = pm.LKJCholeskyCov(
            "factor", n=2, eta=2, sd_dist=pm.HalfNormal.dist(1.5, size=2)
        )
        pm.MvNormal("y", np.zeros(2), chol=factor, observed=PAIRS)
    return model


def covariance_matrix_exact() -> float:
    x, y = PAIRS.T[:, :, None, None, None]

    def log_density(first: np.ndarray, second: np.ndarray, rho: np.ndarray) -> np.ndarray:
        # LKJ with eta = 2 makes the correlation of a pair beta(2, 2) on (-1, 1).
        prior = (
            stats.halfnorm.logpdf(first, scale=1.5)
            + stats.halfnorm.logpdf(second, scale=1.5)
            + stats.beta.logpdf((rho + 1) / 2, 2, 2)
            - math.log(2)
        )
        a, b, rest = x / first, y / second, 1 - rho**2
        squares = (a**2 - 2 * rho * a * b + b**2) / rest
        scale = np.log(2 * np.pi * first * second) + 0.5 * np.log(rest)
        return prior - (scale + 0.5 * squares).sum(axis=0)

    return log_integral(log_density, (0.15, 7.0), (0.15, 7.0), (-1 + 1e-9, 1 - 1e-9))


def box(dimension: int, half_width: float, log_density: Callable[[object], object]) -> pm.Model:
    with pm.Model() as model:
        x = pm.Uniform("x", -half_width, half_width, shape=dimension)
        pm.Potential("shape", log_density(x))
    return model


def normal_in_box() -> pm.Model:
    return box(10, 1, lambda x: -0.5 * (x**2).sum() / 0.01)


def normal_in_box_exact() -> float:
    inside = stats.norm.cdf(10) - stats.norm.cdf(-10)
    return 10 * math.log(0.1 * math.sqrt(2 * math.pi) * inside / 2)


def rosenbrock() -> pm.Model:
    return box(2, 5, lambda x: -((1 - x[0]) ** 2) - 100 * (x[1] - x[0] ** 2) ** 2)


def rosenbrock_exact() -> float:
    def density(x: float) -> float:
        ends = stats.norm.cdf([-5, 5], x**2, math.sqrt(0.005))
        return math.exp(-((1 - x) ** 2)) * math.sqrt(math.pi / 100) * (ends[1] - ends[0])

    return math.log(integrate.quad(density, -5, 5, epsabs=0, limit=200)[0] / 100)


def two_normals() -> pm.Model:
    """Modes of unequal weight that NUTS seldom crosses between."""

    def log_density(x: pt.TensorVariable) -> pt.TensorVariable:
        parts = [
            math.log(share) - 0.5 * ((x - at) ** 2).sum() / 0.01 - 2 * math.log(2 * math.pi * 0.01)
            for share, at in ((0.1, 0.5), (0.9, -0.5))
        ]
        return pt.logaddexp(*parts)

    return box(4, 2, log_density)


def two_normals_exact() -> float:
    return -4 * math.log(4)


def correlated_normal() -> pm.Model:
    precision = np.linalg.inv(0.1 * np.eye(10) + 0.9)
    with pm.Model() as model:
        x = pm.Normal("x", 0, 5, shape=10)
        pm.Potential("shape", -0.5 * x @ precision @ x)
    return model


def correlated_normal_exact() -> float:
    inside = np.eye(10) + 25 * np.linalg.inv(0.1 * np.eye(10) + 0.9)
    return float(-0.5 * np.linalg.slogdet(inside)[1])


def heavy_tails() -> pm.Model:
    with pm.Model() as model:
        x = pm.Normal("x", 0, 10, shape=10)
        pm.Potential("shape", pm.logp(pm.StudentT.dist(nu=2, mu=0, sigma=1), x).sum())
    return model


def heavy_tails_exact() -> float:
    def density(x: float) -> float:
        return float(stats.t.pdf(x, 2) * stats.norm.pdf(x, 0, 10))

    return 10 * math.log(2 * integrate.quad(density, 0, np.inf, epsabs=0)[0])


def small_funnel() -> pm.Model:
    with pm.Model() as model:
        v = pm.Normal("v", 0, 3)
        x = pm.Normal("x", 0, pm.math.exp(v / 2))
        pm.Normal("y", x, 1, observed=np.array([0.0]))
    return model


def small_funnel_exact() -> float:
    def density(v: float) -> float:
        return float(stats.norm.pdf(v, 0, 3) * stats.norm.pdf(0, 0, math.sqrt(1 + math.exp(v))))

    return math.log(integrate.quad(density, -60, 60, epsabs=0, limit=200)[0])


RUNGS = (
    Rung("mean at a bound", 1, uniform_mean, uniform_mean_exact),
    Rung("half-normal scale", 1, half_normal_scale, half_normal_scale_exact),
    Rung("Weibull", 2, weibull, weibull_exact),
    Rung("Gumbel", 2, gumbel, gumbel_exact),
    Rung("Poisson regression", 2, poisson_regression, poisson_regression_exact),
    Rung("funnel in two dimensions", 2, small_funnel, small_funnel_exact),
    Rung("Rosenbrock", 2, rosenbrock, rosenbrock_exact, hard=True, options=LIKELIHOOD),
    Rung("covariance matrix, LKJ", 3, covariance_matrix, covariance_matrix_exact),
    Rung("two normals, 1 to 9", 4, two_normals, two_normals_exact, options=LIKELIHOOD),
    Rung("normal in a box", 10, normal_in_box, normal_in_box_exact, options=LIKELIHOOD),
    Rung("correlated normal", 10, correlated_normal, correlated_normal_exact, options=LIKELIHOOD),
    Rung("Student-t, 2 degrees", 10, heavy_tails, heavy_tails_exact, options=LIKELIHOOD),
)
