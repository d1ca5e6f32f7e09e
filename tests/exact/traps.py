"""Models on which a marginal likelihood goes wrong unseen."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import arviz as az
import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy import integrate, stats
from scipy.special import logsumexp

import bayes_leaks as bl
from bayes_leaks.errors import BayesLeaksError

SEED = 20261124
# An estimate is right when it is off by less than this, in nats, and by less than 4 errors.
TOLERANCE = 0.05

LABEL_DATA = np.array([-2.1, -1.7, -2.6, -1.9, 2.3, 1.8, 2.2, 2.9, 2.0])
SCHOOLS = np.array([28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0])
SCHOOL_ERRORS = np.array([15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0])
SLEEP = np.array([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
MODE_AT, MODE_WIDTH, MODE_SHARES = 5.0, 0.2, (0.3, 0.7)


@dataclass(frozen=True)
class Trap:
    """A model, what it may not do silently, and the answer where there is one."""

    name: str
    build: Callable[[], pm.Model]
    exact: Callable[[], float]
    outcomes: tuple[str, ...]
    code: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
    idata: Callable[[], object] = lambda: None


def funnel() -> pm.Model:
    with pm.Model() as model:
        mu = pm.Normal("mu", 0.0, 5.0)
        tau = pm.HalfCauchy("tau", 5.0)
        theta = pm.Normal("theta", mu, tau, shape=8)
        pm.Normal("y", theta, SCHOOL_ERRORS, observed=SCHOOLS)
    return model


def funnel_exact() -> float:
    """Schools and their mean integrate out as normals; the spread is left for quadrature."""

    def likelihood(tau: float) -> float:
        covariance = np.diag(SCHOOL_ERRORS**2 + tau**2) + 25.0
        return float(
            np.exp(stats.multivariate_normal.logpdf(SCHOOLS, np.zeros(8), covariance))
            * stats.halfcauchy.pdf(tau, scale=5.0)
        )

    return math.log(integrate.quad(likelihood, 0, np.inf, epsabs=0, epsrel=1e-10)[0])


def labels() -> pm.Model:
    with pm.Model() as model:
        mu = pm.Normal("mu", 0.0, 5.0, shape=2)
        parts = pm.Normal.dist(mu, 1.0)
        pm.Mixture("y", np.array([0.5, 0.5]), parts, observed=LABEL_DATA)
    return model


def labels_exact() -> float:
    grid = np.linspace(-30.0, 30.0, 3001)
    by_mean = stats.norm.logpdf(LABEL_DATA[:, None], grid, 1.0)
    prior = stats.norm.logpdf(grid, 0.0, 5.0)
    total = prior[:, None] + prior
    for row in by_mean:
        total = total + np.logaddexp(row[:, None], row) - math.log(2.0)
    return float(logsumexp(total) + 2.0 * math.log(grid[1] - grid[0]))


def ordered() -> pm.Model:
    with pm.Model() as model:
        mu = pm.Normal(
            "mu", 0.0, 5.0, shape=2, initval=[-1.0, 1.0],
            transform=pm.distributions.transforms.ordered,
        )  # fmt: skip
        pm.Mixture("y", np.array([0.5, 0.5]), pm.Normal.dist(mu, 1.0), observed=LABEL_DATA)
    return model


def ordered_and_normalised() -> pm.Model:
    model = ordered()
    with model:
        pm.Potential("orders", pt.as_tensor(np.log(2.0)))
    return model


def angle(**transform: object) -> pm.Model:
    with pm.Model() as model:
        direction = pm.VonMises("direction", mu=0.0, kappa=1.0, **transform)
        pm.Normal("y", pt.cos(direction), 0.5, observed=np.array([0.2, -0.1]))
    return model


def angle_on_an_interval() -> pm.Model:
    return angle(transform=pm.distributions.transforms.Interval(-np.pi, np.pi))


def angle_exact() -> float:
    def likelihood(direction: float) -> float:
        y = stats.norm.pdf([0.2, -0.1], np.cos(direction), 0.5)
        return float(stats.vonmises.pdf(direction, 1.0) * y.prod())

    return math.log(integrate.quad(likelihood, -np.pi, np.pi, epsabs=0, epsrel=1e-10)[0])


def started_far_away() -> pm.Model:
    with pm.Model() as model:
        mu = pm.Normal("mu", 0.0, 1.0, initval=4.0)
        pm.Normal("y", mu, 1.0, observed=np.array([0.3, -0.4, 0.1]))
    return model


def started_far_away_exact() -> float:
    covariance = np.eye(3) + 1.0
    return float(stats.multivariate_normal.logpdf([0.3, -0.4, 0.1], np.zeros(3), covariance))


def potential_as_prior() -> pm.Model:
    """A second normal factor on top of a normal prior, and no constant."""
    with pm.Model() as model:
        x = pm.Normal("x", 0.0, 1.0)
        pm.Potential("shrink", -0.5 * x**2)
        pm.Normal("y", x, 1.0, observed=np.array([0.7]))
    return model


def potential_as_prior_exact() -> float:
    """Under the prior that was meant: normal with variance one half."""
    return float(stats.norm.logpdf(0.7, 0.0, math.sqrt(1.5)))


def potential_as_normalised_prior() -> pm.Model:
    model = potential_as_prior()
    with model:
        pm.Potential("constant", pt.as_tensor(0.5 * np.log(2.0)))
    return model


def potential_as_likelihood() -> pm.Model:
    with pm.Model() as model:
        x = pm.Normal("x", 0.0, 1.0)
        pm.Potential("y", pm.logp(pm.Normal.dist(x, 1.0), np.float64(0.7)))
    return model


def potential_as_likelihood_exact() -> float:
    return float(stats.norm.logpdf(0.7, 0.0, math.sqrt(2.0)))


def nan_region() -> pm.Model:
    with pm.Model() as model:
        x = pm.Normal("x", 1.0, 1.0, initval=1.0)
        pm.Potential("root", pt.sqrt(x))
    return model


def infinite_point() -> pm.Model:
    with pm.Model() as model:
        x = pm.Normal("x", 0.0, 1.0)
        pm.Potential("pole", pt.switch(pt.gt(x, 2.5), np.inf, 0.0))
    return model


def no_answer() -> float:
    return math.nan


def latent() -> pm.Model:
    with pm.Model() as model:
        mu = pm.Normal("mu", np.array([-2.0, 2.0]), 1.0, shape=2)
        group = pm.Categorical("group", np.array([0.5, 0.5]), shape=len(LABEL_DATA))
        pm.Normal("y", mu[group], 1.0, observed=LABEL_DATA)
    return model


def latent_exact() -> float:
    grid = np.linspace(-12.0, 12.0, 2401)
    by_mean = stats.norm.logpdf(LABEL_DATA[:, None], grid, 1.0)
    total = stats.norm.logpdf(grid, -2.0, 1.0)[:, None] + stats.norm.logpdf(grid, 2.0, 1.0)
    for row in by_mean:
        total = total + np.logaddexp(row[:, None], row) - math.log(2.0)
    return float(logsumexp(total) + 2.0 * math.log(grid[1] - grid[0]))


def flat() -> pm.Model:
    with pm.Model() as model:
        mu = pm.Flat("mu")
        pm.Normal("y", mu, 1.0, observed=np.array([0.3, -0.4, 0.1]))
    return model


def two_modes() -> pm.Model:
    with pm.Model() as model:
        x = pm.Uniform("x", -10.0, 10.0, shape=4)
        heights = [
            math.log(share) - 0.5 * ((x - sign * MODE_AT) ** 2).sum() / MODE_WIDTH**2
            for share, sign in zip(MODE_SHARES, (1, -1), strict=True)
        ]
        pm.Potential("modes", pt.logaddexp(*heights))
    return model


def two_modes_exact() -> float:
    return 2.0 * math.log(2.0 * math.pi * MODE_WIDTH**2) - 4.0 * math.log(20.0)


def draws_of_one_mode() -> object:
    """What a sampler returns whose chains all went to the smaller mode."""
    rng = np.random.default_rng(SEED)
    return az.from_dict({"posterior": {"x": rng.normal(MODE_AT, MODE_WIDTH, (4, 1000, 4))}})


def improper_nuisance() -> pm.Model:
    """The density 1/sigma^2 on the variance is flat on the scale of its logarithm."""
    with pm.Model() as model:
        log_variance = pm.Flat("log_variance")
        pm.Normal("y", 0.0, pt.exp(0.5 * log_variance), observed=SLEEP)
    return model


def improper_nuisance_exact() -> float:
    n = len(SLEEP)
    half_sum = 0.5 * float((SLEEP**2).sum())
    return math.lgamma(0.5 * n) - 0.5 * n * math.log(2.0 * math.pi) - 0.5 * n * math.log(half_sum)


LIKELIHOOD = {"potentials": "likelihood"}
PRIOR = {"potentials": "prior"}
RIGHT, REFUSED = "right", "refused"
TRAPS = (
    Trap("funnel", funnel, funnel_exact, (RIGHT, REFUSED)),
    Trap("exchangeable labels", labels, labels_exact, (RIGHT,)),
    Trap("transform=ordered", ordered, labels_exact, (REFUSED,), "prior_mass"),
    Trap("ordered, normalised", ordered_and_normalised, labels_exact, (RIGHT,), options=PRIOR),
    Trap("circular variable", angle, angle_exact, (REFUSED,), "direction"),
    Trap("circular, on an interval", angle_on_an_interval, angle_exact, (RIGHT,)),
    Trap("initval", started_far_away, started_far_away_exact, (RIGHT,)),
    Trap("Potential, role not said", potential_as_prior, no_answer, (REFUSED,), "potential_role"),
    Trap(
        "Potential as prior", potential_as_prior, potential_as_prior_exact, (REFUSED,),
        "prior_mass", PRIOR,
    ),
    Trap(
        "Potential as prior, normalised", potential_as_normalised_prior, potential_as_prior_exact,
        (RIGHT,), options=PRIOR,
    ),
    Trap(
        "Potential as likelihood", potential_as_likelihood, potential_as_likelihood_exact,
        (RIGHT,), options=LIKELIHOOD,
    ),
    Trap("NaN region", nan_region, no_answer, (REFUSED,), "non_finite", LIKELIHOOD),
    Trap("+inf point", infinite_point, no_answer, (REFUSED,), "non_finite", LIKELIHOOD),
    Trap("latent Categorical", latent, latent_exact, (RIGHT,)),
    Trap("Flat prior", flat, no_answer, (REFUSED,), "mu"),
    Trap(
        "mode never visited", two_modes, two_modes_exact, (RIGHT, REFUSED), options=LIKELIHOOD,
        idata=draws_of_one_mode,
    ),
    Trap(
        "improper nuisance, not declared", improper_nuisance, no_answer, (REFUSED,), "log_variance"
    ),
    Trap(
        "improper nuisance, shared", improper_nuisance, improper_nuisance_exact, (RIGHT,),
        options={"shared_improper": ("log_variance",)},
    ),
)  # fmt: skip


def spring(trap: Trap) -> tuple[str, str]:
    """Run a trap: its outcome, and what was said."""
    try:
        found = bl.log_evidence(trap.build(), trap.idata(), random_seed=SEED, **trap.options)
    except BayesLeaksError as error:
        return REFUSED, str(error)
    if not found.trusted:
        assert math.isnan(found.log_ml)
        return REFUSED, "; ".join(found.reasons)
    error = abs(found.log_ml - trap.exact())
    said = f"{found!r}, error {error:.1e}"
    return (RIGHT if error < TOLERANCE and error < 4.0 * found.mcse else "SILENTLY WRONG"), said


def different_data() -> dict[str, pm.Model]:
    """Two models that must not be compared."""

    def normal(y: list[float]) -> pm.Model:
        with pm.Model() as model:
            pm.Normal("y", pm.Normal("mu"), 1.0, observed=np.array(y))
        return model

    return {"one": normal([0.1, 0.2]), "other": normal([0.1, 0.3])}
