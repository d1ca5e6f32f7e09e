"""Rungs with a closed form: conjugate families, and latent normals integrated out by algebra."""

import math
from functools import partial

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from ladder_shapes import log_integral
from rung import Rung
from scipy import stats
from scipy.special import betaln, gammaln, multigammaln

type Floats = np.ndarray

COUNTS = np.array([3, 1, 4, 1, 5, 9, 2, 6])
WAITS = np.array([0.31, 1.72, 0.05, 2.9, 0.66, 0.48])
HEIGHTS = np.array([4.2, 5.9, 5.1, 7.3, 4.6, 5.5, 6.1])
BALLOTS = np.array([7, 2, 11, 1])
SHARES_PRIOR = np.array([1.0, 0.5, 2.0, 1.0])


def noise(*key: int, size: tuple[int, ...] | int) -> Floats:
    """Fixed standard normal numbers."""
    return np.random.default_rng(key).normal(size=size)


def beta_binomial() -> pm.Model:
    with pm.Model() as model:
        p = pm.Beta("p", 1.0, 1.0)
        pm.Binomial("y", n=10, p=p, observed=2)
    return model


def beta_binomial_exact() -> float:
    return -math.log(11.0)


def gamma_poisson() -> pm.Model:
    with pm.Model() as model:
        rate = pm.Gamma("rate", alpha=2.0, beta=0.5)
        pm.Poisson("y", rate, observed=COUNTS)
    return model


def gamma_poisson_exact() -> float:
    total = 2.0 + COUNTS.sum()
    scale = 2.0 * math.log(0.5) - total * math.log(0.5 + len(COUNTS))
    return float(scale + gammaln(total) - gammaln(2.0) - gammaln(COUNTS + 1.0).sum())


def gamma_exponential() -> pm.Model:
    with pm.Model() as model:
        rate = pm.Gamma("rate", alpha=1.5, beta=1.0)
        pm.Exponential("y", rate, observed=WAITS)
    return model


def gamma_exponential_exact() -> float:
    shape = 1.5 + len(WAITS)
    return float(gammaln(shape) - gammaln(1.5) - shape * math.log(1.0 + WAITS.sum()))


def dirichlet_multinomial() -> pm.Model:
    with pm.Model() as model:
        shares = pm.Dirichlet("shares", SHARES_PRIOR)
        pm.Multinomial("y", n=BALLOTS.sum(), p=shares, observed=BALLOTS)
    return model


def dirichlet_multinomial_exact() -> float:
    n, total = BALLOTS.sum(), SHARES_PRIOR.sum()
    orders = gammaln(n + 1.0) - gammaln(BALLOTS + 1.0).sum()
    ratio = (gammaln(SHARES_PRIOR + BALLOTS) - gammaln(SHARES_PRIOR)).sum()
    return float(orders + ratio + gammaln(total) - gammaln(n + total))


def normal_inverse_gamma() -> pm.Model:
    with pm.Model() as model:
        variance = pm.InverseGamma("variance", alpha=2.0, beta=1.5)
        mean = pm.Normal("mean", 4.0, pt.sqrt(variance / 0.2))
        pm.Normal("y", mean, pt.sqrt(variance), observed=HEIGHTS)
    return model


def normal_inverse_gamma_exact() -> float:
    """Observations are jointly Student-t."""
    n = len(HEIGHTS)
    shape = 1.5 / 2.0 * (np.eye(n) + 1.0 / 0.2)
    return float(stats.multivariate_t.logpdf(HEIGHTS, np.full(n, 4.0), shape, df=4.0))


def known_covariance() -> Floats:
    return 0.6 ** np.abs(np.subtract.outer(np.arange(5), np.arange(5)))


def vectors() -> Floats:
    return noise(5, 1, size=(6, 5)) @ np.linalg.cholesky(known_covariance()).T + 1.0


def normal_mean() -> pm.Model:
    with pm.Model() as model:
        mean = pm.Normal("mean", 0.0, 2.0, shape=5)
        pm.MvNormal("y", mean, known_covariance(), observed=vectors())
    return model


def normal_mean_exact() -> float:
    joint = np.kron(np.eye(6), known_covariance()) + np.kron(np.ones((6, 6)), 4.0 * np.eye(5))
    return float(stats.multivariate_normal.logpdf(vectors().ravel(), np.zeros(30), joint))


def regression_data(coefficients: int, rows: int) -> tuple[Floats, Floats]:
    """Correlated covariates, and a response with noise of standard deviation one half."""
    shared = noise(coefficients, 1, size=(rows, 1))
    x = 0.8 * noise(coefficients, 2, size=(rows, coefficients)) + 0.6 * shared
    slopes = noise(coefficients, 3, size=coefficients)
    return x, x @ slopes + 0.5 * noise(coefficients, 4, size=rows)


def regression(coefficients: int, rows: int) -> pm.Model:
    x, y = regression_data(coefficients, rows)
    with pm.Model() as model:
        variance = pm.InverseGamma("variance", alpha=3.0, beta=1.0)
        slopes = pm.Normal("slopes", 0.0, pt.sqrt(2.0 * variance), shape=coefficients)
        pm.Normal("y", x @ slopes, pt.sqrt(variance), observed=y)
    return model


def regression_exact(coefficients: int, rows: int) -> float:
    """Responses are jointly Student-t."""
    x, y = regression_data(coefficients, rows)
    shape = 1.0 / 3.0 * (np.eye(rows) + 2.0 * x @ x.T)
    return float(stats.multivariate_t.logpdf(y, np.zeros(rows), shape, df=6.0))


WISHART_DEGREES, WISHART_SCALE = 5.0, 0.4


def triples() -> Floats:
    mixing = np.array([[1.0, 0.0, 0.0], [0.7, 0.8, 0.0], [-0.4, 0.3, 1.2]])
    return noise(3, 1, size=(9, 3)) @ mixing.T


def normal_wishart() -> pm.Model:
    """A Wishart precision through its Bartlett factor, 6-d, and a mean given it, 3-d."""
    y = triples()
    with pm.Model() as model:
        squares = pm.ChiSquared("squares", WISHART_DEGREES - np.arange(3.0), shape=3)
        below = pm.Normal("below", shape=3)
        factor = pt.diag(pt.sqrt(squares))
        factor = pt.set_subtensor(factor[np.tril_indices(3, -1)], below)
        factor = math.sqrt(WISHART_SCALE) * factor
        mean = pm.Normal("standard_mean", shape=3)
        log_root = pt.log(pt.diag(factor)).sum()
        # The mean has precision one half of that of an observation.
        centre = pt.linalg.solve_triangular(factor.T, mean, lower=False) / math.sqrt(0.5)
        white = (y - centre) @ factor
        constant = len(y) * (log_root - 1.5 * math.log(2.0 * math.pi))
        pm.Potential("y", constant - 0.5 * (white**2).sum())
    return model


def normal_wishart_exact() -> float:
    y = triples()
    n, k, kappa = len(y), 3, 0.5
    spread = (y - y.mean(0)).T @ (y - y.mean(0))
    pull = kappa * n / (kappa + n) * np.outer(y.mean(0), y.mean(0))
    prior = np.eye(k) / WISHART_SCALE
    after = WISHART_DEGREES + n
    return float(
        -0.5 * n * k * math.log(math.pi)
        + multigammaln(0.5 * after, k)
        - multigammaln(0.5 * WISHART_DEGREES, k)
        + 0.5 * WISHART_DEGREES * np.linalg.slogdet(prior)[1]
        - 0.5 * after * np.linalg.slogdet(prior + spread + pull)[1]
        + 0.5 * k * math.log(kappa / (kappa + n))
    )


GROUP = np.repeat(np.arange(4), 3)


def group_values() -> Floats:
    return np.array([1.0, -0.5, 0.2, 2.0])[GROUP] + noise(4, 1, size=len(GROUP))


def zero_sum_effects() -> pm.Model:
    with pm.Model() as model:
        mean = pm.Normal("mean", 0.0, 3.0)
        effect = pm.ZeroSumNormal("effect", sigma=1.5, shape=4)
        pm.Normal("y", mean + effect[GROUP], 1.0, observed=group_values())
    return model


def zero_sum_effects_exact() -> float:
    effects = 1.5**2 * (np.eye(4) - 0.25)
    joint = np.eye(len(GROUP)) + 9.0 + effects[np.ix_(GROUP, GROUP)]
    return float(stats.multivariate_normal.logpdf(group_values(), np.zeros(len(GROUP)), joint))


STEPS = 15


def series() -> Floats:
    return np.cumsum(0.7 * noise(15, 1, size=STEPS)) + 0.5 * noise(15, 2, size=STEPS)


def local_level() -> pm.Model:
    """A random walk under noise; the size of its steps is not known."""
    with pm.Model() as model:
        step = pm.LogNormal("step", -0.5, 0.5)
        pieces = pm.Normal("pieces", shape=STEPS)
        pm.Normal("y", step * pt.cumsum(pieces), 0.5, observed=series())
    return model


def random_walk() -> pm.Model:
    """The same model through the levels themselves."""
    with pm.Model() as model:
        step = pm.LogNormal("step", -0.5, 0.5)
        start = pm.Normal.dist(0.0, step)
        level = pm.GaussianRandomWalk("level", sigma=step, init_dist=start, shape=STEPS)
        pm.Normal("y", level, 0.5, observed=series())
    return model


def local_level_exact() -> float:
    y = series()
    shared = np.minimum.outer(np.arange(STEPS), np.arange(STEPS)) + 1.0

    def log_joint(log_step: Floats) -> Floats:
        return stats.norm.logpdf(log_step, -0.5, 0.5) + np.array(
            [
                stats.multivariate_normal.logpdf(
                    y, np.zeros(STEPS), np.exp(2.0 * at) * shared + 0.25 * np.eye(STEPS)
                )
                for at in log_step
            ]
        )

    return log_integral(log_joint, (-4.5, 3.5))


def beta_geometric() -> pm.Model:
    with pm.Model() as model:
        p = pm.Beta("p", 2.0, 3.0)
        pm.Geometric("y", p, observed=COUNTS)
    return model


def beta_geometric_exact() -> float:
    n = len(COUNTS)
    return float(betaln(2.0 + n, 3.0 + COUNTS.sum() - n) - betaln(2.0, 3.0))


LIKELIHOOD = {"potentials": "likelihood"}
RUNGS = (
    Rung("beta-binomial", 1, beta_binomial, beta_binomial_exact, quick=True),
    Rung("beta-geometric", 1, beta_geometric, beta_geometric_exact),
    Rung("gamma-Poisson", 1, gamma_poisson, gamma_poisson_exact),
    Rung("gamma-exponential", 1, gamma_exponential, gamma_exponential_exact),
    Rung("normal-inverse-gamma", 2, normal_inverse_gamma, normal_inverse_gamma_exact),
    Rung("Dirichlet-multinomial", 3, dirichlet_multinomial, dirichlet_multinomial_exact),
    Rung("zero-sum effects", 4, zero_sum_effects, zero_sum_effects_exact, quick=True),
    Rung("mean of MvNormal", 5, normal_mean, normal_mean_exact),
    Rung("regression, 4 slopes", 5, partial(regression, 4, 20), partial(regression_exact, 4, 20)),
    Rung("normal-Wishart", 9, normal_wishart, normal_wishart_exact, options=LIKELIHOOD),
    Rung("local level", 16, local_level, local_level_exact, hard=True),
    Rung("random walk", 16, random_walk, local_level_exact, hard=True),
    Rung(
        "regression, 19 slopes", 20, partial(regression, 19, 50), partial(regression_exact, 19, 50)
    ),
    Rung(
        "regression, 33 slopes", 34, partial(regression, 33, 80), partial(regression_exact, 33, 80)
    ),
)
