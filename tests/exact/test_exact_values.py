"""The ladder's values hold by a second route, and so do the published identities.

The values of the galaxies and of the exchange rates are the only ones with no second route here;
the estimates of the ladder stand against them.
"""

import math
from collections.abc import Callable

import closed_forms as second
import ladder_cases as cases
import ladder_conjugate as conjugate
import ladder_constrained as constrained
import ladder_shapes as shapes
import numpy as np
import pymc as pm
import pytest
from ladder import LADDER
from rung import reference, rows
from scipy import integrate, stats
from scipy.special import gammaln, logsumexp
from traps import funnel_exact

from bayes_leaks.engine import CompiledModel

RUNGS = {rung.name: rung for rung in LADDER}
# The tables are printed with six decimals.
PRINTED = 6e-7


def exact(name: str) -> float:
    return RUNGS[name].exact()


PUBLISHED: dict[tuple[str, str], Callable[[], float]] = {
    ("beta_binomial", "p~"): lambda: -math.log(11.0),
    ("beta_binomial_null", "p=0.5"): lambda: stats.binom.logpmf(2, 10, 0.5),
    ("radiata_pine", "M1"): lambda: second.radiata_pine("density_x"),
    ("radiata_pine", "M2"): lambda: second.radiata_pine("resin_adjusted_density_z"),
    ("hierarchical_normal", "H0"): lambda: second.hierarchical_normal(0.0),
    ("hierarchical_normal", "H1"): lambda: second.hierarchical_normal(1.0),
    ("sleep_jzs_ttest", "H0"): second.sleep_no_effect,
    ("sleep_jzs_ttest", "H1"): lambda: second.sleep_effect(one_sided=False),
    ("sleep_jzs_ttest", "H+"): lambda: second.sleep_effect(one_sided=True),
    ("sleep_normal_gamma", "M1"): lambda: second.sleep_normal_gamma(with_mean=True),
    ("sleep_normal_gamma", "M0"): lambda: second.sleep_normal_gamma(with_mean=False),
    ("eight_schools", "mu~"): funnel_exact,
    ("eight_schools", "complete"): second.eight_schools_pooled,
    ("coal_changepoint", "constant"): lambda: second.coal(switching=False),
    ("coal_changepoint", "one switch"): lambda: second.coal(switching=True),
}


@pytest.mark.parametrize("case", PUBLISHED, ids=" ".join)
def test_table_of_references_is_recomputed(case: tuple[str, str]) -> None:
    assert PUBLISHED[case]() == pytest.approx(reference(*case)(), abs=PRINTED)


@pytest.mark.parametrize("model", ["M1", "M2"])
def test_logistic_regression_by_importance_sampling(model: str) -> None:
    covariates = cases.M1 if model == "M1" else (*cases.M1, "age")
    value, error = second.pima(*covariates)
    assert error < 1e-3
    assert value == pytest.approx(reference("pima_logistic_tau0.01", model)(), abs=4.0 * error)


def zero_sum() -> float:
    # A mean and four effects that are normal with the mean of all four taken off.
    centring = np.eye(4) - 0.25
    design = np.column_stack([np.ones(12), centring[conjugate.GROUP]])
    prior = np.diag([9.0, *[1.5**2] * 4])
    return second.linear_normal(design, prior, np.eye(12), conjugate.group_values())


def mean_of_vectors() -> float:
    noise = np.kron(np.eye(6), conjugate.known_covariance())
    y = conjugate.vectors().ravel()
    return second.linear_normal(np.tile(np.eye(5), (6, 1)), 4.0 * np.eye(5), noise, y)


def local_level() -> float:
    n = conjugate.STEPS
    sums = np.tril(np.ones((n, n)))

    def joint(log_step: float) -> float:
        steps = math.exp(log_step) * sums
        inside = second.linear_normal(steps, np.eye(n), 0.25 * np.eye(n), conjugate.series())
        return math.exp(inside + 16.0) * stats.norm.pdf(log_step, -0.5, 0.5)

    return second.log_quad(joint, -4.5, 3.5) - 16.0


def regression(slopes: int, observations: int) -> float:
    x, y = conjugate.regression_data(slopes, observations)
    precision = 0.5 * np.eye(slopes)
    return second.normal_inverse_gamma(x, y, precision, np.zeros(slopes), 3.0, 1.0)


def unknown_variance() -> float:
    y = conjugate.HEIGHTS
    precision, mean = np.array([[0.2]]), np.array([4.0])
    return second.normal_inverse_gamma(np.ones((len(y), 1)), y, precision, mean, 2.0, 1.5)


def over_rate(prior: stats.rv_continuous, log_likelihood: Callable[[float], float]) -> float:
    return second.log_quad(
        lambda rate: prior.pdf(rate) * math.exp(log_likelihood(rate)), 0.0, prior.ppf(1 - 1e-15)
    )


SECOND_ROUTE: dict[str, Callable[[], float]] = {
    "beta-geometric": lambda: over_rate(
        stats.beta(2, 3), lambda p: stats.geom.logpmf(conjugate.COUNTS, p).sum()
    ),
    "gamma-Poisson": lambda: over_rate(
        stats.gamma(2.0, scale=2.0), lambda rate: stats.poisson.logpmf(conjugate.COUNTS, rate).sum()
    ),
    "gamma-exponential": lambda: over_rate(
        stats.gamma(1.5),
        lambda rate: stats.expon.logpdf(conjugate.WAITS, scale=1.0 / rate).sum(),
    ),
    "truncated prior": lambda: over_rate(
        stats.truncnorm(-1.5, 3.5, loc=0.3, scale=0.2), lambda p: stats.binom.logpmf(9, 12, p)
    ),
    "rate near zero": lambda: over_rate(
        stats.uniform(0.0, 5.0), lambda rate: stats.poisson.logpmf(constrained.FEW, rate).sum()
    ),
    "normal-inverse-gamma": unknown_variance,
    "Dirichlet-multinomial": lambda: second.polya_urn(conjugate.BALLOTS, conjugate.SHARES_PRIOR),
    "zero-sum effects": zero_sum,
    "mean of MvNormal": mean_of_vectors,
    "regression, 4 slopes": lambda: regression(4, 20),
    "regression, 19 slopes": lambda: regression(19, 50),
    "regression, 33 slopes": lambda: regression(33, 80),
    "normal-Wishart": lambda: second.normal_wishart(
        conjugate.triples(), conjugate.WISHART_DEGREES, conjugate.WISHART_SCALE, 0.5
    ),
    "local level": local_level,
    "random walk": local_level,
}


@pytest.mark.parametrize("name", SECOND_ROUTE)
def test_closed_forms_by_a_second_route(name: str) -> None:
    assert SECOND_ROUTE[name]() == pytest.approx(exact(name), abs=1e-8)


def over_data(log_density: Callable[..., np.ndarray], y: np.ndarray) -> Callable[..., np.ndarray]:
    return lambda *values: sum(log_density(observed, *values) for observed in y)


def censored(shape: np.ndarray, scale: np.ndarray) -> np.ndarray:
    times = stats.weibull_min
    return sum(
        times.logpdf(time, shape, scale=scale)
        if time < constrained.TEST_END
        else times.logsf(time, shape, scale=scale)
        for time in constrained.FAILURES
    )


def covariance(first: np.ndarray, second_: np.ndarray, half: np.ndarray) -> np.ndarray:
    rho = 2.0 * half - 1.0
    covariances = np.empty((len(rho), 2, 2))
    covariances[:, 0, 0], covariances[:, 1, 1] = first**2, second_**2
    covariances[:, 0, 1] = covariances[:, 1, 0] = rho * first * second_
    inside = np.einsum("ni,kij,nj->k", shapes.PAIRS, np.linalg.inv(covariances), shapes.PAIRS)
    roots = np.linalg.slogdet(2.0 * np.pi * covariances)[1]
    return -0.5 * (inside + len(shapes.PAIRS) * roots)


def intercepts(mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """The offset of every group by the trapezoid rule."""
    offset = np.linspace(-9.0, 9.0, 91)
    logit = mean[:, None] + spread[:, None] * offset
    weight = stats.norm.logpdf(offset) + math.log(offset[1] - offset[0])
    total = np.zeros(len(mean))
    n = constrained.TRIALS
    for y, repeat in zip(*np.unique(constrained.successes(), return_counts=True), strict=True):
        orders = gammaln(n + 1.0) - gammaln(y + 1.0) - gammaln(n - y + 1.0)
        group = y * logit - n * np.logaddexp(0.0, logit)
        total += repeat * (orders + logsumexp(group + weight, axis=1))
    return total


PRIOR_MEANS = {
    "mean at a bound": (
        [stats.uniform(-1, 4)],
        over_data(lambda y, mean: stats.norm.logpdf(y, mean), np.array([2.6, 3.1, 2.9])),
    ),
    "half-normal scale": (
        [stats.halfnorm(scale=2)],
        over_data(lambda y, scale: stats.norm.logpdf(y, 0, scale), shapes.YIELDS - 1),
    ),
    "bounded mean, positive scale": (
        [stats.uniform(-1, 2), stats.halfnorm(scale=2)],
        over_data(stats.norm.logpdf, constrained.READINGS),
    ),
    "beta data": (
        [stats.gamma(2, scale=2), stats.gamma(2)],
        over_data(stats.beta.logpdf, constrained.FRACTIONS),
    ),
    "censored Weibull": ([stats.lognorm(0.5), stats.gamma(2)], censored),
    "Weibull": (
        [stats.expon(), stats.lognorm(1)],
        over_data(
            lambda y, shape, scale: stats.weibull_min.logpdf(y, shape, scale=scale), shapes.YIELDS
        ),
    ),
    "Gumbel": (
        [stats.norm(0, 2), stats.halfnorm(scale=2)],
        over_data(stats.gumbel_r.logpdf, shapes.YIELDS),
    ),
    "Poisson regression": (
        [stats.norm(0, 2), stats.norm(0, 2)],
        lambda level, slope: sum(
            stats.poisson.logpmf(y, np.exp(level + slope * dose))
            for y, dose in zip(shapes.COUNTS, shapes.DOSES, strict=True)
        ),
    ),
    "Student-t noise": (
        [stats.norm(0, 3), stats.halfcauchy(), stats.uniform(1, 29)],
        over_data(
            lambda y, centre, scale, degrees: stats.t.logpdf(y, degrees, centre, scale),
            constrained.WITH_OUTLIER,
        ),
    ),
    "covariance matrix, LKJ": (
        [stats.halfnorm(scale=1.5), stats.halfnorm(scale=1.5), stats.beta(2, 2)],
        covariance,
    ),
    "group intercepts": ([stats.norm(0, 1.5), stats.halfnorm()], intercepts),
}


@pytest.mark.parametrize("name", [*PRIOR_MEANS])
def test_quadratures_by_the_prior_mean(name: str) -> None:
    priors, log_likelihood = PRIOR_MEANS[name]
    value, error = second.prior_mean(
        priors, log_likelihood, 12 if name == "group intercepts" else 16
    )
    assert error < 2e-3
    assert exact(name) == pytest.approx(value, abs=4.0 * error + 1e-9)


SYNTHETIC = {
    "funnel in two dimensions": ("funnel_y0", "2"),
    "Rosenbrock": ("rosenbrock", "2"),
    "two normals, 1 to 9": ("two_gaussians_w0.1", "4"),
    "normal in a box": ("gaussian_in_box", "10"),
    "Student-t, 2 degrees": ("student_t2", "10"),
    **{f"normal in a box, {d} dimensions": ("gaussian_in_box", f"{d}") for d in (2, 5, 20, 30)},
    **{f"two shells, {d} dimensions": ("gaussian_shells", f"{d}") for d in (2, 5, 10, 20, 30)},
    **{f"funnel, {d} dimensions": ("funnel_y0", f"{d}") for d in (6, 10)},
    "egg box": ("eggbox", "2"),
    "Rastrigin, 2 dimensions": ("rastrigin", "2"),
    "Rastrigin, 10 dimensions": ("rastrigin_5.12", "10"),
    "two separated normals": ("bimodal_separated", "4"),
}
# Its entry is not what its own closed form gives; see data/README.md.
UNCONFIRMED = {("corr_gauss", "10")}


@pytest.mark.parametrize("name", SYNTHETIC)
def test_table_of_synthetic_problems_is_recomputed(name: str) -> None:
    problem, dimension = SYNTHETIC[name]
    (value,) = (
        float(row["log_evidence"])
        for row in rows("synthetic_problems.csv")
        if row["name"] == problem and row["dim"] == dimension
    )
    assert exact(name) == pytest.approx(value, abs=PRINTED)


def test_all_synthetic_problems_are_rungs() -> None:
    named = {(row["name"], row["dim"]) for row in rows("synthetic_problems.csv")}
    assert named == set(SYNTHETIC.values()) | UNCONFIRMED


def test_correlated_normal_by_its_factors() -> None:
    # Along the common direction the variance is 9.1, along the nine others 0.1.
    value = -0.5 * (math.log1p(25.0 / 9.1) + 9.0 * math.log1p(25.0 / 0.1))
    assert exact("correlated normal") == pytest.approx(value, abs=1e-10)


BAYES_FACTORS = (
    (("radiata_pine", "M2"), ("radiata_pine", "M1"), 8.423683),
    (("pima_logistic_tau0.01", "M1"), ("pima_logistic_tau0.01", "M2"), 2.625015),
    (("hierarchical_normal", "H0"), ("hierarchical_normal", "H1"), math.log(1.30236)),
    (("sleep_jzs_ttest", "H1"), ("sleep_jzs_ttest", "H0"), math.log(17.258880)),
    (("sleep_jzs_ttest", "H+"), ("sleep_jzs_ttest", "H0"), math.log(34.416936)),
    (("beta_binomial", "p~"), ("beta_binomial_null", "p=0.5"), 0.726914),
    (("coal_changepoint", "one switch"), ("coal_changepoint", "constant"), 27.8205),
)


@pytest.mark.parametrize(("one", "other", "expected"), BAYES_FACTORS)
def test_bayes_factors_are_the_published_ones(
    one: tuple[str, str], other: tuple[str, str], expected: float
) -> None:
    assert reference(*one)() - reference(*other)() == pytest.approx(expected, abs=1.2e-5)


def test_t_test_by_the_t_statistic_and_by_the_mixture_of_normals() -> None:
    null = second.sleep_no_effect()
    assert math.exp(second.sleep_effect(one_sided=False) - null) == pytest.approx(17.258880)
    assert math.exp(second.sleep_effect_by_g() - null) == pytest.approx(17.258880)
    assert math.exp(second.sleep_effect(one_sided=True) - null) == pytest.approx(34.416936)


def test_identities_of_turing_and_good() -> None:
    under_null = stats.binom.pmf(np.arange(11), 10, 0.5)
    under_other = np.full(11, 1.0 / 11.0)
    factor = under_other / under_null
    assert under_null @ factor == pytest.approx(1.0)
    assert under_other @ (1.0 / factor) == pytest.approx(1.0)
    assert under_other @ factor == pytest.approx(under_null @ factor**2)
    assert under_other @ factor == pytest.approx(19.249534, abs=1e-6)
    mixture = 0.5 * (under_null + under_other)
    assert mixture @ (factor / (1.0 + factor)) == pytest.approx(0.5)


def test_an_ordered_transform_removes_the_orders() -> None:
    with pm.Model() as model:
        pm.Normal(
            "mean", shape=3, initval=[-1.0, 0.0, 1.0],
            transform=pm.distributions.transforms.ordered,
        )  # fmt: skip
    log_prior = CompiledModel(model).log_prior

    def density(*point: np.ndarray) -> np.ndarray:
        grid = np.broadcast_arrays(*point)
        return log_prior(np.stack([part.ravel() for part in grid], axis=1)).reshape(grid[0].shape)

    mass = shapes.log_integral(density, (-8.0, 8.0), (-12.0, 4.0), (-12.0, 4.0))
    assert mass == pytest.approx(-math.log(6.0), abs=1e-4)


def test_both_forms_of_the_eight_schools_are_one_model() -> None:
    assert funnel_exact() == pytest.approx(exact("eight schools"), abs=PRINTED)


def test_every_value_has_a_second_route() -> None:
    """All but the galaxies and the exchange rates, and what the tables hold."""
    known = {*SECOND_ROUTE, *PRIOR_MEANS, *SYNTHETIC, "correlated normal", "beta-binomial"}
    published = {rung.name for rung in cases.RUNGS}
    assert set(RUNGS) == known | published


def test_the_rosenbrock_valley_by_a_plane_integral() -> None:
    at = np.linspace(-5.0, 5.0, 4001)
    x, y = at, at[:, None]
    log_density = -((1.0 - x) ** 2) - 100.0 * (y - x**2) ** 2
    value = math.log(integrate.trapezoid(integrate.trapezoid(np.exp(log_density), at), at) / 100.0)
    assert exact("Rosenbrock") == pytest.approx(value, abs=1e-6)
