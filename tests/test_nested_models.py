"""Bayes factors of a PyMC model against restrictions of itself."""

import math
from collections.abc import Callable

import arviz as az
import numpy as np
import pymc as pm
import pytensor.tensor as pt
import pytest

import bayes_leaks as bl
from bayes_leaks.engine import CompiledModel
from bayes_leaks.errors import ParameterError
from bayes_leaks.evidence.chains import r_hat
from bayes_leaks.user_model.points import point_label, restriction_at

SEED = 20261124
SLEEP = np.array([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
# Rouder et al. (2009) by quadrature, to all digits.
BF10, BF_PLUS_0 = 17.258880, 34.416936
IMPROPER = ["log_variance"]
# Twenty groups of one observation each, and the exact Bayes factor of a mean of zero.
GROUPS = np.array([
    1.19365332223286, 1.95745331447926, -0.721617544248442, -1.87380833183414, -1.16928238803571,
    0.519608526148965, -0.0361004054183595, 0.425088147637733, 0.411192210768259,
    -0.812369798961578, 0.729673566384298, 3.48186721598277, 2.31126381351968, 2.00029422430242,
    -0.276435069996008, 1.06882369534777, -0.950835992563893, -1.89651100619651, 2.56019736663007,
    0.237030602100842,
])  # fmt: skip
BF01_GROUPS = 1.302360


def t_test() -> pm.Model:
    """The default t test: a Cauchy prior on the effect size, Jeffreys' on the variance."""
    with pm.Model() as model:
        delta = pm.Cauchy("delta", 0.0, 1.0 / math.sqrt(2.0))
        sigma = pt.exp(0.5 * pm.Flat("log_variance"))
        pm.Normal("y", delta * sigma, sigma, observed=SLEEP)
    return model


def normal_gamma() -> pm.Model:
    """The prior of the mean depends on the precision."""
    with pm.Model() as model:
        precision = pm.Gamma("precision", 1.0, 1.0)
        mean = pm.Normal("mean", 0.0, tau=0.1 * precision)
        pm.Normal("y", mean, tau=precision, observed=SLEEP)
    return model


def slopes() -> pm.Model:
    """Three slopes with known noise, and a rate on a bounded scale that the data do not touch."""
    design = np.random.default_rng(SEED).normal(size=(30, 3))
    y = design @ np.array([1.0, 0.0, -0.5]) + np.random.default_rng(1).normal(size=30)
    with pm.Model() as model:
        beta = pm.Normal("beta", 0.0, 2.0, shape=3)
        rate = pm.Gamma("rate", 3.0, 2.0)
        pm.Normal("y", pt.dot(design, beta) + 0.0 * rate, 1.0, observed=y)
    return model


def log_density_of_slopes(columns: list[int], point: list[float]) -> float:
    """Exact log Bayes factor of some slopes at a point."""
    design = np.random.default_rng(SEED).normal(size=(30, 3))
    y = design @ np.array([1.0, 0.0, -0.5]) + np.random.default_rng(1).normal(size=30)
    covariance = np.linalg.inv(design.T @ design + np.eye(3) / 4.0)
    middle = (covariance @ design.T @ y)[columns]
    part = covariance[np.ix_(columns, columns)]

    def log_normal(offset: np.ndarray, matrix: np.ndarray) -> float:
        squares = offset @ np.linalg.solve(matrix, offset)
        return float(-0.5 * (squares + np.linalg.slogdet(2.0 * math.pi * matrix)[1]))

    values = np.array(point)
    return log_normal(values - middle, part) - log_normal(values, 4.0 * np.eye(len(columns)))


@pytest.fixture(scope="module")
def t_draws():
    return CompiledModel(t_test()).sample(draws=1000, tune=1000, chains=4, random_seed=SEED)


@pytest.fixture(scope="module")
def compiled_slopes() -> CompiledModel:
    return CompiledModel(slopes())


def test_default_t_test_of_the_sleep_data(t_draws):
    null, again = (
        bl.savage_dickey(
            t_test(), {"delta": 0.0}, t_draws, shared_improper=IMPROPER, random_seed=SEED
        )
        for _ in range(2)
    )
    assert null.trusted, null.reasons
    assert again == null
    assert (null.favoured, null.against) == ("delta = 0", "delta free")
    assert abs(null.value + math.log(BF10)) < 4.0 * null.mcse
    assert null.mcse < 0.005

    positive = bl.encompassing(
        t_test(),
        lambda values: values["delta"] > 0.0,
        t_draws,
        prior_share=0.5,
        favoured="delta > 0",
        shared_improper=IMPROPER,
        random_seed=SEED,
    )
    assert positive.trusted, positive.reasons
    assert (positive.favoured, positive.against) == ("delta > 0", "encompassing")
    error = math.hypot(null.mcse, positive.mcse)
    assert abs(positive.value - null.value - math.log(BF_PLUS_0)) < 4.0 * error
    assert error < 0.01


def test_prior_of_the_held_parameter_may_depend_on_others():
    found = bl.savage_dickey(normal_gamma(), {"mean": 0.0}, random_seed=SEED)
    assert found.trusted, found.reasons
    # Both evidences in closed form, of the model and of the one without the mean.
    assert abs(found.value - (-22.462663 + 19.134571)) < 4.0 * found.mcse
    assert found.mcse < 0.005


@pytest.mark.slow
def test_the_null_model_is_the_one_that_do_writes():
    def schools() -> pm.Model:
        with pm.Model() as model:
            tau = pm.LogNormal("tau", 0.0, 0.4)
            mu = pm.Normal("mu", 0.0, tau)
            theta = pm.Normal("theta", mu, 1.0, shape=3)
            pm.Normal("y", theta, 0.5, observed=np.array([1.0, 2.0, 0.5]))
        return model

    found = bl.savage_dickey(schools(), {"mu": 0.0}, random_seed=SEED)
    free = bl.log_evidence(schools(), random_seed=1)
    null = bl.log_evidence(pm.do(schools(), {"mu": 0.0}), random_seed=2)
    assert found.trusted and free.trusted and null.trusted
    error = math.sqrt(found.mcse**2 + free.mcse**2 + null.mcse**2)
    assert abs(found.value - (null.log_ml - free.log_ml)) < 4.0 * error
    assert error < 0.02


@pytest.mark.slow
def test_hierarchy_in_22_dimensions():
    """The example of Gronau et al. (2020), https://doi.org/10.18637/jss.v092.i10."""
    with pm.Model() as model:
        mu = pm.Normal("mu", 0.0, 1.0)
        variance = pm.InverseGamma("variance", 1.0, 1.0)
        theta = pm.Normal("theta", mu, pt.sqrt(variance), shape=20)
        pm.Normal("y", theta, 1.0, observed=GROUPS)
    found = bl.savage_dickey(model, {"mu": 0.0}, random_seed=SEED)
    assert found.trusted, found.reasons
    assert abs(found.value - math.log(BF01_GROUPS)) < 4.0 * found.mcse
    assert found.mcse < 0.015


def test_one_element_of_a_vector_and_a_bounded_parameter():
    point = {"beta": [np.nan, 0.0, np.nan], "rate": 2.0}
    found = bl.savage_dickey(slopes(), point, random_seed=SEED)
    assert found.trusted, found.reasons
    assert found.favoured == "beta = [nan, 0, nan], rate = 2"
    # The data do not touch the rate: its posterior is its prior, and it adds nothing.
    assert abs(found.value - log_density_of_slopes([1], [0.0])) < 4.0 * found.mcse


def test_counted_prior_share():
    """The order of two slopes, whose prior share of 1/2 is counted and not told."""
    found = bl.encompassing(
        slopes(), lambda values: values["beta"][:, 0] > values["beta"][:, 2], random_seed=SEED
    )
    assert found.trusted, found.reasons
    assert abs(found.value - math.log(2.0)) < 4.0 * found.mcse
    assert 0.003 < found.mcse < 0.02


def two_normals(**potential: Callable[..., object]) -> pm.Model:
    with pm.Model() as model:
        x = pm.Normal("x")
        z = pm.Normal("z", 0.0, 1.0)
        pm.Normal("y", x + z, 1.0, observed=np.array([0.5, -0.2]))
        for name, term in potential.items():
            pm.Potential(name, term(x, z))
    return model


def bounded_by_another() -> pm.Model:
    with pm.Model() as model:
        top = pm.Gamma("top", 3.0, 1.0)
        share = pm.Uniform("share", 0.0, top)
        weights = pm.Dirichlet("weights", np.ones(3))
        pm.Normal("y", share + weights[0], 1.0, observed=np.array([0.5]))
    return model


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({}, "point: name at least one free variable"),
        ({"gamma": 0.0}, "'gamma' is not a free variable; there are 'beta', 'rate'"),
        ({"y": 0.0}, "'y' is not a free variable"),
        ({"beta": 0.0}, r"'beta' has shape \(3,\), its value \(\)"),
        ({"beta": [np.nan] * 3}, "'beta' has no value that is a number"),
        ({"rate": 0.0}, "rate = 0 lies on the boundary of its support or outside it"),
        ({"rate": -1.0}, "rate = -1 lies on the boundary"),
        ({"beta": [0.0, 0.0, np.inf]}, r"beta = \[0, 0, inf\] lies on the boundary"),
        ({"gamma": 0.0, "beta": 0.0}, "'gamma' is not .*; 'beta' has shape"),
    ],
)
def test_points_that_there_are_not(compiled_slopes, point, message):
    with pytest.raises(ParameterError, match=message):
        restriction_at(compiled_slopes, point)


def test_points_of_other_kinds_of_variables():
    compiled = CompiledModel(bounded_by_another())
    with pytest.raises(ParameterError, match="bounds of 'share' depend on other variables"):
        restriction_at(compiled, {"share": 0.1})
    with pytest.raises(ParameterError, match="elements of 'weights' have no priors of their own"):
        restriction_at(compiled, {"weights": [0.5, np.nan, np.nan]})
    found = restriction_at(compiled, {"weights": [0.5, 0.25, 0.25]})
    assert len(found.fixed) == 2
    # The density of a flat Dirichlet is 2; the Jacobian of the transform is the product.
    assert found.log_prior(np.zeros((1, 4))) == pytest.approx(
        compiled.prior_terms(np.zeros((1, 4)))["weights"].sum(axis=1)
    )


def test_the_point_on_the_unconstrained_scale(compiled_slopes):
    found = restriction_at(compiled_slopes, {"beta": [np.nan, 0.5, np.nan], "rate": 2.0})
    points = np.random.default_rng(1).normal(size=(4, 4))
    points[:, found.fixed] = found.point
    natural = compiled_slopes.constrain(points)
    assert natural["rate"] == pytest.approx(2.0)
    assert natural["beta"][:, 1] == pytest.approx(0.5)
    terms = compiled_slopes.prior_terms(points)
    expected = terms["beta"][:, 1] + terms["rate"][:, 0]
    assert found.log_prior(points) == pytest.approx(expected)


def test_labels():
    assert point_label({"a": 0, "b": [np.nan, 0.5]}) == "a = 0, b = [nan, 0.5]"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: bl.savage_dickey(t_test(), {"delta": 0.0}),
            "'log_variance' has an improper prior",
        ),
        (
            lambda: bl.savage_dickey(t_test(), {"log_variance": 0.0}, shared_improper=IMPROPER),
            "'log_variance' has an improper prior, which has no density",
        ),
        (lambda: bl.savage_dickey(t_test(), {"delta": 0.0}, chains=1), "chains: 1 is too few"),
        (lambda: bl.savage_dickey(t_test(), {"delta": 0.0}, mcse=0.0), "mcse: 0.0 is not"),
        (
            lambda: bl.savage_dickey(
                two_normals(both=lambda x, z: -((x - z) ** 2)), {"x": 0.0}, potentials="prior"
            ),
            "the Potential 'both' belongs to the prior and depends on 'x'",
        ),
        (
            lambda: bl.encompassing(t_test(), lambda v: v["delta"] > 0, shared_improper=IMPROPER),
            "prior_share: 'log_variance' has an improper prior",
        ),
        (
            lambda: bl.encompassing(two_normals(), lambda v: v["x"] > 0, prior_share=0.0),
            "prior_share: 0.0 is not above 0",
        ),
        (
            lambda: bl.encompassing(two_normals(), lambda v: v["x"] > 0, prior_draws=10),
            "prior_draws: 10 is too few",
        ),
        (
            lambda: bl.encompassing(
                two_normals(one=lambda x, z: -(x**2)), lambda v: v["x"] > 0, potentials="prior"
            ),
            "prior_share: draws from the prior know nothing of a Potential",
        ),
        (
            lambda: bl.encompassing(two_normals(), lambda v: v["w"] > 0, prior_share=0.5),
            "constraint: 'w' is not a free variable; there are 'x', 'z'",
        ),
        (
            lambda: bl.encompassing(two_normals(), lambda v: v["x"], prior_share=0.5),
            r"it must return 3 times true or false, got float64 of shape \(3,\)",
        ),
        (
            lambda: bl.encompassing(two_normals(), lambda v: True, prior_share=0.5),
            r"got bool of shape \(\)",
        ),
    ],
)
def test_refused_before_anything_is_sampled(call, message, monkeypatch):
    monkeypatch.setattr(CompiledModel, "sample", None)
    with pytest.raises(ParameterError, match=message):
        call()


def test_a_potential_without_a_role_is_not_trusted():
    """What its Potentials are decides what the prior is, and so both Bayes factors."""
    draws = az.from_dict(
        {
            "posterior": {
                n: np.random.default_rng(i).normal(size=(4, 500)) for i, n in enumerate("xz")
            }
        }
    )
    assert r_hat(draws["posterior"]["x"].to_numpy()) < 1.02
    model = two_normals(one=lambda x, z: -(x**2))
    share = bl.encompassing(model, lambda v: v["x"] > 0.0, draws, prior_share=0.5, random_seed=1)
    assert np.isnan(share.value)
    assert share.reasons[-1].startswith("potential_role: ")
    kept = bl.encompassing(
        model, lambda v: v["x"] > 0.0, draws, prior_share=0.5, random_seed=1, allow_untrusted=True
    )
    assert abs(kept.value) < 0.2 and not kept.trusted
    point = bl.savage_dickey(model, {"x": 0.0}, draws, random_seed=1)
    assert np.isnan(point.value)
    assert any(reason.startswith("potential_role: ") for reason in point.reasons)
