"""Exchangeable labels: one region of the space holds one copy, whatever the copies look like."""

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from bayes_leaks.evidence import importance
from bayes_leaks.evidence.labels import LabelSymmetry

Floats = NDArray[np.float64]
ORDERS = [list(order) for order in permutations(range(3))]


def permute(points: Floats) -> Floats:
    """Three labels with two coordinates each: means, then log scales."""
    blocks = points.reshape(len(points), 2, 3)
    return np.stack([blocks[:, :, order].reshape(points.shape) for order in ORDERS])


def centres(distance: float) -> Floats:
    return np.array([-distance, 0.0, distance, 0.3, -0.2, 0.1])


def log_density(points: Floats, distance: float) -> Floats:
    """Normalised, and equal for all orders of the labels."""
    at = [stats.norm.logpdf(image - centres(distance)).sum(axis=1) for image in permute(points)]
    return np.logaddexp.reduce(at) - np.log(6.0)


def draws(distance: float, size: int = 3000, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    points = centres(distance) + rng.normal(size=(size, 6))
    return permute(points)[rng.integers(6, size=size), np.arange(size)]


@pytest.mark.parametrize("distance", [0.0, 2.0, 8.0])
def test_folding_is_idempotent_and_only_relabels(distance: float) -> None:
    points = draws(distance)
    symmetry = LabelSymmetry(permute, points)
    folded = symmetry.fold(points)
    np.testing.assert_array_equal(symmetry.fold(folded), folded)
    assert (permute(points) == folded).all(axis=2).any(axis=0).all()
    np.testing.assert_array_equal(symmetry.fold(permute(points)[4]), folded)


def test_folding_keeps_the_shape_of_chains() -> None:
    chains = draws(8.0).reshape(4, 750, 6)
    symmetry = LabelSymmetry(permute, chains.reshape(-1, 6))
    folded = symmetry.fold(chains)
    assert folded.shape == chains.shape
    np.testing.assert_array_equal(folded[2], symmetry.fold(chains[2]))


def test_separate_copies_are_folded_into_one_mode() -> None:
    symmetry = LabelSymmetry(permute, draws(8.0))
    folded = symmetry.fold(draws(8.0, seed=1))
    order = np.argsort(np.median(folded[:, :3], axis=0))
    np.testing.assert_allclose(folded[:, :3].mean(axis=0)[order], [-8.0, 0.0, 8.0], atol=0.15)
    np.testing.assert_allclose(folded.std(axis=0), 1.0, atol=0.1)


@pytest.mark.parametrize("distance", [0.0, 2.0, 8.0])
def test_the_region_holds_exactly_one_copy_of_every_point(distance: float) -> None:
    """So the restricted density has the same integral, whatever the pivot is."""
    symmetry = LabelSymmetry(permute, draws(distance))
    restricted = symmetry.restrict(lambda x: log_density(x, distance))
    points = draws(distance, seed=1)
    values = np.stack([restricted(image) for image in permute(points)])
    assert (np.isfinite(values).sum(axis=0) == 1).all()
    kept = values.max(axis=0)
    np.testing.assert_allclose(kept, log_density(points, distance) + np.log(6.0), rtol=1e-12)
    folded = symmetry.fold(points)
    assert np.isfinite(restricted(folded)).all()


@pytest.mark.parametrize("distance", [2.0, 8.0])
def test_the_restricted_density_has_the_same_integral(distance: float) -> None:
    """Averaged over a normalised proposal that covers all copies."""
    symmetry = LabelSymmetry(permute, draws(distance))
    restricted = symmetry.restrict(lambda x: log_density(x, distance))
    points = draws(distance, size=60_000, seed=2)
    weights = np.exp(restricted(points) - log_density(points, distance))
    # Six times the share of the region, which is binomial with probability 1/6.
    error = np.sqrt(5.0 / len(points))
    assert weights.mean() == pytest.approx(1.0, abs=4.0 * error)


def test_importance_over_one_copy_gives_the_integral_over_all() -> None:
    symmetry = LabelSymmetry(permute, draws(8.0))
    restricted = symmetry.restrict(lambda x: log_density(x, 8.0))
    start = symmetry.fold(3.0 * draws(8.0, size=1000, seed=3))
    estimate = importance(restricted, start, random_seed=1)
    assert estimate.trusted, estimate.reasons
    assert abs(estimate.log_ml) < 4.0 * estimate.mcse


def test_nothing_outside_the_region_is_evaluated() -> None:
    symmetry = LabelSymmetry(permute, draws(8.0))
    calls = []

    def counted(points: Floats) -> Floats:
        calls.append(len(points))
        return log_density(points, 8.0)

    restricted = symmetry.restrict(counted)
    points = draws(8.0, size=600, seed=4)
    inside = int(np.isfinite(restricted(points)).sum())
    assert calls == [inside]
    outside = permute(symmetry.fold(points))[1]
    assert np.isneginf(restricted(outside)).all()
    assert calls == [inside]


def test_separation_tells_apart_copies_that_overlap_and_copies_that_do_not() -> None:
    apart, touching, same = (
        LabelSymmetry(permute, draws(distance)).separation for distance in (8.0, 2.0, 0.0)
    )
    assert apart > 40.0
    assert same < touching < 10.0
    assert same > 0.0


def test_the_pivot_does_not_depend_on_which_copies_the_draws_came_from() -> None:
    points = draws(8.0)
    one = LabelSymmetry(permute, points)
    other = LabelSymmetry(permute, permute(points)[3])
    again = one.fold(other.fold(points))
    np.testing.assert_array_equal(again, one.fold(points))
    assert one.separation == pytest.approx(other.separation)
