"""Priors of a model file in PyMC and in SciPy: one density, one set of draws, one table."""

import math

import numpy as np
import pymc as pm
import pytest
from scipy import stats

from bayes_leaks.errors import ParameterError
from bayes_leaks.hypotheses.distributions import CAUSES, DISTRIBUTIONS
from bayes_leaks.hypotheses.model_file import ModelFile, Prior, find_model_file, read_model_file
from bayes_leaks.hypotheses.priors import add_priors, describe, draw, freeze, log_density

CASES = {
    "LogNormal": [{"median": 0.02, "sigma": 1.4}, {"median": 30, "sigma": 0.8}],
    "Normal": [{"mu": -1.95, "sigma": 0.76}],
    "HalfNormal": [{"sigma": 2}],
    "TruncatedNormal": [
        {"mu": 0.3, "sigma": 0.2, "lower": 0, "upper": 1},
        {"mu": -1, "sigma": 0.5, "lower": 0, "upper": math.inf},
        {"mu": 2, "sigma": 0.5, "lower": -math.inf, "upper": 1},
        {"mu": 2, "sigma": 0.5, "lower": -math.inf, "upper": math.inf},
    ],
    "Exponential": [{"scale": 3.0}],
    "Gamma": [{"alpha": 0.5, "beta": 25}, {"alpha": 2, "beta": 20}],
    "InverseGamma": [{"alpha": 3, "beta": 0.4}],
    "Weibull": [{"alpha": 0.7, "beta": 0.5}, {"alpha": 2.5, "beta": 4}],
    "Beta": [{"alpha": 4, "beta": 1}, {"alpha": 1, "beta": 1}, {"alpha": 1.9, "beta": 90.7}],
    "Uniform": [{"lower": 0.2, "upper": 0.8}],
    "Dirichlet": [{"a": [1, 1, 1]}, {"a": [0.5, 2, 7]}],
}
PRIORS = [
    Prior("x", name, arguments, "dimensionless", "test", "test")
    for name, cases in CASES.items()
    for arguments in cases
]
NUMBERS = [prior for prior in PRIORS if prior.distribution != "Dirichlet"]
COMPETING = {
    "leak_rate": "positive",
    "shares": "simplex",
    "weibull_shape": "positive",
    "weibull_scale": "positive",
    "batch_correlation": "unit interval",
    "hit_probability": "unit interval",
    "latency": "positive",
}
by_text = pytest.mark.parametrize("prior", PRIORS, ids=lambda prior: prior.text)
numbers_by_text = pytest.mark.parametrize("prior", NUMBERS, ids=lambda prior: prior.text)


@pytest.fixture(scope="module")
def competing():
    return read_model_file(find_model_file("competing"), required=COMPETING)


def one(prior: Prior) -> ModelFile:
    support = "simplex" if prior.distribution == "Dirichlet" else "real"
    return ModelFile("one", "One", "random", "claim", {"x": prior}, {"x": support})


def points_of(prior: Prior) -> np.ndarray:
    """Points over the whole support, far tails included."""
    if prior.distribution == "Dirichlet":
        rng = np.random.default_rng(3)
        return np.vstack([rng.dirichlet([0.3, 0.3, 0.3], 40), rng.dirichlet([9, 9, 9], 40)])
    tail = np.logspace(-8, -1, 8)
    return freeze(prior).ppf(np.concatenate([tail, np.linspace(0.15, 0.85, 20), 1 - tail]))


def test_every_distribution_is_tried_here():
    assert set(CASES) == set(DISTRIBUTIONS)


@by_text
def test_pymc_and_scipy_have_the_same_density(prior):
    points = points_of(prior)
    with pm.Model():
        variable = add_priors(one(prior))["x"]
        pymc_density = pm.logp(variable, points).eval(mode="FAST_COMPILE")
    assert np.isfinite(pymc_density).all()
    # PyMC's truncated normal has log(0.5) and sqrt(2) in single precision in its normaliser.
    tolerance = 1e-7 if prior.distribution == "TruncatedNormal" else 1e-10
    density = log_density(one(prior), {"x": points})
    np.testing.assert_allclose(density, pymc_density, rtol=tolerance, atol=tolerance)


@by_text
def test_pymc_and_scipy_draw_from_the_same_distribution(prior):
    with pm.Model():
        variable = add_priors(one(prior))["x"]
        from_pymc = pm.draw(variable, draws=2000, random_seed=5, mode="FAST_COMPILE")
    from_scipy = draw(one(prior), 6, 2000)["x"]
    assert from_pymc.shape == from_scipy.shape
    for ours, theirs in zip(np.atleast_2d(from_scipy.T), np.atleast_2d(from_pymc.T), strict=True):
        assert stats.ks_2samp(ours, theirs).pvalue > 1e-4


@numbers_by_text
def test_outside_the_bounds_the_density_is_zero(prior):
    lower, upper = DISTRIBUTIONS[prior.distribution].bounds(prior.arguments)
    outside = [end for end in (lower - 0.1, upper + 0.1) if math.isfinite(end)]
    values = log_density(one(prior), {"x": outside})
    assert values.shape == (len(outside),)
    assert (values == -np.inf).all()


def test_outside_the_simplex_the_density_is_zero():
    prior = Prior("x", "Dirichlet", {"a": [0.5, 2, 7]}, "dimensionless", "test", "test")
    shares = [[[0.2, 0.3, 0.5], [0.2, 0.3, 0.6]], [[-0.1, 0.6, 0.5], [0.0, 0.5, 0.5]]]
    values = log_density(one(prior), {"x": shares})
    assert values.shape == (2, 2)
    np.testing.assert_array_equal(np.isfinite(values), [[True, False], [False, False]])
    assert log_density(one(prior), {"x": shares[0][0]}).shape == ()


def test_priors_become_the_free_variables_of_a_model(competing):
    with pm.Model() as model:
        variables = add_priors(competing)
    assert list(variables) == list(competing.parameters)
    assert [variable.name for variable in model.free_RVs] == list(variables)
    assert model.named_vars_to_dims == {"shares": ("cause",)}
    assert model.coords == {"cause": CAUSES}


def test_joint_density_is_that_of_the_pymc_model(competing):
    values = draw(competing, 7, ())
    with pm.Model() as model:
        add_priors(competing)
    logp = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    point = {
        model.rvs_to_values[variable].name: (
            model.rvs_to_transforms[variable]
            .forward(values[variable.name], *variable.owner.inputs)
            .eval(mode="FAST_COMPILE")
        )
        for variable in model.free_RVs
    }
    assert float(log_density(competing, values)) == pytest.approx(float(logp(point)), abs=1e-9)


def test_draws_have_the_asked_shape_and_follow_the_seed(competing):
    draws = draw(competing, 1, (4, 5))
    assert {name: values.shape for name, values in draws.items()} == {
        name: (4, 5, 3) if name == "shares" else (4, 5) for name in competing.parameters
    }
    again, other = draw(competing, 1, (4, 5)), draw(competing, 2, (4, 5))
    for name, values in draws.items():
        np.testing.assert_array_equal(values, again[name])
        assert (values != other[name]).all()
    assert log_density(competing, draws).shape == (4, 5)
    rng = np.random.default_rng(1)
    np.testing.assert_array_equal(draw(competing, rng, 3)["latency"].shape, (3,))
    assert rng.bit_generator.state != np.random.default_rng(1).bit_generator.state


def test_wrong_names_of_values_are_reported_together(competing):
    values = draw(competing, 1, ())
    values["latencyy"] = values.pop("latency")
    with pytest.raises(ParameterError) as caught:
        log_density(competing, values)
    assert str(caught.value) == (
        "values: 'latencyy' is not a parameter of 'competing' (did you mean 'latency'?); "
        "remove it; 'latency' is missing; give its value"
    )


def test_table_of_priors(competing):
    table = describe(competing)
    assert list(table.columns) == [
        "parameter", "prior", "unit", "5 %", "50 %", "95 %", "reason", "source",
    ]  # fmt: skip
    assert list(table["parameter"]) == [
        "leak_rate",
        *(f"shares[{cause}]" for cause in CAUSES),
        "weibull_shape",
        "weibull_scale",
        "batch_correlation",
        "hit_probability",
        "latency",
    ]
    rows = table.set_index("parameter")
    assert rows.loc["leak_rate", "prior"] == "LogNormal(median 0.02, sigma 1.4)"
    assert rows.loc["leak_rate", "50 %"] == pytest.approx(0.02)
    # Error factor 10: the 95th percentile is ten times the median.
    assert rows.loc["leak_rate", "95 %"] / 0.02 == pytest.approx(10, rel=2e-3)
    # Each share of a Dirichlet(1, 1, 1) is Beta(1, 2): P(share > x) = (1 - x)^2.
    assert rows.loc["shares[defect]", "95 %"] == pytest.approx(1 - math.sqrt(0.05))
    assert rows.loc["hit_probability", "5 %"] == pytest.approx(0.05)
