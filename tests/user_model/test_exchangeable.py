"""Labels that can change places are found, and those that cannot are not taken for such."""

import numpy as np
import pymc as pm
import pytest

from bayes_leaks.engine import CompiledModel
from bayes_leaks.errors import ParameterError
from bayes_leaks.user_model import find_exchangeable, label_permutations

Y = np.array([-2.1, -1.7, 0.1, 0.4, 2.2, 2.9])


def mixture(*, ordered: bool = False, prior_mean: object = 0.0) -> pm.Model:
    options = {}
    if ordered:
        transform = pm.distributions.transforms.ordered
        options = {"transform": transform, "initval": [-1.0, 0.0, 1.0]}
    with pm.Model() as model:
        pm.Normal("offset", 0.0, 1.0, shape=3)
        pm.Normal("pair", 0.0, np.array([1.0, 2.0]), shape=2)
        mu = pm.Normal("mu", prior_mean, 3.0, shape=3, **options)
        share = pm.Dirichlet("share", np.ones(3))
        scale = pm.HalfNormal("scale", 1.0, shape=3)
        parts = pm.Normal.dist(mu, scale)
        pm.Mixture("y", share, parts, observed=Y)
        pm.Normal("z", model["offset"] + model["pair"].sum(), 1.0, observed=[1.0, 2.0, 3.0])
    return model


@pytest.fixture(scope="module")
def compiled() -> CompiledModel:
    return CompiledModel(mixture())


def test_all_that_carry_the_labels_are_found_and_no_other(compiled: CompiledModel) -> None:
    """Another variable of the same length, whose elements have data of their own, is left out."""
    assert find_exchangeable(compiled) == ("mu", "share", "scale")


def test_permutations_are_all_relabellings(compiled: CompiledModel) -> None:
    permute = label_permutations(compiled, ["share", "mu", "scale"])
    points = compiled.unconstrain(compiled.draw_prior(5, random_seed=1))
    images = permute(points)
    assert images.shape == (6, 5, compiled.dimension)
    np.testing.assert_array_equal(images[0], points)
    before = compiled.constrain(points)
    seen = set()
    for image in images:
        after = compiled.constrain(image)
        order = [int(np.argmin(np.abs(before["mu"][0] - m))) for m in after["mu"][0]]
        seen.add(tuple(order))
        for name in ("mu", "share", "scale"):
            np.testing.assert_allclose(after[name], before[name][:, order], rtol=1e-9)
        for name in ("offset", "pair"):
            np.testing.assert_array_equal(after[name], before[name])
        np.testing.assert_allclose(
            compiled.log_density(image) - compiled.log_jacobian(image),
            compiled.log_density(points) - compiled.log_jacobian(points),
        )
    assert len(seen) == 6


def test_labels_without_symmetry_are_not_found() -> None:
    assert find_exchangeable(CompiledModel(mixture(prior_mean=np.arange(3.0)))) == ()


def test_ordered_labels_are_not_exchangeable() -> None:
    ordered = CompiledModel(mixture(ordered=True))
    assert "mu" not in find_exchangeable(ordered)
    with pytest.raises(ParameterError, match=r"the posterior changes when the labels of 'mu'"):
        label_permutations(ordered, ["mu", "share", "scale"])


def test_a_model_without_vectors_has_none() -> None:
    with pm.Model() as model:
        pm.Normal("y", pm.Normal("mu"), 1.0, observed=Y)
    assert find_exchangeable(CompiledModel(model)) == ()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["mu", "share"], r"the posterior changes when the labels of 'mu', 'share' are permuted"),
        (["mu", "share", "scale", "offset"], r"the posterior changes .* and no other\.$"),
        (["offset"], r"the posterior changes"),
        (["mu", "pair"], r"last axes have \{'mu': 3, 'pair': 2\} labels; all must have the same"),
        (["nu", "mu"], r"'nu' is no free variable; there are offset, pair, mu, share, scale"),
    ],
)
def test_wrong_declarations_are_refused(
    compiled: CompiledModel, names: list[str], words: str
) -> None:
    with pytest.raises(ParameterError, match=words):
        label_permutations(compiled, names)


@pytest.mark.parametrize("labels", [1, 6])
def test_there_are_two_to_five_labels(labels: int) -> None:
    with pm.Model() as model:
        pm.Normal("y", pm.Normal("mu", shape=labels).sum(), 1.0, observed=Y)
    compiled = CompiledModel(model)
    with pytest.raises(ParameterError, match=rf"have \{{'mu': {labels}\}} labels.*from 2 to 5"):
        label_permutations(compiled, ["mu"])
    assert find_exchangeable(compiled) == ()


def test_impossible_prior_draws_do_not_hide_a_symmetry() -> None:
    """The likelihood is zero on both sides of a swap where a draw is outside the data's range."""
    with pm.Model() as model:
        width = pm.HalfNormal("width", 1.0, shape=2)
        pm.Uniform("y", 0.0, width.sum(), observed=[0.9, 0.2])
    compiled = CompiledModel(model)
    points = compiled.unconstrain(compiled.draw_prior(16, random_seed=0))
    assert np.isneginf(compiled.log_density(points)).any()
    assert find_exchangeable(compiled) == ("width",)


def test_labels_may_be_declared_beside_an_improper_prior() -> None:
    with pm.Model() as model:
        mu = pm.Normal("mu", pm.Flat("shift"), 1.0, shape=2)
        pm.NormalMixture("y", [0.5, 0.5], mu, 1.0, observed=Y)
    compiled = CompiledModel(model)
    points = np.array([[0.0, 1.0, 2.0]])
    np.testing.assert_array_equal(
        label_permutations(compiled, ["mu"])(points)[:, 0], [[0, 1, 2], [0, 2, 1]]
    )
