"""Bounds, censoring and groups; the evidence by quadrature."""

import math

import numpy as np
import pymc as pm
from ladder_conjugate import Floats, noise
from ladder_shapes import log_integral
from numpy.polynomial.hermite_e import hermegauss
from rung import Rung
from scipy import stats
from scipy.special import gammainc, gammaln, logsumexp

READINGS = np.array([0.4, -1.1, 2.3, 0.9, 1.7, -0.2, 1.2])
FEW = np.array([0, 0, 1, 0])
FRACTIONS = np.array([0.71, 0.93, 0.64, 0.88, 0.97, 0.55, 0.83])
# Times to failure; the last three units were still running when the test ended.
FAILURES = np.array([0.42, 1.31, 0.9, 2.2, 1.65, 0.77, 2.5, 2.5, 2.5])
TEST_END = 2.5
WITH_OUTLIER = np.array([1.1, 0.4, 0.8, 1.6, 0.9, 1.3, 7.5, 0.2, 1.0])
GROUPS, TRIALS = 32, 20


def truncated_prior() -> pm.Model:
    with pm.Model() as model:
        p = pm.TruncatedNormal("p", 0.3, 0.2, lower=0.0, upper=1.0)
        pm.Binomial("y", n=12, p=p, observed=9)
    return model


def truncated_prior_exact() -> float:
    prior = stats.truncnorm(-1.5, 3.5, loc=0.3, scale=0.2)
    return log_integral(lambda p: prior.logpdf(p) + stats.binom.logpmf(9, 12, p), (0.0, 1.0))


def rate_near_zero() -> pm.Model:
    with pm.Model() as model:
        rate = pm.Uniform("rate", 0.0, 5.0)
        pm.Poisson("y", rate, observed=FEW)
    return model


def rate_near_zero_exact() -> float:
    n, shape = len(FEW), FEW.sum() + 1.0
    inside = math.log(gammainc(shape, 5.0 * n)) + gammaln(shape) - shape * math.log(n)
    return float(inside - math.log(5.0) - gammaln(FEW + 1.0).sum())


def bounded_location() -> pm.Model:
    """The mean is held on both sides; the scale on one."""
    with pm.Model() as model:
        mean = pm.Uniform("mean", -1.0, 1.0)
        scale = pm.HalfNormal("scale", 2.0)
        pm.Normal("y", mean, scale, observed=READINGS)
    return model


def bounded_location_exact() -> float:
    n, centre = len(READINGS), READINGS.mean()
    squares = ((READINGS - centre) ** 2).sum()

    def log_joint(mean: Floats, log_scale: Floats) -> Floats:
        scale = np.exp(log_scale)
        white = 0.5 * (squares + n * (mean - centre) ** 2) / scale**2
        prior = math.log(0.5) + stats.halfnorm.logpdf(scale, scale=2.0) + log_scale
        return prior - white - n * (log_scale + 0.5 * math.log(2.0 * math.pi))

    return log_integral(log_joint, (-1.0, 1.0), (-4.0, 4.0))


def beta_data() -> pm.Model:
    with pm.Model() as model:
        a = pm.Gamma("a", alpha=2.0, beta=0.5)
        b = pm.Gamma("b", alpha=2.0, beta=1.0)
        pm.Beta("y", a, b, observed=FRACTIONS)
    return model


def beta_data_exact() -> float:
    up, down = np.log(FRACTIONS).sum(), np.log1p(-FRACTIONS).sum()
    n = len(FRACTIONS)

    def log_joint(a: Floats, b: Floats) -> Floats:
        prior = stats.gamma.logpdf(a, 2.0, scale=2.0) + stats.gamma.logpdf(b, 2.0)
        constant = n * (gammaln(a + b) - gammaln(a) - gammaln(b))
        return prior + constant + (a - 1.0) * up + (b - 1.0) * down

    return log_integral(log_joint, (0.0, 60.0), (0.0, 40.0))


def censored_weibull() -> pm.Model:
    with pm.Model() as model:
        shape = pm.LogNormal("shape", 0.0, 0.5)
        scale = pm.Gamma("scale", alpha=2.0, beta=1.0)
        times = pm.Weibull.dist(shape, scale)
        pm.Censored("y", times, lower=None, upper=TEST_END, observed=FAILURES)
    return model


def censored_weibull_exact() -> float:
    failed = FAILURES[FAILURES < TEST_END]

    def log_joint(log_shape: Floats, log_scale: Floats) -> Floats:
        shape, scale = np.exp(log_shape), np.exp(log_scale)
        prior = stats.norm.logpdf(log_shape, 0.0, 0.5)
        prior = prior + stats.gamma.logpdf(scale, 2.0) + log_scale
        hazard = len(failed) * (log_shape - shape * log_scale)
        hazard = hazard + (shape - 1.0) * np.log(failed).sum()
        survival = sum(np.exp(shape * (math.log(time) - log_scale)) for time in FAILURES)
        return prior + hazard - survival

    return log_integral(log_joint, (-3.0, 3.0), (-3.0, 4.0))


def student_noise() -> pm.Model:
    with pm.Model() as model:
        centre = pm.Normal("centre", 0.0, 3.0)
        scale = pm.HalfCauchy("scale", 1.0)
        degrees = pm.Uniform("degrees", 1.0, 30.0)
        pm.StudentT("y", nu=degrees, mu=centre, sigma=scale, observed=WITH_OUTLIER)
    return model


def student_noise_exact() -> float:
    def log_joint(centre: Floats, log_scale: Floats, degrees: Floats) -> Floats:
        scale = np.exp(log_scale)
        prior = stats.norm.logpdf(centre, 0.0, 3.0)
        prior = prior + stats.halfcauchy.logpdf(scale) + log_scale
        prior = prior - math.log(29.0)
        constant = gammaln(0.5 * degrees + 0.5) - gammaln(0.5 * degrees) - log_scale
        constant = len(WITH_OUTLIER) * (constant - 0.5 * (np.log(degrees) + math.log(math.pi)))
        terms = sum(np.log1p(((y - centre) / scale) ** 2 / degrees) for y in WITH_OUTLIER)
        return prior + constant - 0.5 * (degrees + 1.0) * terms

    return log_integral(log_joint, (-3.0, 5.0), (-4.0, 3.0), (1.0, 30.0))


def successes() -> Floats:
    """Numbers of successes in 20 trials of groups that differ."""
    logits = 0.4 + 0.8 * noise(32, 1, size=GROUPS)
    uniform = stats.norm.cdf(noise(32, 2, size=(GROUPS, TRIALS)))
    return (uniform < 1.0 / (1.0 + np.exp(-logits[:, None]))).sum(axis=1).astype(float)


def group_intercepts() -> pm.Model:
    with pm.Model() as model:
        mean = pm.Normal("mean", 0.0, 1.5)
        spread = pm.HalfNormal("spread", 1.0)
        offset = pm.Normal("offset", shape=GROUPS)
        pm.Binomial("y", TRIALS, logit_p=mean + spread * offset, observed=successes())
    return model


def group_intercepts_exact() -> float:
    """Given mean and spread the groups part; each is a Gauss-Hermite sum."""
    at, weights = hermegauss(60)
    log_weights = np.log(weights) - 0.5 * math.log(2.0 * math.pi)
    totals, repeats = np.unique(successes(), return_counts=True)

    def log_joint(mean: Floats, log_spread: Floats) -> Floats:
        spread = np.exp(log_spread)
        prior = stats.norm.logpdf(mean, 0.0, 1.5) + stats.halfnorm.logpdf(spread) + log_spread
        logit = mean[..., None] + spread[..., None] * at
        for total, repeat in zip(totals, repeats, strict=True):
            orders = gammaln(TRIALS + 1.0) - gammaln(total + 1.0) - gammaln(TRIALS - total + 1.0)
            group = orders + total * logit - TRIALS * np.logaddexp(0.0, logit)
            prior = prior + repeat * logsumexp(group + log_weights, axis=-1)
        return prior

    return log_integral(log_joint, (-1.5, 2.5), (-4.0, 1.5))


RUNGS = (
    Rung("truncated prior", 1, truncated_prior, truncated_prior_exact),
    Rung("rate near zero", 1, rate_near_zero, rate_near_zero_exact),
    Rung("bounded mean, positive scale", 2, bounded_location, bounded_location_exact),
    Rung("beta data", 2, beta_data, beta_data_exact),
    Rung("censored Weibull", 2, censored_weibull, censored_weibull_exact, quick=True),
    Rung("Student-t noise", 3, student_noise, student_noise_exact),
    Rung("group intercepts", 34, group_intercepts, group_intercepts_exact),
)
