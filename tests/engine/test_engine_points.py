"""Densities, transforms and prior draws of a compiled model, against PyMC's own functions."""

import numpy as np
import pymc as pm
import pytest

from bayes_leaks import engine
from bayes_leaks.errors import EvidenceError

SCHOOLS = np.array([28.0, 8.0, -3.0, 7.0])


@pytest.fixture(scope="module")
def compiled() -> engine.CompiledModel:
    with pm.Model() as model:
        scale = pm.HalfNormal("scale", 2.0)
        share = pm.Dirichlet("share", np.ones(3))
        bounded = pm.Uniform("bounded", 0.0, scale)
        pm.LKJCholeskyCov("chol", n=2, eta=2.0, sd_dist=pm.Exponential.dist(1.0))
        effect = pm.Normal("effect", bounded, scale, shape=4)
        pm.Deterministic("total", effect.sum())
        pm.Normal("y", effect + share[0], 10.0, observed=SCHOOLS)
        pm.Potential("soft", -(effect[0] ** 2))
    return engine.CompiledModel(model)


@pytest.fixture(scope="module")
def points(compiled: engine.CompiledModel) -> np.ndarray:
    return compiled.unconstrain(compiled.draw_prior(40, random_seed=1))


def test_columns_follow_the_free_variables(compiled: engine.CompiledModel) -> None:
    assert compiled.coordinates == {
        "scale": slice(0, 1),
        "share": slice(1, 3),
        "bounded": slice(3, 4),
        "chol": slice(4, 7),
        "effect": slice(7, 11),
    }
    assert compiled.dimension == 11


def test_log_density_is_that_of_pymc(compiled: engine.CompiledModel, points: np.ndarray) -> None:
    model = compiled.model
    expected = model.compile_logp(mode=engine.NUMPY_MODE)
    with engine.running_on_numpy():
        shapes = {name: value.shape for name, value in model.initial_point().items()}
    for row, found in zip(points[:5], compiled.log_density(points[:5]), strict=True):
        columns = compiled.coordinates.values()
        values = {
            name: row[part].reshape(shape)
            for (name, shape), part in zip(shapes.items(), columns, strict=True)
        }
        assert found == pytest.approx(float(expected(values)), rel=1e-12)


def test_log_density_is_the_sum_of_its_parts(
    compiled: engine.CompiledModel, points: np.ndarray
) -> None:
    parts = [compiled.log_prior, compiled.log_likelihood, compiled.log_potential]
    whole = compiled.log_density(points)
    np.testing.assert_allclose(sum(part(points) for part in parts), whole, rtol=1e-12)
    first = compiled.coordinates["effect"].start
    np.testing.assert_allclose(compiled.log_potential(points), -(points[:, first] ** 2))


def test_prior_terms_are_elementwise_where_the_prior_is(
    compiled: engine.CompiledModel, points: np.ndarray
) -> None:
    terms = compiled.prior_terms(points)
    assert {name: term.shape[1] for name, term in terms.items()} == {
        "scale": 1,
        "share": 1,
        "bounded": 1,
        "chol": 1,
        "effect": 4,
    }
    total = sum(term.sum(axis=1) for term in terms.values())
    np.testing.assert_allclose(total, compiled.log_prior(points), rtol=1e-12)


def test_the_jacobian_is_that_of_the_transforms(compiled: engine.CompiledModel) -> None:
    """The volume of the image of a small box, by finite differences."""
    point = compiled.unconstrain(compiled.draw_prior(1, random_seed=3))

    def natural(at: np.ndarray) -> np.ndarray:
        values = compiled.constrain(at)
        # One of three shares follows from the other two.
        values["share"] = values["share"][:, :2]
        return np.concatenate([value.reshape(len(at), -1) for value in values.values()], axis=1)

    step = 1e-6 * np.eye(compiled.dimension)
    matrix = (natural(point + step) - natural(point - step)) / 2e-6
    volume = np.linalg.slogdet(matrix)[1]
    assert compiled.log_jacobian(point)[0] == pytest.approx(volume, abs=1e-7)


def test_transforms_go_there_and_back(compiled: engine.CompiledModel, points: np.ndarray) -> None:
    np.testing.assert_allclose(compiled.unconstrain(compiled.constrain(points)), points, rtol=1e-9)


def test_prior_draws_follow_the_prior(compiled: engine.CompiledModel) -> None:
    drawn = compiled.draw_prior(2000, random_seed=2)
    assert (drawn["bounded"] <= drawn["scale"]).all()
    assert drawn["scale"].mean() == pytest.approx(2.0 * np.sqrt(2 / np.pi), abs=0.1)
    again = compiled.draw_prior(2000, random_seed=2)
    np.testing.assert_array_equal(drawn["effect"], again["effect"])


def test_values_without_image_are_not_finite() -> None:
    with pm.Model() as model:
        ordered = pm.distributions.transforms.ordered
        pm.Normal("cut", 0, 1, shape=2, transform=ordered, initval=[-1.0, 1.0])
    compiled = engine.CompiledModel(model)
    images = compiled.unconstrain({"cut": np.array([[0.0, 1.0], [1.0, 0.0]])})
    assert np.isfinite(images).all(axis=1).tolist() == [True, False]


def test_parts_that_a_model_lacks_are_zero() -> None:
    with pm.Model() as model:
        pm.Normal("x")
    compiled = engine.CompiledModel(model)
    np.testing.assert_array_equal(compiled.log_likelihood(np.zeros((3, 1))), np.zeros(3))
    np.testing.assert_array_equal(compiled.log_potential(np.zeros((3, 1))), np.zeros(3))


def test_an_improper_prior_cannot_be_drawn() -> None:
    with pm.Model() as model:
        pm.Flat("x")
    with pytest.raises(EvidenceError, match=r"cannot be drawn from.*proper priors"):
        engine.CompiledModel(model).draw_prior(10, random_seed=1)


def test_quantiles_of_the_prior() -> None:
    with pm.Model() as model:
        centre = pm.Normal("centre", 1.0, 2.0)
        scale = pm.Exponential("scale", 3.0)
        pm.Normal("effect", centre, scale, shape=2)
    prior = engine.CompiledModel(model).prior
    found = {name: value[0] for name, value in prior.at_quantiles(np.full((1, 4), 0.5)).items()}
    assert found["centre"] == pytest.approx(1.0)
    assert found["scale"] == pytest.approx(np.log(2.0) / 3.0)
    np.testing.assert_allclose(found["effect"], 1.0)
    assert prior.n_elements == 4


def test_a_prior_without_quantiles_is_named() -> None:
    with pm.Model() as model:
        pm.Dirichlet("share", np.ones(3))
    with pytest.raises(EvidenceError, match=r"'share' has no quantile function"):
        engine.CompiledModel(model).prior.at_quantiles(np.full((1, 3), 0.5))
